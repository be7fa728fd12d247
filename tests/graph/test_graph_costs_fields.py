"""Receptive fields against published figures, and against which inputs change an output."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraslab.graph import build_skeleton, read_graph, skeleton

L = keras.layers
ops = keras.ops

# Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks",
# https://distill.pub/2019/computing-receptive-fields: the last layer before global pooling.
PUBLISHED = {
    "VGG16": ("block5_pool", 212),
    "ResNet50": ("conv5_block3_out", 483),
    "ResNet101": ("conv5_block3_out", 1027),
    "InceptionV3": ("mixed10", 1311),
    "MobileNet": ("conv_pw_13_relu", 315),
}


@pytest.mark.parametrize(("name", "layer", "size"), [(n, *v) for n, v in PUBLISHED.items()])
def test_published_figures(name, layer, size) -> None:
    side = 299 if name == "InceptionV3" else 224
    build = getattr(keras.applications, name)
    graph = read_graph(build_skeleton(build, weights=None, input_shape=(side, side, 3)).model)
    assert graph.costs.receptive_field[f"{layer}#0"] == (size, size)
    end = graph.outputs[0].call
    assert end in graph.costs.whole
    assert graph.costs.receptive_field[end] == (side, side)


@pytest.mark.slow
def test_the_published_figure_of_resnet152() -> None:
    build = keras.applications.ResNet152
    graph = read_graph(build_skeleton(build, weights=None).model)
    assert graph.costs.receptive_field["conv5_block3_out#0"] == (1507, 1507)


# -- measured: an input that is changed by any amount changes the outputs that see it


def widest(model, size: int) -> int:
    """The most inputs, from first to last, that one output in the middle depends on."""
    # One sample per input that is switched on; weights and all values are positive, so that
    # nothing cancels out, and a maximum over all-positive values is no sum: hence averages.
    seen = ops.convert_to_numpy(model(np.eye(size, dtype="float32")[..., None]))
    hits = seen.reshape(size, seen.shape[1], -1).max(-1) > 0
    spans = []
    for place in range(hits.shape[1]):
        found = np.flatnonzero(hits[:, place])
        # Those that reach the border would see more in a larger input.
        if len(found) and found[0] > 0 and found[-1] < size - 1:
            spans.append(int(found[-1] - found[0] + 1))
    return max(spans)


def conv(x, kernel, stride=1, dilation=1, padding="same"):
    return L.Conv1D(1, kernel, stride, padding, dilation_rate=dilation, kernel_initializer="ones")(
        x
    )


PADDING = st.sampled_from(["same", "valid"])
STEP = st.one_of(
    st.tuples(st.just("conv"), st.integers(1, 4), st.integers(1, 2), PADDING),
    st.tuples(st.just("dilated"), st.integers(2, 3), st.integers(2, 3), PADDING),
    st.tuples(st.just("pool"), st.integers(1, 3), st.integers(1, 2), PADDING),
    st.tuples(st.just("up"), st.integers(2, 3)),
    st.tuples(st.just("transposed"), st.integers(1, 4), st.integers(1, 2), PADDING),
    st.tuples(st.just("residual"), st.integers(1, 4)),
    st.tuples(st.just("down_and_up"), st.integers(2, 3), st.integers(1, 3)),
    st.tuples(st.just("slice"), st.integers(0, 2), st.integers(1, 2)),
    st.tuples(st.just("pad"), st.integers(0, 2)),
)


def apply(x, kind, *numbers):
    match kind:
        case "conv":
            return conv(x, numbers[0], numbers[1], padding=numbers[2])
        case "dilated":
            return conv(x, numbers[0], dilation=numbers[1], padding=numbers[2])
        case "pool":
            return L.AveragePooling1D(*numbers)(x)
        case "up":
            return L.UpSampling1D(*numbers)(x)
        case "transposed":
            kernel, stride, padding = numbers
            return L.Conv1DTranspose(1, kernel, stride, padding, kernel_initializer="ones")(x)
        case "residual":
            return L.Add()([x, L.ReLU()(conv(x, *numbers))])
        case "down_and_up":
            factor, kernel = numbers
            # A multiple of the factor goes down, so that both ways meet again.
            x = x[:, : x.shape[1] // factor * factor]
            low = conv(L.AveragePooling1D(factor)(x), kernel)
            return L.Concatenate()([x, L.UpSampling1D(factor)(low)])
        case "slice":
            return x[:, numbers[0] :: numbers[1]]
    return L.ZeroPadding1D((numbers[0], 1))(x)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(STEP, min_size=1, max_size=4))
def test_random_networks_see_as_far_as_measured(steps) -> None:
    size = 96
    x = y = keras.Input((size, 1))
    for step in steps:
        y = apply(y, *step)
    model = keras.Model(x, y)
    found = read_graph(model).costs.receptive_field[read_graph(model).outputs[0].call]
    assert found == (widest(model, size),)


def field(function, *shapes, dtype="float32"):
    """The receptive field of what a function gives, and whether it is the whole input."""
    with skeleton():
        inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
        model = keras.Model(inputs, function(*inputs))
    graph = read_graph(model)
    end = graph.outputs[0].call
    return graph.costs.receptive_field[end], end in graph.costs.whole


def test_axes_differ() -> None:
    assert field(L.Conv2D(2, (3, 5), strides=(1, 2)), (20, 30, 1)) == ((3, 5), False)
    assert field(lambda x: L.Permute((2, 1, 3))(x), (20, 30, 1)) == ((1, 1), False)
    assert field(lambda x: L.Conv2D(1, (3, 5))(L.Permute((2, 1, 3))(x)), (20, 30, 1)) == (
        (5, 3),
        False,
    )
    assert field(L.Conv2D(1, 3, data_format="channels_first"), (1, 9, 9)) == ((3, 3), False)
    assert field(L.Conv3D(1, (1, 2, 3)), (9, 9, 9, 1)) == ((1, 2, 3), False)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: L.GlobalAveragePooling2D()(x),
        lambda x: L.Dense(3)(L.Flatten()(x)),
        lambda x: L.GroupNormalization(1)(x),
        lambda x: ops.mean(x, axis=(1, 2)),
        lambda x: L.Multiply()([x, L.GlobalAveragePooling2D(keepdims=True)(x)]),
        lambda x: L.Conv2D(2, 3)(L.LayerNormalization(axis=(1, 2, 3))(x)),
        lambda x: L.MultiHeadAttention(1, 2)(*[L.Reshape((64, 3))(x)] * 2),
    ],
)
def test_the_whole_input(function) -> None:
    assert field(function, (8, 8, 3)) == ((8, 8), True)


@pytest.mark.parametrize(
    "function",
    [
        L.LSTM(4),
        L.Bidirectional(L.GRU(4, return_sequences=True)),
        lambda x: L.MultiHeadAttention(1, 2)(x, x, use_causal_mask=True),
        lambda x: L.Attention()([x, x]),
        lambda x: ops.matmul(ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1)))), x),
    ],
)
def test_the_whole_sequence(function) -> None:
    assert field(function, (7, 4)) == ((7,), True)
    assert field(function, (None, 4)) == (None, True)


def test_places_are_kept_where_nothing_mixes_them() -> None:
    embed = L.Embedding(10, 4)
    assert field(lambda x: L.Dense(3)(L.Conv1D(2, 3)(embed(x))), (9,), dtype="int32") == (
        (3,),
        False,
    )
    assert field(lambda x: L.Flatten()(L.Conv2D(2, 3)(x)), (8, 8, 3)) == ((3, 3), False)
    assert field(lambda x: L.Reshape((16, 3))(L.Conv2D(3, 2, 2)(x)), (8, 8, 3)) == ((2, 2), False)
    assert field(lambda x: L.TimeDistributed(L.Conv2D(2, 3))(x), (5, 8, 8, 3)) == (
        (1, 3, 3),
        False,
    )
    assert field(lambda x: L.Conv2D(2, 3)(ops.expand_dims(x, -1)), (28, 28)) == ((3, 3), False)


def test_parts_that_follow_one_another_are_not_mixed() -> None:
    def joined(x):
        flat = [L.Flatten()(L.Conv2D(2, size)(x)) for size in (3, 5)]
        return L.Concatenate()(flat)

    assert field(joined, (8, 8, 3)) == ((5, 5), False)
    assert field(lambda x: L.Dense(2)(joined(x)), (8, 8, 3)) == ((8, 8), True)


def test_position_numbers_are_not_taken_from_the_input() -> None:
    def embedded(ids):
        places = ops.cumsum(ops.ones_like(ids), axis=1) - 1
        return L.Add()([L.Embedding(10, 4)(ids), L.Embedding(9, 4)(places)])

    assert field(embedded, (9,), dtype="int32") == ((1,), False)


def test_none_where_it_is_unknown_or_means_nothing() -> None:
    assert field(L.Dense(3), (8,)) == (None, False)
    mystery = L.Lambda(lambda x: x, output_shape=lambda s: s)
    assert field(lambda x: mystery(L.Conv1D(2, 3)(x)), (8, 2)) == (None, False)
    # What sees all before an unknown layer sees all behind it.
    assert field(lambda x: mystery(L.LSTM(3)(x)), (8, 2)) == ((8,), True)
    image = keras.Input((8, 8, 1))
    graph = read_graph(keras.Model(image, mystery(image)))
    assert graph.costs.unknown_field == tuple(c.id for c in graph.calls[1:])


def test_nothing_takes_long() -> None:
    x = y = keras.Input((4096, 1))
    for _ in range(9):
        y = L.UpSampling1D(7)(y)
    with skeleton():
        y = L.Conv1DTranspose(1, 50, 40_000)(y)
        graph = read_graph(keras.Model(x, y))
    assert graph.costs.receptive_field[graph.outputs[0].call] is None
