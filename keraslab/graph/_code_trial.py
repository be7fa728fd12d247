"""Code with the calls of blocks, tried before it is given out."""

from __future__ import annotations

import warnings
from typing import Any

from keraslab.graph import keras_internals
from keraslab.graph._code_blocks import shared_badly
from keraslab.graph._code_values import CodeError
from keraslab.graph._code_writer import Writer
from keraslab.graph._diff import GraphDiff, diff
from keraslab.graph._skeleton import build_skeleton

_FILE = "<code of keraslab>"
_MOST_TRIALS = 10


def written(model: Any) -> tuple[Writer, str]:
    """The writer and the source, of layers alone."""
    writer = Writer(model)
    return writer, writer.source()


def written_with_blocks(model: Any) -> tuple[Writer, str]:
    """The writer and the source, with blocks where they make the same layers again.

    A block that does not is left out, and the rest is tried again: what is wrong further on may
    come from it. After some trials all that are wrong are left out.
    """
    refused: set[int] = set()
    for trial in range(_MOST_TRIALS):
        writer = _writer(model, refused)
        if not writer.regions():
            break
        try:
            source = writer.source()
        except CodeError:
            break
        bad = _failing(writer, source)
        if not bad:
            return writer, source
        blocks = [id(region.call.block) for region in writer.regions()]
        first = [block for block in blocks if block in bad]
        if not first:  # there is no telling which
            break
        refused.update(bad if trial > _MOST_TRIALS // 2 else first[:1])
    return written(model)


def _writer(model: Any, refused: set[int]) -> Writer:
    """A writer of blocks that share no layer with what is not written of them."""
    while True:
        writer = Writer(model, refused)
        bad = shared_badly(writer.regions(), {id(layer) for layer in writer.called()})
        if not bad:
            return writer
        refused.update(bad)


def _failing(writer: Writer, source: str) -> set[int]:
    """Run the source: the ids of the blocks that do not make the same; 0 where that is unclear."""
    names: dict[str, Any] = dict(writer.values.supplied)
    code = compile(source, _FILE, "exec")

    def build() -> Any:
        # What building has to say was said when the model was built.
        with keras_internals.fresh_names(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(code, names)
        return names["model"]

    try:
        found = diff(writer.model, build_skeleton(build).model)
    except Exception as error:  # a block of one's own may raise anything
        block = writer.block_at(_line(error))
        return {id(block) if block is not None else 0}
    if not found and not found.renamed:
        return set()
    other = _touched(found)
    bad = {
        id(region.call.block)
        for region in writer.regions()
        if any(id(keras_internals.operation_of(node)) in other for node in region.nodes)
    }
    return bad or {0}


def _line(error: Exception) -> int:
    """The line of the source that an error came from; 0 where none did."""
    step, line = error.__traceback__, 0
    while step is not None:
        if step.tb_frame.f_code.co_filename == _FILE:
            line = step.tb_lineno
        step = step.tb_next
    return line


def _touched(found: GraphDiff) -> set[int]:
    """The ids of the first model's layers and operations that the second one has otherwise."""
    calls = [*found.removed, *(change.before for change in found.changed)]
    calls += [before for before, _ in found.renamed]
    return {id(call.operation) for call in calls}
