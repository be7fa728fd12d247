"""What a worker does for one run of a comparison: build, train, test once, measure."""

from __future__ import annotations

import copy
import math
import platform
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import keras
import numpy as np

from keraslab.train import _checkpoint
from keraslab.train._measures import PeakMemory, latency, one_of
from keraslab.train._numbers import numbers
from keraslab.train._parcel import unpack
from keraslab.train._task import Channel, Data, Message, Outcome, Task
from keraslab.train._telling import Telling, history_of
from keraslab.train._thread_count import use_threads
from keraslab.train._traced import TracedModel

ENDLESS = 1_000_000
"""Epochs of a training that another budget ends."""
TRACED = TracedModel()
"""Of this process, in which one run trains at a time."""


def run_task(task: Task, data: Data, channel: Channel) -> Outcome:
    """Train one variant with one seed, and test it once in the end.

    Whatever the model does wrong is told in the outcome; nothing is raised for it.

    Args:
        task: What to train, and how.
        data: On what.
        channel: Where it tells how it goes on, and who may stop it.
    """
    began, cpu = perf_counter(), process_time()

    def told(kind: str, part: float) -> None:
        channel.send(Message(task.variant, task.seed_index, kind, part=part))

    if channel.stopping:
        return Outcome("stopped")
    told("began", 0.0)
    facts: dict[str, Any] = {"versions": versions(), "host": socket.gethostname()}
    try:
        facts["threads"] = use_threads(task.threads)
        status, found = _train(task, data, channel)
        facts |= found
    except Exception as error:
        status = "failed"
        facts |= {
            "error": f"{type(error).__name__}: {error}",
            "traceback": "".join(traceback.format_exception(error)),
            "exception": error,
        }
    facts["whole_seconds"] = perf_counter() - began
    facts["cpu_seconds"] = process_time() - cpu
    told("ended", 1.0)
    return Outcome(status, **facts)


def versions() -> dict[str, str]:
    """Of what decides a run's numbers."""
    backend = keras.config.backend()
    found = {
        "keras": keras.__version__,
        "backend": backend,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    module = sys.modules.get(backend)
    if module is not None:
        found[backend] = str(getattr(module, "__version__", ""))
    return found


def built(task_build: bytes | Callable[[], Any]) -> Any:
    """Call a variant's function, with automatic names that count from the start.

    Raises:
        TypeError: if it gives no model.
        ValueError: if the model is not compiled.
    """
    from keraslab.graph.keras_internals import fresh_names

    build = unpack(task_build) if isinstance(task_build, bytes) else task_build
    with fresh_names():
        model = build()
    if not isinstance(model, keras.Model):
        raise TypeError(
            "A variant's function returns a compiled Keras model. "
            f"It returned: {type(model).__name__}."
        )
    if not model.compiled:
        raise ValueError(
            "A variant's function returns a compiled model. Call model.compile(...) in it, "
            "before it returns the model."
        )
    return model


def macs_of(model: Any) -> int | None:
    """Multiply-accumulates of one example forward; None where unknown."""
    from keraslab.graph import read_graph

    try:
        return read_graph(model).macs or None
    except Exception:  # no graph of calls is known
        return None


def own(data: Any) -> Any:
    """Data as one run may have them: what keeps a position or an order is copied for it."""
    if isinstance(data, tuple | list):
        return tuple(own(each) for each in data)
    if isinstance(data, keras.utils.PyDataset):
        return copy.deepcopy(data)
    return data


def examples_of(train: tuple[Any, ...], batch_size: int | None) -> Callable[[int], int]:
    """A function from the number of a batch to how many examples it has."""
    if is_arrays(train):
        count, size = len(keras.tree.flatten(train[0])[0]), batch_size or 32
        return lambda batch: max(0, min(size, count - batch * size))
    size = len(keras.tree.flatten(first_batch(train[0]))[0])
    return lambda _: size


def is_arrays(part: tuple[Any, ...]) -> bool:
    """Whether data are arrays, and not a dataset that makes batches of its own."""
    return hasattr(keras.tree.flatten(part[0])[0], "shape")


def first_batch(dataset: Any) -> Any:
    """The first batch of a dataset, of one that is not trained on."""
    if isinstance(dataset, keras.utils.PyDataset):
        return copy.deepcopy(dataset)[0]
    return next(iter(dataset))


def arguments(part: tuple[Any, ...]) -> dict[str, Any]:
    """``x``, ``y`` and ``sample_weight`` for a method of the model, as far as there are any."""
    return dict(zip(("x", "y", "sample_weight"), part, strict=False))


def _train(task: Task, data: Data, channel: Channel) -> tuple[str, dict[str, Any]]:
    from keraslab.graph.keras_internals import private_random, seed_all

    memory = PeakMemory()
    with private_random(task.seed):
        callbacks = _list(task.fit.get("callbacks"))
        model = TRACED.instead_of(built(task.build), callbacks)
        train, test = own(data.train), own(data.test)
        validation = None if data.validation is None else own(data.validation)
        given = copy.deepcopy(dict(task.fit))  # callbacks remember; each run has its own
        batch_size = given.get("batch_size")
        if task.state is not None and Path(task.state).is_file():
            state = _checkpoint.read(Path(task.state), model)
        else:
            state = _checkpoint.State(0, task.seed)
        macs = macs_of(model)
        examples = examples_of(train, batch_size)
        epochs = _epochs(task, macs)
        seconds = state.times[-1] if state.times else 0.0
        telling = Telling(task, channel, examples, macs, epochs, before=seconds)
        telling.history, telling.numbers = list(state.epochs), list(state.numbers)
        telling.times = list(state.times)
        telling.along = [float(number + 1) for number in state.numbers]  # only epochs go on later
        until = epochs if task.until is None else min(task.until, epochs)
        if not is_arrays(train):
            given.pop("batch_size", None)  # the dataset has its own
        if hasattr(train[0], "element_spec"):
            given.setdefault("shuffle", False)  # it has its own order, and Keras warns
        # What the variants' functions drew must not change the order of the examples.
        seed_all(task.seed)
        if state.epoch < until:
            model.fit(
                **arguments(train),
                **{
                    "verbose": 0,
                    **given,
                    "epochs": until,
                    "initial_epoch": state.epoch,
                    "validation_data": _validation(validation),
                    "callbacks": [*_list(given.get("callbacks")), telling],
                },
            )
        found: dict[str, Any] = {
            "history": history_of(telling.history),
            "times": tuple(telling.times),
            "along": tuple(telling.along),
            "seconds": telling.seconds,
            "macs": telling.spent if macs is not None else None,
        }
        if telling.diverged:
            return "failed", found | {"error": telling.diverged}
        if telling.stopped:
            return "stopped", found
        if task.until is not None and until < epochs:
            if task.state is not None and state.epoch < until:
                _keep(task, model, telling)
            return "paused", found
        tested = _tested(model, test, batch_size)
        score = tested.get(task.score or score_names(model, tested)[0])
        found |= {"test": tested, "score": score, "peak_memory": memory.bytes()}
        found["latency"] = latency(model, one_of(_input(train)))
        if score is None:
            names = ", ".join(repr(name) for name in tested)
            return "failed", found | {
                "error": f"The test gave no value named {task.score!r}. It gave: {names}."
            }
        if not math.isfinite(score):
            said = f"The test's {task.score or 'score'} is {score}."
            return "failed", found | {"error": said, "score": None}
        return "done", found


def score_names(model: Any, tested: Mapping[str, float]) -> list[str]:
    """What can be a score, the metrics that were given first and losses last."""
    order = [name for name in model.get_metrics_result() if name in tested]
    order += [name for name in tested if name not in order]
    return sorted(order, key=lambda name: name == "loss" or name.endswith("_loss"))


def _epochs(task: Task, macs: int | None) -> int:
    budget = task.budget
    if budget.macs is not None and macs is None:
        raise ValueError(
            "The multiply-accumulates of this model are not known, so it cannot be held to "
            "macs=.... Use epochs=... or seconds=..., or a Functional model."
        )
    return ENDLESS if budget.epochs is None else budget.epochs


def _validation(part: tuple[Any, ...] | None) -> Any:
    return part if part is None or is_arrays(part) else part[0]


def _list(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]


def _tested(model: Any, test: tuple[Any, ...], batch_size: int | None) -> dict[str, float]:
    given = arguments(test)
    if is_arrays(test):
        given["batch_size"] = batch_size
    return numbers(model.evaluate(**given, verbose=0, return_dict=True))


def _input(train: tuple[Any, ...]) -> Any:
    if is_arrays(train):
        return train[0]
    batch = first_batch(train[0])
    return batch[0] if isinstance(batch, tuple | list) else batch


def _keep(task: Task, model: Any, telling: Telling) -> None:
    """Leave the state where the next part of the training finds it, or else begins anew."""
    path = Path(str(task.state))
    if not path.parent.is_dir():
        return  # a worker that came later, on a machine that has no such folder
    state = _checkpoint.State(
        epoch=len(telling.history),
        seed=task.seed,
        epochs=telling.history,
        numbers=telling.numbers,
        times=telling.times,
    )
    with suppress(OSError, RuntimeError):  # a full disk costs time, and no run
        _checkpoint.write(path, model, state)
