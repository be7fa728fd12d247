"""How many multiply-accumulates each kind of contraction takes, from shapes alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

Shape = tuple[int | None, ...]


class Unknown(Exception):  # noqa: N818 - not an error, only a way out of a rule
    """A size that a rule needs is unknown."""


class Site(NamedTuple):
    """What a rule may look at: one call and its shapes, the batch counted as one sample."""

    operation: Any
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    keys: tuple[str | None, ...]
    """For each input the keyword it was given under."""
    operands: tuple[Shape, ...]
    """The shapes of all positional tensors and arrays of an operation, constants included."""


def size_of(shape: Shape) -> int:
    total = 1
    for size in shape:
        if size is None:
            raise Unknown
        total *= size
    return total


def known(size: int | None) -> int:
    if size is None:
        raise Unknown
    return size


# -- convolutions and dense kernels


def _channels(layer: Any, shape: Shape) -> int:
    return known(shape[1 if layer.data_format == "channels_first" else -1])


def _places(layer: Any, shape: Shape) -> int:
    return size_of(shape[2:] if layer.data_format == "channels_first" else shape[1:-1])


def conv(site: Site) -> int:
    layer = site.operation
    per_output = math.prod(layer.kernel_size) * _channels(layer, site.inputs[0]) // layer.groups
    return size_of(site.outputs[0]) * int(per_output)


def transposed_conv(site: Site) -> int:
    layer = site.operation
    return size_of(site.inputs[0]) * int(math.prod(layer.kernel_size) * layer.filters)


def depthwise_conv(site: Site) -> int:
    return size_of(site.outputs[0]) * int(math.prod(site.operation.kernel_size))


def separable_conv(site: Site) -> int:
    layer = site.operation
    middle = _channels(layer, site.inputs[0]) * layer.depth_multiplier
    per_place = middle * (math.prod(layer.kernel_size) + layer.filters)
    return _places(layer, site.outputs[0]) * int(per_place)


def dense(site: Site) -> int:
    return size_of(site.outputs[0]) * known(site.inputs[0][-1])


def einsum_dense(site: Site) -> int:
    return _einsum(site.operation.equation, [site.inputs[0], None], site.outputs[0])


def reversible_embedding(site: Site) -> int:
    # Looked up, ids get one more axis; projected back, the number of axes stays.
    return dense(site) if len(site.inputs[0]) == len(site.outputs[0]) else 0


# -- products of tensors


def _einsum(equation: str, operands: list[Shape | None], output: Shape) -> int:
    """The product of the sizes of all indices; an operand that is None needs no own index."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow or len(terms) != 2 or len(operands) != 2:
        raise Unknown
    sizes: dict[str, int | None] = {}
    for term, shape in [*zip(terms, operands, strict=True), (right, output)]:
        if shape is None:
            for letter in filter(str.isalpha, term):
                sizes.setdefault(letter, None)
            continue
        before, dots, after = term.partition("...")
        found = list(zip(before, shape, strict=False))
        if dots:
            end = len(shape) - len(after)
            found += [(f".{end - i}", size) for i, size in enumerate(shape[len(before) : end])]
            found += list(zip(after, shape[end:], strict=True))
        for letter, size in found:
            if sizes.get(letter) in (None, 1):
                sizes[letter] = size
    return size_of(tuple(sizes.values()))


def einsum_operation(site: Site) -> int:
    return _einsum(site.operation.subscripts, list(site.operands), site.outputs[0])


def matmul(site: Site) -> int:
    return size_of(site.outputs[0]) * known(site.operands[0][-1])


def dot_operation(site: Site) -> int:
    if not all(site.operands):
        return 0  # a product with a scalar
    return matmul(site)


def tensordot(site: Site) -> int:
    axes = site.operation.axes
    shape = site.operands[0]
    if isinstance(axes, int):
        return size_of(site.outputs[0]) * size_of(shape[len(shape) - axes :])
    first = axes[0] if isinstance(axes[0], (list, tuple)) else [axes[0]]
    return size_of(site.outputs[0]) * size_of(tuple(shape[axis] for axis in first))


def dot_layer(site: Site) -> int:
    axes = site.operation.axes
    axis = axes if isinstance(axes, int) else axes[0]
    return size_of(site.outputs[0]) * known(site.inputs[0][axis])


# -- attention


def roles(site: Site, *names: str) -> list[Shape]:
    """The inputs by role: those given by keyword, then the others in order of the names."""
    named = {key: shape for key, shape in zip(site.keys, site.inputs, strict=True) if key in names}
    free = [name for name in names if name not in named]
    plain = [s for k, s in zip(site.keys, site.inputs, strict=True) if k is None]
    named.update(zip(free, plain, strict=False))
    query = named["query"]
    value = named.get("value", query)
    return [query, value, named.get("key", value)]


def multi_head_attention(site: Site) -> int:
    layer = site.operation
    query, value, key = roles(site, "query", "value", "key")
    heads, width = layer.num_heads, layer.key_dim
    value_width = layer.value_dim or width
    axes = layer.attention_axes or range(1, len(query) - 1)
    targets = size_of(tuple(query[axis] for axis in axes))
    sources = size_of(tuple(value[axis] for axis in axes))
    others = size_of(query[1:-1]) // max(targets, 1)
    project = size_of(query) * heads * width
    project += size_of(key) * heads * width + size_of(value) * heads * value_width
    attend = others * heads * targets * sources * (width + value_width)
    combine = size_of(query[1:-1]) * heads * value_width * known(site.outputs[0][-1])
    return int(project + attend + combine)


def grouped_query_attention(site: Site) -> int:
    layer = site.operation
    query, value, key = roles(site, "query", "value", "key")
    if layer.use_gate:
        raise Unknown
    wide = layer.num_query_heads * layer.head_dim
    narrow = layer.num_key_value_heads * layer.head_dim
    targets, sources = known(query[1]), known(value[1])
    project = size_of(query) * wide + (size_of(key) + size_of(value)) * narrow
    attend = 2 * targets * sources * wide
    return int(project + attend + targets * wide * known(site.outputs[0][-1]))


def attention(site: Site) -> int:
    layer = site.operation
    query, value = site.inputs[0], site.inputs[1]
    pairs = known(query[-2]) * known(value[-2])
    scores = 0 if getattr(layer, "score_mode", "dot") == "concat" else known(query[-1])
    return pairs * (scores + known(value[-1]))


def attention_operation(site: Site) -> int:
    query, key, value = site.operands[:3]
    _, targets, heads, width = map(known, (1, *query[1:]))
    return targets * known(key[1]) * heads * (width + known(value[-1]))


# -- recurrent layers and wrappers


def recurrent(gates: int) -> Callable[[Site], int]:
    def rule(site: Site) -> int:
        _, steps, width = site.inputs[0]
        units = site.operation.units
        return known(steps) * gates * int(units) * (known(width) + int(units))

    return rule


def conv_lstm(site: Site) -> int:
    layer = site.operation
    first = layer.data_format == "channels_first"
    shape, out = site.inputs[0], site.outputs[0]
    width = known(shape[2 if first else -1])
    rank = len(layer.kernel_size)
    places = size_of(out[-rank:] if first else out[-rank - 1 : -1])
    per_place = 4 * layer.filters * math.prod(layer.kernel_size) * (width + layer.filters)
    return known(shape[1]) * places * int(per_place)
