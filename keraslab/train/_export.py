"""Kept runs for other programs: CSV, TensorBoard, MLflow."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keraslab.train._database import OF_EPOCHS

if TYPE_CHECKING:
    from keraslab.train._stored_run import StoredRun

_HEAD = ("run", "name", "kind", "key", "step", "epoch", "seconds", "value")
_MLFLOW_ENDS = {"done": "FINISHED", "stopped": "FINISHED", "failed": "FAILED"}
_BATCH = 1000
"""Metrics that MLflow takes in one call."""


def to_csv(runs: Iterable[StoredRun], path: str | os.PathLike[str]) -> None:
    """Write a row per value: run, name, kind, key, step, epoch, seconds, value.

    Args:
        runs: The runs.
        path: Of the file; it is replaced once all is written.
    """
    target = Path(path).expanduser()
    draft = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_HEAD)
            for run in runs:
                for (kind, key), rows in run.points.items():
                    for step, epoch, seconds, value in rows:
                        first = (run.id, _text(run.name), kind, _text(key))
                        writer.writerow((*first, _number(step), epoch, seconds, value))
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def to_tensorboard(runs: Iterable[StoredRun], folder: str | os.PathLike[str]) -> None:
    """Write each run into a folder of its own, through TensorBoard's own writer.

    Lines of epochs lie over their epoch as Keras' callback has them, those of batches over
    their step; validation has a folder of its own beside the training's.

    Args:
        runs: The runs.
        folder: In which the folders are made.

    Raises:
        ImportError: if TensorBoard is not installed.
    """
    try:
        from tensorboard.summary import Writer
    except ImportError as error:
        raise ImportError(
            "to_tensorboard() needs TensorBoard: pip install 'keraslab[tensorboard]'."
        ) from error
    for run in runs:
        start = run.started.timestamp()
        at = Path(folder).expanduser() / f"{_file_name(run.name)}-{run.id}"
        for part in ("train", "validation"):
            lines = {
                (kind, key): rows
                for (kind, key), rows in run.points.items()
                if (kind == "validation") == (part == "validation")
            }
            if not lines:
                continue
            writer = Writer(os.fspath(at / part))
            try:
                for (kind, key), rows in lines.items():
                    prefix = "epoch" if kind in OF_EPOCHS else "batch"
                    for step, epoch, seconds, value in rows:
                        writer.add_scalar(
                            f"{prefix}_{key}",
                            value,
                            _place(kind, step, epoch),
                            wall_time=start + seconds,
                        )
            finally:
                writer.close()


def to_mlflow(runs: Iterable[StoredRun], experiment: str | None = None) -> None:
    """Log each run as a run of MLflow, through MLflow's own client.

    Args:
        runs: The runs.
        experiment: The name of MLflow's experiment; None for its present one.

    Raises:
        ImportError: if MLflow is not installed.
    """
    try:
        import mlflow
        from mlflow.entities import Metric
    except ImportError as error:
        raise ImportError("to_mlflow() needs MLflow: pip install 'keraslab[mlflow]'.") from error
    client = mlflow.MlflowClient()
    if experiment is not None:
        mlflow.set_experiment(experiment)
    for run in runs:
        with mlflow.start_run(run_name=run.name, nested=True) as logged:
            mlflow.set_tags(_tags(run))
            # MLflow takes a hundred at a time, of up to 500 letters.
            params = list(_flat({"seed": run.seed, **run.settings, **run.cost}))
            for start in range(0, len(params), 100):
                mlflow.log_params(dict(params[start : start + 100]))
            metrics = _metrics(run, Metric)
            for start in range(0, len(metrics), _BATCH):
                client.log_batch(logged.info.run_id, metrics=metrics[start : start + _BATCH])
        if run.status != "running":
            client.set_terminated(logged.info.run_id, _MLFLOW_ENDS.get(run.status, "KILLED"))


def _metrics(run: StoredRun, metric: Any) -> list[Any]:
    start = run.started.timestamp()
    return [
        metric(
            _mlflow_name({"train": key, "validation": f"val_{key}"}.get(kind, f"batch_{key}")),
            value,
            int(1000 * (start + seconds)),
            _place(kind, step, epoch),
        )
        for (kind, key), rows in run.points.items()
        for step, epoch, seconds, value in rows
    ]


def _place(kind: str, step: float, epoch: float) -> int:
    """Over what a value stands: its step, or its epoch from 0, as Keras counts them."""
    return math.ceil(epoch) - 1 if kind in OF_EPOCHS else int(step)


def _tags(run: StoredRun) -> dict[str, str]:
    tags = {"keraslab.id": run.id, "keraslab.status": run.status}
    if run.commit:
        tags["mlflow.source.git.commit"] = run.commit
    return tags | {f"version.{name}": str(value) for name, value in run.versions.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield _mlflow_name(f"{prefix}{key}"), str(value)[:500]


def _mlflow_name(name: str) -> str:
    """A name of the letters that MLflow allows."""
    return "".join(c if c.isalnum() or c in "_-. /" else "_" for c in name)[:250]


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in name)[:60] or "run"


def _text(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value
