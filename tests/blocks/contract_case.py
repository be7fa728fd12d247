"""What the contract test needs to know of one block with one set of settings."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

IMAGE, OTHER_IMAGE = (6, 6, 3), (4, 5, 3)


class Tokens(tuple):
    """The shape of an input of whole numbers from 0 to `high - 1`, such as `Tokens((7,), 11)`."""

    def __new__(cls, shape, high):
        made = super().__new__(cls, shape)
        made.high = high
        return made


@dataclass
class Case:
    """One block with one set of settings."""

    make: Any
    shapes: Any  # of the inputs, without the batch: a tuple, or a list or dict of tuples
    output: Any
    params: int | None = None  # worked out by hand; None only where sizes are drawn
    other: Any = None  # shapes of another size that the block takes too
    outside: tuple[str, ...] = ()  # layers that keep their own name
    call: Any = None  # how to call it, where block(inputs) is not the way
    still: tuple[str, ...] = ()  # ends of paths of weights that the mathematics give no gradient


def bn(channels):
    """Return the weights of a batch normalisation."""
    return 4 * channels


def map_shapes(shapes, function):
    if isinstance(shapes, dict):
        return {key: map_shapes(shape, function) for key, shape in shapes.items()}
    if isinstance(shapes, list):
        return [map_shapes(shape, function) for shape in shapes]
    return function(shapes)


def make_inputs(shapes):
    if isinstance(shapes, dict):
        return {key: an_input(shape, name=key) for key, shape in shapes.items()}
    return map_shapes(shapes, an_input)


def an_input(shape, name=None):
    return keras.Input(
        tuple(shape), name=name, dtype="int32" if isinstance(shape, Tokens) else "float32"
    )


def batch(shapes, seed=0, samples=4):
    """Return random data for these inputs."""
    random = np.random.default_rng(seed)

    def draw(shape):
        shape_ = (samples, *(4 if size is None else size for size in shape))
        if isinstance(shape, Tokens):
            return random.integers(0, shape.high, size=shape_).astype("int32")
        return random.normal(size=shape_).astype("float32")

    return map_shapes(shapes, draw)


def connect(case, block, inputs):
    return case.call(block, inputs) if case.call else block(inputs)


def build(case, block=None):
    """Return the case's block and a model of one call of it."""
    keras.utils.set_random_seed(7)
    block = block or case.make()
    inputs = make_inputs(case.shapes)
    return block, keras.Model(inputs, connect(case, block, inputs))


def all_names(model):
    return [layer.name for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def output_shapes(model):
    return keras.tree.map_structure(lambda y: tuple(y.shape), model.output)


def with_batch(shapes):
    return map_shapes(shapes, lambda shape: (None, *shape))
