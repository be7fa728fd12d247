"""The probe of a check's batch: how many samples it may take, and what it finds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keraslab.debug._probe import Probe, probe
from keraslab.debug._probe_measure import part_of
from keraslab.debug._subject import Subject
from keraslab.graph import Graph, is_skeleton

_SECONDS = 5.0
"""What trying one batch may cost, as processor time of an ordinary computer."""
_BYTES = 260e6
"""What the outputs of all layers together may take for the samples that are tried."""
FEWEST = 8
"""Samples below which nothing is said about units and outputs."""


def probed(subject: Subject) -> Probe | None:
    """The probe of the subject's batch, made once; None where there is none to be had."""
    if "_probe" not in vars(subject):
        vars(subject)["_probe"] = _probed(subject)
    found: Probe | None = vars(subject)["_probe"]
    return found


def _probed(subject: Subject) -> Probe | None:
    model, batch = subject.keras_model, subject.batch
    if model is None or batch is None or is_skeleton(model) or not _finite(batch):
        return None
    backward = batch.y is not None and model.compiled
    size = _affordable(subject.graph, backward=True) if backward else 0
    if backward and not size:
        subject.notes.append(
            f"{'Gradients were' if _affordable(subject.graph) else 'The batch was'} not tried: "
            f"{_size_of(subject.graph)}; kl.probe(model, x, y) does."
        )
    with_gradients = size > 0
    size = size or _affordable(subject.graph)
    if not size:
        return None
    try:
        few = part_of(batch, slice(size))
        # Batch norm of a new model normalizes in training only; dropout would hide constants.
        normalizes = any(call.type == "BatchNormalization" for call in subject.graph.calls)
        known = subject.graph.costs.training_sum is not None
        return probe(
            model,
            few.x,
            few.y if with_gradients else None,
            training=normalizes,
            batch_size=size if known else None,
        )
    except Exception:  # data that the model cannot take, which other rules speak of
        return None


def seconds_of(graph: Graph, samples: int, *, backward: bool = False) -> float:
    """About how long a probe takes, as processor time of an ordinary computer."""
    # Measured: what a call, a byte of its output and a multiplication take, there and back.
    by_call, by_byte, by_mac = (12e-3, 5e-9, 0.25e-9) if backward else (4e-3, 2e-9, 0.1e-9)
    each = (graph.costs.training_sum or 0) * by_byte + (graph.known_macs or 0) * by_mac
    return len(graph.calls) * by_call + samples * each


def _affordable(graph: Graph, *, backward: bool = False) -> int:
    """How many samples can be tried in little time; 0 for none."""
    kept = graph.costs.training_sum if backward else graph.costs.inference_peak
    for samples in (2 * FEWEST, FEWEST, 4, 2):
        fits = samples * (kept or 0) <= _BYTES
        if fits and seconds_of(graph, samples, backward=backward) <= _SECONDS:
            return samples
    return 0


def _size_of(graph: Graph) -> str:
    macs = (graph.known_macs or 0) / 1e9
    size = f"has {len(graph.calls):,} calls"
    return f"the model {size}" + (f" and takes {macs:.3g} GMACs a sample" if macs > 0.1 else "")


def _finite(batch: Any) -> bool:
    leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(batch) if leaf is not None]
    return all(np.isfinite(leaf).all() for leaf in leaves if leaf.dtype.kind == "f")
