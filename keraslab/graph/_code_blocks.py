"""Which calls of a model were made by blocks, and stand together as one call in its code."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras

from keraslab.blocks import Block
from keraslab.blocks._calls import BlockCall, calls_of, given_settings
from keraslab.blocks._names import SEPARATOR
from keraslab.graph import keras_internals
from keraslab.graph._code_nodes import is_input, tensors_given


class Region(NamedTuple):
    """The nodes that one call of a block made."""

    call: BlockCall
    nodes: tuple[Any, ...]


def given(step: Any) -> list[Any]:
    """The tensors that a node or a region is given."""
    if isinstance(step, Region):
        return list(keras.tree.flatten(step.call.inputs))
    return tensors_given(step)


def made(step: Any) -> list[Any]:
    """The tensors that a node or a region gives on."""
    if isinstance(step, Region):
        return list(keras.tree.flatten(step.call.outputs))
    return list(keras_internals.tensors_out(step))


def needed(steps: Sequence[Any], functional: Any) -> list[Any]:
    """The steps to write: without masks that Keras makes again by itself."""
    wanted = {id(t) for t in [*functional.outputs, *functional.inputs]}
    kept = []
    for step in reversed(steps):
        if any(id(t) in wanted for t in made(step)):
            kept.append(step)
            wanted.update(id(t) for t in given(step))
    return kept[::-1]


def with_blocks(nodes: Sequence[Any], functional: Any, refused: Collection[int]) -> list[Any]:
    """The nodes, those of a block's call replaced by its region.

    Args:
        nodes: The nodes of a model, each after those it needs.
        functional: The model.
        refused: The ids of blocks to leave out.
    """
    found = _outermost(_Nodes(nodes, functional), refused)
    while found:
        steps = _in_order(nodes, found)
        if steps is not None:
            return needed(steps, functional)
        found = found[:-1]  # a call taken out by hand and put back elsewhere: as good as none
    return list(nodes)


class _Nodes:
    """The nodes of a model, and where their tensors come from and go to."""

    def __init__(self, nodes: Sequence[Any], functional: Any) -> None:
        self.nodes = nodes
        self.maker = {id(t): at for at, node in enumerate(nodes) for t in made(node)}
        self.takers: dict[int, set[int]] = defaultdict(set)
        for at, node in enumerate(nodes):
            for tensor in tensors_given(node):
                self.takers[id(tensor)].add(at)
        for tensor in functional.outputs:
            self.takers[id(tensor)].add(len(nodes))

    def calls(self) -> list[BlockCall]:
        """All calls of blocks, an inner one before the outer one."""
        found = {id(call): call for n in self.nodes for t in made(n) for call in calls_of(t)}
        return list(found.values())

    def inside(self, call: BlockCall) -> frozenset[int]:
        """The nodes between what a call was given and what it gave; none where that is unclear."""
        inputs = keras.tree.flatten(call.inputs)
        if any(id(t) not in self.maker for t in inputs):
            return frozenset()
        start = {id(t) for t in inputs} | {id(keras_internals.mask_of(t)) for t in inputs}
        outputs = {id(t) for t in keras.tree.flatten(call.outputs)}
        inside: set[int] = set()
        left = [t for t in outputs - start if t in self.maker]
        while left:
            at = self.maker.get(left.pop())
            if at is None or is_input(self.nodes[at]):
                return frozenset()
            if at not in inside:
                inside.add(at)
                taken = [id(t) for t in tensors_given(self.nodes[at])]
                left.extend(t for t in taken if t not in start)
        for at in inside:
            for tensor in made(self.nodes[at]):
                if id(tensor) not in outputs and not self.takers[id(tensor)] <= inside:
                    return frozenset()
        return frozenset(inside)


def _outermost(nodes: _Nodes, refused: Collection[int]) -> list[tuple[BlockCall, frozenset[int]]]:
    calls = [
        call for call in nodes.calls() if id(call.block) not in refused and _can_be_made(call.block)
    ]
    # A block that another one named cannot be called alone, unless that one is there as well.
    parts = {
        id(part)
        for call in calls
        for part in blocks_in(call.block)
        if part is not call.block and _is_outer(call.block)
    }
    fit = [call for call in calls if _is_outer(call.block) or id(call.block) in parts]
    sized = [(call, nodes.inside(call)) for call in fit]
    sized.reverse()
    taken: set[int] = set()
    found = []
    for call, inside in sorted(sized, key=lambda pair: -len(pair[1])):
        if inside and not inside & taken:
            taken |= inside
            found.append((call, inside))
    return found


def _can_be_made(block: Any) -> bool:
    try:
        return bool(blocks_in(block))
    except Exception:  # a class of one's own may have lost a field, or hold what cannot compare
        return False


def _is_outer(block: Any) -> bool:
    return SEPARATOR not in (block.name or "")


def _in_order(
    nodes: Sequence[Any], found: Sequence[tuple[BlockCall, frozenset[int]]]
) -> list[Any] | None:
    """The nodes and regions, each after those it needs; None where that cannot be."""
    region = {at: number for number, (_, inside) in enumerate(found) for at in inside}
    steps: list[tuple[int, Any]] = [(at, node) for at, node in enumerate(nodes) if at not in region]
    steps += [
        (max(inside), Region(call, tuple([nodes[at] for at in sorted(inside)])))
        for call, inside in found
    ]
    steps.sort(key=lambda pair: pair[0])
    maker = {id(t): number for number, (_, step) in enumerate(steps) for t in made(step)}
    waits: list[set[int]] = []
    after: dict[int, list[int]] = defaultdict(list)
    for number, (_, step) in enumerate(steps):
        waits.append({maker[id(t)] for t in given(step) if id(t) in maker} - {number})
        for source in waits[-1]:
            after[source].append(number)
    ready = [number for number, sources in enumerate(waits) if not sources]
    heapq.heapify(ready)
    order = []
    while ready:
        number = heapq.heappop(ready)
        order.append(steps[number][1])
        for target in after[number]:
            waits[target].discard(number)
            if not waits[target]:
                heapq.heappush(ready, target)
    return order if len(order) == len(steps) else None


def blocks_in(block: Any) -> list[Any]:
    """A block, and those among its settings and theirs."""
    found = {id(block): block}
    left = [block]
    while left:
        for _, value, _ in given_settings(left.pop()):
            for thing in things_in(value):
                if isinstance(thing, Block) and id(thing) not in found:
                    found[id(thing)] = thing
                    left.append(thing)
    return list(found.values())


def things_in(value: Any) -> Iterator[Any]:
    """The blocks and layers that a setting is or holds."""
    if isinstance(value, (Block, keras.Layer)):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from things_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from things_in(item)


def shared_badly(regions: Sequence[Region], plain: Collection[int]) -> set[int]:
    """The ids of blocks whose layers are also called by others, which would make them again.

    Args:
        regions: All regions of the code.
        plain: The ids of the layers that the code calls itself.
    """
    makers: dict[int, dict[int, Any]] = defaultdict(dict)
    for region in regions:
        block = region.call.block
        handed = {id(t) for b in blocks_in(block) for t in _layers_of(b)}
        for node in region.nodes:
            operation = keras_internals.operation_of(node)
            if isinstance(operation, keras.Layer) and id(operation) not in handed:
                makers[id(operation)][id(block)] = block
    bad: set[int] = set()
    for layer, blocks in makers.items():
        if layer in plain:
            bad.update(blocks)
        elif len(blocks) > 1:
            common = [{id(b) for b in blocks_in(block)} for block in blocks.values()]
            if not set.intersection(*common):
                bad.update(blocks)
    return bad


def _layers_of(block: Any) -> Iterator[Any]:
    for _, value, _ in given_settings(block):
        for thing in things_in(value):
            if isinstance(thing, keras.Layer):
                yield from keras_internals.parts_of(thing)
