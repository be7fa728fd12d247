"""Costs against published figures, and against counting every multiplication one by one."""

import itertools

import keras
import numpy as np
import pytest

from keraslab.graph import _macs as rules
from keraslab.graph import build_skeleton, read_graph, skeleton
from keraslab.graph._known import FREE_LAYERS, UNKNOWN_OPERATIONS

L = keras.layers
ops = keras.ops


def macs(layer, *shapes, **kwargs) -> int | None:
    """What is found for one layer or function called on inputs of these shapes."""
    with skeleton():
        inputs = [keras.Input(shape) for shape in shapes]
        model = keras.Model(inputs, layer(*inputs, **kwargs))
    return read_graph(model).macs


# GMACs for one image of the usual size, from the papers' own tables (to the digits given there)
# and, with four digits, from counts that others published.
PUBLISHED = {
    "MobileNetV2": (0.300, 0.01),
    "EfficientNetB0": (0.39, 0.02),
    "ResNet50": (3.858, 0.001),
    "InceptionV3": (5.713, 0.001),
    "VGG16": (15.47, 0.001),
    "MobileNetV3Small": (0.056, 0.03),
    "Xception": (8.4, 0.02),
    "DenseNet121": (2.85, 0.02),
    "ConvNeXtTiny": (4.5, 0.02),
}


@pytest.mark.parametrize(("name", "giga", "tolerance"), [(n, *g) for n, g in PUBLISHED.items()])
def test_published_figures(name, giga, tolerance) -> None:
    size = 299 if name in ("InceptionV3", "Xception") else 224
    build = getattr(keras.applications, name)
    model = build_skeleton(build, weights=None, input_shape=(size, size, 3)).model
    assert read_graph(model).macs == pytest.approx(giga * 1e9, rel=tolerance)


@pytest.mark.slow
def test_published_figure_of_a_large_model() -> None:
    model = build_skeleton(keras.applications.EfficientNetB7, weights=None).model
    graph = read_graph(model)
    assert len(graph.calls) == 816
    assert graph.macs == pytest.approx(37.75e9, rel=2e-3)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow")
@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda x: L.Conv2D(5, 3, 2, "same", use_bias=False)(x), (9, 9, 2)),
        (lambda x: L.Dense(7, use_bias=False)(L.Flatten()(L.Conv2D(4, 3, use_bias=False)(x))),
         (8, 8, 3)),
        (lambda x: L.DepthwiseConv2D(3, use_bias=False)(x), (9, 9, 4)),
        (lambda x: L.SeparableConv2D(5, 3, use_bias=False)(x), (9, 9, 4)),
        (lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))), (6, 5)),
    ],
)  # fmt: skip
def test_two_of_tensorflows_operations_are_one_mac(build, shape) -> None:
    import tensorflow as tf

    x = keras.Input(shape)
    model = keras.Model(x, build(x))
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, *shape), tf.float32))
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    found = tf.compat.v1.profiler.profile(function.graph, cmd="op", options=options)
    assert found.total_float_ops == 2 * read_graph(model).macs


def counted_conv(size, kernel, stride, dilation, padding, groups, channels, filters) -> int:
    """Multiplications of a convolution, done and counted one at a time."""
    reach = dilation * (kernel - 1) + 1
    out = -(-size // stride) if padding == "same" else (size - reach) // stride + 1
    total = 0
    for _place in itertools.product(range(out), repeat=2):
        for filter_ in range(filters):
            group = filter_ * groups // filters
            for channel in range(channels):
                if channel * groups // channels == group:
                    for _tap in itertools.product(range(kernel), repeat=2):
                        total += 1
    return total


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_convolution_as_counted(padding, stride, dilation, groups) -> None:
    layer = L.Conv2D(4, 3, stride, padding, dilation_rate=dilation, groups=groups, use_bias=True)
    expected = counted_conv(7, 3, stride, dilation, padding, groups, channels=2, filters=4)
    assert macs(layer, (7, 7, 2)) == expected


@pytest.mark.parametrize(
    ("layer", "shapes", "expected"),
    [
        (L.Conv1D(5, 3, padding="causal"), [(8, 2)], 8 * 5 * 3 * 2),
        (L.Conv3D(2, 2), [(3, 3, 3, 4)], 8 * 2 * 8 * 4),
        (L.Conv2D(3, 3, data_format="channels_first"), [(2, 6, 5)], 4 * 3 * 3 * 9 * 2),
        # each of the 4 x 4 inputs times each of the 3 x 3 taps, from 2 channels to 5
        (L.Conv2DTranspose(5, 3, strides=2), [(4, 4, 2)], 16 * 9 * 2 * 5),
        (L.Conv1DTranspose(5, 3), [(4, 2)], 4 * 3 * 2 * 5),
        (L.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), [(4, 4, 3)], 16 * 6 * 9),
        (L.DepthwiseConv1D(3, padding="same"), [(4, 3)], 4 * 3 * 3),
        (L.SeparableConv2D(5, 3, depth_multiplier=2), [(5, 5, 3)], 9 * (6 * 9 + 6 * 5)),
        (L.SeparableConv1D(5, 3, padding="same"), [(5, 3)], 5 * (3 * 3 + 3 * 5)),
        (L.Dense(7), [(5,)], 35),
        (L.Dense(7), [(3, 4, 5)], 12 * 35),
        (L.EinsumDense("abc,cd->abd", (None, 6)), [(4, 5)], 4 * 5 * 6),
        (L.EinsumDense("...x,xy->...y", 6), [(4, 5)], 4 * 5 * 6),
        (L.EinsumDense("abc,cde->abde", (None, 2, 3)), [(4, 5)], 4 * 5 * 6),
        (L.Embedding(100, 8), [(7,)], 0),
        (lambda a, b: L.Dot(2)([a, b]), [(3, 5), (4, 5)], 3 * 4 * 5),
        (lambda a, b: L.Dot((2, 1))([a, b]), [(3, 5), (5, 4)], 3 * 4 * 5),
        (L.SimpleRNN(4), [(6, 3)], 6 * 4 * (3 + 4)),
        (L.LSTM(4), [(6, 3)], 6 * 4 * 4 * (3 + 4)),
        (L.GRU(4, return_sequences=True), [(6, 3)], 6 * 3 * 4 * (3 + 4)),
        (L.Bidirectional(L.LSTM(4)), [(6, 3)], 2 * 6 * 4 * 4 * (3 + 4)),
        (L.RNN(L.LSTMCell(4)), [(6, 3)], 6 * 4 * 4 * (3 + 4)),
        (L.RNN([L.GRUCell(4), L.SimpleRNNCell(2)]), [(6, 3)], 6 * (3 * 4 * 7 + 2 * 6)),
        (L.TimeDistributed(L.Dense(4)), [(6, 3)], 6 * 12),
        (L.TimeDistributed(L.Conv2D(4, 3)), [(6, 5, 5, 2)], 6 * 9 * 4 * 9 * 2),
        (L.ConvLSTM2D(3, 3, padding="same"), [(2, 4, 4, 5)], 2 * 16 * 4 * 3 * 9 * (5 + 3)),
        (L.ConvLSTM1D(3, 3, return_sequences=True), [(2, 6, 5)], 2 * 4 * 4 * 3 * 3 * (5 + 3)),
        (L.SpectralNormalization(L.Dense(4)), [(3,)], 12),
        # projections of 5 and 7 steps from 6 to 2 x 3, scores and sums, and back to 6
        (L.MultiHeadAttention(2, 3), [(5, 6), (7, 6)],
         5 * 6 * 6 + 2 * 7 * 6 * 6 + 2 * 2 * 5 * 7 * 3 + 5 * 6 * 6),
        (lambda q, v: L.MultiHeadAttention(2, 3, value_dim=4)(value=v, query=q), [(5, 6), (7, 6)],
         5 * 6 * 6 + 7 * 6 * 6 + 7 * 6 * 8 + 2 * 5 * 7 * (3 + 4) + 5 * 8 * 6),
        (L.GroupQueryAttention(3, 4, 2), [(5, 6), (7, 6)],
         5 * 6 * 12 + 2 * 7 * 6 * 6 + 2 * 5 * 7 * 12 + 5 * 12 * 6),
        (lambda q, v: L.Attention()([q, v]), [(5, 6), (7, 6)], 5 * 7 * 12),
        (lambda q, v: L.AdditiveAttention()([q, v]), [(5, 6), (7, 6)], 5 * 7 * 12),
        (lambda x: ops.matmul(x, ops.ones((5, 3))), [(4, 5)], 4 * 5 * 3),
        (lambda a, b: a @ b, [(4, 5), (5, 3)], 4 * 5 * 3),
        (lambda a, b: ops.einsum("bij,bkj->bik", a, b), [(4, 5), (3, 5)], 4 * 5 * 3),
        (lambda x: ops.einsum("...j,kj->...k", x, ops.ones((3, 5))), [(4, 5)], 4 * 5 * 3),
        (lambda x: ops.tensordot(x, ops.ones((5, 3)), axes=1), [(4, 5)], 4 * 5 * 3),
        (lambda x: ops.tensordot(x, ops.ones((3, 4)), axes=[[1], [1]]), [(4, 5)], 4 * 5 * 3),
        (lambda x: ops.dot_product_attention(x, x, x), [(5, 2, 3)], 2 * 2 * 25 * 3),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:NotImplemented should not be used")  # Keras' own tensordot
def test_layers_and_operations_by_hand(layer, shapes, expected) -> None:
    assert macs(layer, *shapes) == expected


def test_matrix_product_as_counted() -> None:
    a, b = np.ones((4, 5)), np.ones((5, 3))
    # A sum of products of ones is the number of products in it.
    assert macs(lambda x, y: ops.matmul(x, y), a.shape, b.shape) == int((a @ b).sum())


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (L.Conv2D(4, 3), [(None, None, 3)]),
        (L.LSTM(4), [(None, 3)]),
        (L.Lambda(lambda x: x), [(3,)]),
        (lambda x: ops.qr(x)[0], [(3, 3)]),
        (lambda x: ops.conv(x, ops.ones((3, 3, 2, 2))), [(5, 5, 2)]),
        (L.MelSpectrogram(), [(16000,)]),
    ],
)
def test_what_is_not_known_is_unknown(layer, shapes) -> None:
    assert macs(layer, *shapes) is None


def test_a_layer_with_a_call_of_its_own_has_no_rule_whatever_its_name() -> None:
    class Mine(L.Dense):
        """Keras' own call: known."""

    class Other(L.Dense):
        def call(self, x):
            return super().call(x) + super().call(x)

    dense = type("Dense", (L.Layer,), {"call": lambda self, x: x * 2})
    assert macs(Mine(3), (4,)) == 12
    assert rules._find_rule(Other) is None
    assert rules._find_rule(dense) is None


def test_a_shared_layer_costs_every_time_and_unknown_is_no_zero() -> None:
    i = keras.Input((4,))
    shared = L.Dense(4)
    model = keras.Model(i, L.Lambda(lambda x: x, name="mystery")(shared(shared(i))))
    graph = read_graph(model)
    assert graph.known_macs == 32
    assert graph.macs is None
    assert graph.unknown_macs == ("mystery#0",)


def test_steps_folded_into_the_batch_are_counted() -> None:
    i = keras.Input((10, 6))
    folded = ops.reshape(i, (-1, 6))
    y = ops.reshape(L.Dense(4)(folded), (-1, 10, 4))
    graph = read_graph(keras.Model(i, L.Dense(2)(y)))
    assert graph.macs == 10 * 6 * 4 + 10 * 4 * 2


def test_a_fixed_batch_counts_as_one_sample() -> None:
    i = keras.Input(batch_shape=(8, 5, 3))
    assert read_graph(keras.Model(i, L.LSTM(4)(i))).macs == 5 * 16 * 7


def test_a_model_inside_time_distributed() -> None:
    i = keras.Input((5, 5, 1))
    inner = keras.Model(i, L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(i)))
    assert macs(L.TimeDistributed(inner), (7, 5, 5, 1)) == 7 * 9 * 9 * 2


def test_every_layer_of_keras_has_been_decided_on() -> None:
    undecided = {
        # They run other code or weights that are not Keras' own.
        "FlaxLayer", "JaxLayer", "Lambda", "Layer", "TFSMLayer", "TorchModuleWrapper", "Wrapper",
        "Pipeline",
        # They stand inside another layer.
        "GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells",
        # They transform spectra or images, for training only.
        "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix",
        "Equalization", "MaxNumBoundingBoxes", "MelSpectrogram", "MixUp", "RandAugment",
        "RandomColorDegeneration", "RandomColorJitter", "RandomElasticTransform", "RandomErasing",
        "RandomGaussianBlur", "RandomPerspective", "RandomSharpness", "RandomShear",
        "STFTSpectrogram", "Solarization",
    }  # fmt: skip
    kinds = {
        kind.__name__: kind
        for kind in vars(L).values()
        if isinstance(kind, type) and issubclass(kind, L.Layer)
    }
    assert {name for name, kind in kinds.items() if rules._find_rule(kind) is None} <= undecided
    # Of keras.applications, and not public.
    inner = {"CustomScaleLayer", "LayerScale", "StochasticDepth"}
    assert {name for name in FREE_LAYERS if name not in kinds} == inner


def test_the_unknown_operations_are_names_of_keras() -> None:
    def subclasses(kind):
        for sub in kind.__subclasses__():
            yield sub.__name__
            yield from subclasses(sub)

    names = set(subclasses(keras.Operation))
    assert {name for name in UNKNOWN_OPERATIONS if name not in names} == set()
