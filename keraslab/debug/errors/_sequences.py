"""Sequences that are not there: recurrent layers and TimeDistributed on vectors and images."""

from __future__ import annotations

import ast
from typing import Any

import keras
from keras import layers

from keraslab.debug import _rewire as rewire
from keraslab.debug._above import KINDS, cause_of, dropper, line_of, wanted_rank
from keraslab.debug._evidence import Evidence, maker_of, shape_text
from keraslab.debug._finding import Finding, Fix
from keraslab.debug._mend import Mender
from keraslab.debug._rewire import Step
from keraslab.debug._rules import Rule, error_rule

_ORIGINS = (
    "layers.input_spec:assert_input_compatibility",
    "layers.rnn.rnn:*",
    "layers.rnn.lstm:*",
    "layers.rnn.gru:*",
    "layers.rnn.simple_rnn:*",
    "layers.rnn.bidirectional:*",
    "layers.rnn.time_distributed:*",
    "layers.rnn.conv_lstm:*",
    "backend.common.variables:Variable._validate_shape",
    "ops.operation_utils:compute_conv_output_shape",
)
_BATCHES = (16, 32, 64, 128, 256)


@error_rule("KL601", "only-the-last-step", origins=_ORIGINS)
def only_the_last_step(rule: Rule, evidence: Evidence) -> Finding | None:
    """A layer for sequences after a recurrent one that gives its last step alone."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    wanted = _steps_wanted(operation)
    if wanted is None or len(tensor.shape) != wanted - 1:
        return None
    found = _last_step_of(evidence, tensor)
    if found is None:
        return None
    recurrent, given = found
    mender = Mender(evidence)
    every_step = _returning_sequences(mender, recurrent)
    steps = given.shape[1] or 10
    repeat = Step("RepeatVector", (steps,))
    again = (
        rewire.ahead(mender, f"give it {steps} times, once a step", tensor, [repeat])
        if wanted == 3 and not _in_a_loop(evidence)
        else None
    )
    decodes = _gives_sequences(operation) or isinstance(operation, layers.TimeDistributed)
    fixes = [again, every_step] if decodes and again else [every_step, again]
    return rule.finding(
        f"{operation.name!r} works through a sequence, and {evidence.says(tensor)} is only the "
        f"last step of {recurrent.name!r} ({shape_text(tensor.shape)}).",
        cause=evidence.cause(
            recurrent,
            f"{recurrent.name!r} reads {shape_text(given.shape)} and gives only its last step, "
            "because return_sequences is False",
        ),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _in_a_loop(evidence: Evidence) -> bool:
    """Whether the failing line runs again and again, on tensors that are not all the same."""
    source = evidence.source
    node: Any = source.node if source is not None else None
    if source is None or node is None or source.runs_once(node):
        return False
    loops = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)
    while node is not None and not isinstance(node, (*loops, ast.FunctionDef, ast.Lambda)):
        node = source.parent_of(node)
    return isinstance(node, loops)


def _steps_wanted(operation: Any) -> int | None:
    """How many axes a layer wants that works through steps; None for one that does not."""
    if isinstance(operation, layers.Bidirectional):
        return _steps_wanted(operation.forward_layer)
    if isinstance(operation, layers.TimeDistributed):
        return 3
    if isinstance(operation, layers.RNN):
        return wanted_rank_of_recurrent(operation)
    wanted = wanted_rank(operation)
    return wanted if wanted in (3, 5) else None


def wanted_rank_of_recurrent(operation: Any) -> int:
    """How many axes a recurrent layer takes: 3, or 5 where each step is an image."""
    name = type(operation).__name__
    return 3 + int(name[-2]) if name.startswith("ConvLSTM") and name[-2].isdigit() else 3


def is_recurrent(operation: Any) -> bool:
    """Whether a layer works through steps and keeps a state."""
    return isinstance(operation, (layers.RNN, layers.Bidirectional))


def _gives_sequences(operation: Any) -> bool:
    return bool(getattr(getattr(operation, "forward_layer", operation), "return_sequences", False))


def _last_step_of(evidence: Evidence, tensor: Any) -> tuple[Any, Any] | None:
    """The recurrent layer above that gives its last step alone, with what it takes."""
    for maker, given, _ in line_of(evidence, tensor):
        if is_recurrent(maker):
            return (maker, given) if not _gives_sequences(maker) else None
        if not rewire.passes_on(maker) and not isinstance(maker, layers.Dense):
            return None
    return None


def _returning_sequences(mender: Mender, recurrent: Any) -> Fix | None:
    title = f"let {recurrent.name!r} give all its steps"
    if not isinstance(recurrent, layers.Bidirectional):
        return mender.setting(title, recurrent, return_sequences=True)
    evidence = mender.evidence
    made = evidence.made_at(recurrent)
    edit, source = None, None
    if made is not None:
        source, call = made
        inner = call.args[0] if call.args else None
        inner = inner or next((k.value for k in call.keywords if k.arg == "layer"), None)
        if isinstance(inner, ast.Name):
            assigned = source.assigned(inner.id)
            inner = assigned[0].value if assigned else None
        if isinstance(inner, ast.Call):
            edit = source.keyword(inner, "return_sequences", "True")

    def work(*_: Any) -> Any:
        def other(tensor: Any) -> Any:
            config = recurrent.get_config()
            for key in ("layer", "backward_layer"):
                if config.get(key):
                    config[key]["config"]["return_sequences"] = True
            return type(recurrent).from_config(config)(tensor)

        return mender.trial.again(*rewire.replayed(evidence, mender.trial, {id(recurrent): other}))

    return mender.offer(
        title, [edit], work, code=f"{recurrent.name}: return_sequences=True", source=source
    )


@error_rule("KL602", "vector-without-steps", origins=_ORIGINS)
def vector_without_steps(rule: Rule, evidence: Evidence) -> Finding | None:
    """A recurrent layer or TimeDistributed on a vector."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    if not (is_recurrent(operation) or isinstance(operation, layers.TimeDistributed)):
        return None
    if len(tensor.shape) != 2 or _steps_wanted(operation) != 3:
        return None
    mender = Mender(evidence)
    fixes: list[Fix | None] = []
    lost = dropper(evidence, tensor, 3)
    if lost is not None and len(lost[1].shape) == 3:
        fixes.append(rewire.without(mender, f"leave out {lost[0].name!r}", lost[0]))
    size = tensor.shape[1]
    if isinstance(operation, layers.TimeDistributed):
        fixes.append(_unwrapped(mender, operation))
    if "int" in str(tensor.dtype):
        step = Step("Embedding", (1000, 32))
        title = "look up a vector for each number (1000 stands for how many there are)"
        fixes.append(rewire.ahead(mender, title, tensor, [step]))
    if size is not None:
        ways = [("as many steps of one value", (size, 1)), ("one step of all values", (1, size))]
        computed = isinstance(rewire.line_above(tensor), layers.Dense)
        for words, shape in reversed(ways) if computed else ways:
            step = Step("Reshape", (shape,))
            fixes.append(rewire.ahead(mender, f"take it for {words}", tensor, [step]))
    fixes.append(
        rewire.ahead(
            mender,
            "give it in each of 10 steps (10 stands for yours)",
            tensor,
            [Step("RepeatVector", (10,))],
        )
    )
    return rule.finding(
        f"{operation.name!r} works through the steps of a sequence, and {evidence.says(tensor)} is "
        f"a vector without steps ({shape_text(tensor.shape)}).",
        cause=cause_of(evidence, tensor, 3),
        fixes=tuple(fix for fix in fixes if fix is not None)[:4],
    )


def _unwrapped(mender: Mender, operation: Any) -> Fix | None:
    """The layer inside a TimeDistributed by itself."""
    made = mender.evidence.made_at(operation)
    edit = None
    if made is not None and made[1].args:
        source, call = made
        edit = source.replace(call, source.text_of(call.args[0]))
    inner = operation.layer
    return mender.offer(
        "use the layer without TimeDistributed",
        [edit],
        lambda stand: mender.trial.copied(inner)(stand),
        code=f"{type(inner).__name__}(...)",
        source=made[0] if made is not None else None,
    )


@error_rule("KL603", "image-where-steps-belong", origins=_ORIGINS)
def image_where_steps_belong(rule: Rule, evidence: Evidence) -> Finding | None:
    """A recurrent layer on an image, or on a sequence whose steps are no vectors."""
    failing = evidence.failing
    if failing is None or not evidence.tensors or not is_recurrent(failing.operation):
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    rank, wanted = len(tensor.shape), _steps_wanted(operation)
    if wanted != 3 or rank < 4:
        return None
    entry = [*evidence.upstream(tensor), maker_of(tensor)]
    if isinstance(maker_of(tensor), (layers.InputLayer, layers.Embedding, layers.Masking)) and any(
        isinstance(each, layers.InputLayer) and each.batch_shape[1] in (None, *_BATCHES)
        for each in entry
    ):
        return None  # the batch may have come into the shape
    mender = Mender(evidence)
    fixes = [
        rewire.ahead(mender, title, tensor, steps)
        for title, steps in _as_sequence(tuple(tensor.shape[1:]))
    ]
    return rule.finding(
        f"{operation.name!r} wants a sequence of vectors (? × steps × features), and "
        f"{evidence.says(tensor)} is {KINDS.get(rank, 'of more axes')} "
        f"({shape_text(tensor.shape)}).",
        cause=cause_of(evidence, tensor, 3),
        fixes=tuple(fix for fix in fixes if fix is not None)[:3],
    )


def _as_sequence(sizes: tuple[int | None, ...]) -> list[tuple[str, list[Step]]]:
    """Ways to make a sequence of vectors of what has more axes."""
    ways: list[tuple[str, list[Step]]] = []
    steps, *rest = sizes
    if None not in rest:
        size = 1
        for n in rest:
            size *= n or 1
        first = -1 if steps is None else steps
        what = (
            "drop the axis of size 1"
            if 1 in rest[:-1] and len(rest) == 2
            else "take the rows for steps"
        )
        if len(sizes) == 4:
            what = "flatten each step"
        ways.append((what, [Step("Reshape", ((first, size),))]))
    if len(sizes) == 3:
        if steps is not None and None not in rest and rest[0] != 1:
            every = (steps * (rest[0] or 1), rest[1])
            ways.append(("take all positions for steps", [Step("Reshape", (every,))]))
        inner = Step("GlobalAveragePooling1D")
        ways.append(("average in each step", [Step("TimeDistributed", inner=inner)]))
    if len(sizes) == 4:
        inner = Step("GlobalAveragePooling2D")
        ways.insert(0, ("average over each image", [Step("TimeDistributed", inner=inner)]))
    return ways


@error_rule("KL604", "steps-of-other-rank", origins=_ORIGINS)
def steps_of_other_rank(rule: Rule, evidence: Evidence) -> Finding | None:
    """TimeDistributed around a layer whose steps have other axes; ConvLSTM on one image."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    mender, rank = Mender(evidence), len(tensor.shape)
    if isinstance(operation, layers.TimeDistributed):
        inner = operation.layer
        wanted = _steps_wanted(inner) if is_recurrent(inner) else wanted_rank(inner)
        if wanted is None or isinstance(inner, keras.Model) or wanted == rank - 1:
            return None
        fixes = [_unwrapped(mender, operation)] if wanted == rank else []
        if wanted == rank and None not in tensor.shape[1:]:
            one = Step("Reshape", ((1, *tensor.shape[1:]),))
            fixes.append(rewire.ahead(mender, "make a sequence of one step of it", tensor, [one]))
        return rule.finding(
            f"TimeDistributed applies {inner.name!r} to each step of {evidence.says(tensor)} "
            f"({shape_text(tensor.shape)}), and one step has {rank - 1} axes with the batch where "
            f"{inner.name!r} takes {wanted}.",
            cause=evidence.cause(
                operation, f"{evidence.says(tensor)} has no axis of steps besides its own axes"
            ),
            fixes=tuple(fix for fix in fixes if fix is not None),
        )
    wanted = _steps_wanted(operation) if is_recurrent(operation) else None
    if wanted is None or wanted < 4 or rank == wanted:
        return None
    fixes = []
    if rank == wanted - 1 and None not in tensor.shape[1:]:
        one_step, each = (1, *tensor.shape[1:]), (*tensor.shape[1:], 1)
        fixes.append(
            rewire.ahead(
                mender, "make a sequence of one image of it", tensor, [Step("Reshape", (one_step,))]
            )
        )
        title = "take the first axis for steps, with one channel"
        fixes.append(rewire.ahead(mender, title, tensor, [Step("Reshape", (each,))]))
    return rule.finding(
        f"{operation.name!r} wants a sequence of images (? × steps × height × width × "
        f"channels), and "
        f"{evidence.says(tensor)} is {KINDS.get(rank, 'not one')} ({shape_text(tensor.shape)}).",
        cause=cause_of(evidence, tensor, wanted),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


@error_rule("KL605", "stateful-without-batch", origins=("layers.rnn.rnn:*",))
def stateful_without_batch(rule: Rule, evidence: Evidence) -> Finding | None:
    """A recurrent layer that keeps its state between batches of unknown size."""
    failing = evidence.failing
    if failing is None or not evidence.tensors:
        return None
    operation, tensor = failing.operation, evidence.tensors[0]
    if not getattr(operation, "stateful", False) or tensor.shape[0] is not None:
        return None
    mender = Mender(evidence)
    fixes = [
        _with_batch(mender, tensor),
        mender.setting("keep no state", operation, stateful=False),
    ]
    return rule.finding(
        f"{operation.name!r} keeps its state for each sample of a batch, and the batch of "
        f"{evidence.says(tensor)} has no fixed size ({shape_text(tensor.shape)}).",
        cause=evidence.cause(operation, f"stateful=True of {operation.name!r} needs a batch size"),
        fixes=tuple(fix for fix in fixes if fix is not None),
    )


def _with_batch(mender: Mender, tensor: Any) -> Fix | None:
    """The input above with a batch size."""
    evidence = mender.evidence
    entries = [maker_of(tensor), *evidence.upstream(tensor)]
    entry = next((each for each in entries if isinstance(each, layers.InputLayer)), None)
    made = evidence.made_at(entry) if entry is not None else None
    if entry is None or made is None or any(k.arg == "batch_shape" for k in made[1].keywords):
        return None
    source, call = made
    edit = source.keyword(call, "batch_size", "32", ("shape", "batch_size"))

    def other(*_: Any) -> Any:
        return keras.KerasTensor((32, *entry.batch_shape[1:]), dtype=entry.dtype)

    return mender.offer(
        "give the input a batch size (32 stands for yours)",
        [edit],
        lambda *_: mender.trial.again(*rewire.replayed(evidence, mender.trial, {id(entry): other})),
        source=source,
    )
