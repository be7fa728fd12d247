import keras
import numpy as np
import pytest
from keras import layers as L

import keraslab as kl
from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BLOCKS = [B.Bottleneck(4), B.SqueezeExcite(), B.ConvNeXt()]


def array(x):
    return keras.ops.convert_to_numpy(x)


def fill(weights, seed=0):
    random = np.random.default_rng(seed)
    for weight in weights:
        low = 0.2 if weight.path.endswith("moving_variance") else -0.5
        weight.assign(random.uniform(low, 0.7, weight.shape))


def bottleneck_by_hand(x, filters, stride, pre, place, project):
    """The same block written in the Functional API, after the two papers; its layers by part."""
    made = {}
    first, second = (stride, 1) if place == "conv1" else (1, stride)

    def conv(part, y, width, size=1, step=1):
        made[part] = L.Conv2D(width, size, step, "same", use_bias=False)
        return made[part](y)

    def norm(part, y):
        made[part] = L.BatchNormalization()
        return made[part](y)

    if pre:
        ready = L.ReLU()(norm("norm1", x))
        y = L.ReLU()(norm("norm2", conv("conv1", ready, filters, 1, first)))
        y = L.ReLU()(norm("norm3", conv("conv2", y, filters, 3, second)))
        y = conv("conv3", y, 3 * filters)
        shortcut = conv("shortcut", ready, 3 * filters, 1, stride) if project else x
        return L.Add()([shortcut, y]), made
    y = L.ReLU()(norm("norm1", conv("conv1", x, filters, 1, first)))
    y = L.ReLU()(norm("norm2", conv("conv2", y, filters, 3, second)))
    y = norm("norm3", conv("conv3", y, 3 * filters))
    shortcut = x
    if project:
        shortcut = norm("norm_shortcut", conv("shortcut", x, 3 * filters, 1, stride))
    return L.ReLU()(L.Add()([shortcut, y])), made


@pytest.mark.parametrize("pre", [False, True], ids=["post", "pre"])
@pytest.mark.parametrize("place", ["conv1", "conv2"])
@pytest.mark.parametrize(("filters", "stride"), [(2, 1), (3, 1), (2, 2)])
def test_bottleneck_equals_one_written_by_hand(pre, place, filters, stride):
    x = keras.Input((7, 8, 6))
    block = B.Bottleneck(filters, stride, pre_activation=pre, expansion=3, stride_in=place)
    model = keras.Model(x, block(x))
    project = stride > 1 or 3 * filters != 6
    y, layers = bottleneck_by_hand(x, filters, stride, pre, place, project)
    reference = keras.Model(x, y)
    assert layers.keys() == {name for name, part in block.parts.items() if part.weights}
    fill(reference.weights)
    for part, layer in layers.items():
        block.parts[part].set_weights(layer.get_weights())
    data = np.random.default_rng(0).normal(size=(4, 7, 8, 6)).astype("float32")
    for training in (False, True):
        np.testing.assert_allclose(
            array(model(data, training=training)),
            array(reference(data, training=training)),
            rtol=1e-4,
            atol=1e-4,
        )


def test_the_place_of_the_stride_sets_the_cost():
    """In the first convolution 3/4 of its and the middle one's input are never looked at."""
    x = keras.Input((8, 8, 16))
    macs = {
        place: kl.read_graph(keras.Model(x, B.Bottleneck(4, 2, stride_in=place)(x))).macs
        for place in ("conv1", "conv2")
    }
    assert macs["conv2"] - macs["conv1"] == (64 - 16) * 16 * 4


@pytest.mark.parametrize("shape", [(5, 4, 6), (7, 6), (2, 3, 4, 6)])
def test_squeeze_excite_equals_the_formula(shape):
    block = B.SqueezeExcite(3)
    x = keras.Input(shape)
    model = keras.Model(x, block(x))
    fill(model.weights)
    data = np.random.default_rng(1).normal(size=(3, *shape)).astype("float32")
    z = data.mean(axis=tuple(range(1, data.ndim - 1)))
    (w1, b1), (w2, b2) = (block.parts[part].get_weights() for part in ("squeeze", "excite"))
    assert w1.shape == (6, 2)
    s = 1 / (1 + np.exp(-(np.maximum(z @ w1 + b1, 0) @ w2 + b2)))
    s = s.reshape(3, *(1,) * (data.ndim - 2), 6)
    np.testing.assert_allclose(array(model(data)), data * s, rtol=1e-5, atol=1e-5)


def test_conv_next_equals_the_block_of_keras_applications():
    theirs = keras.applications.ConvNeXtTiny(
        include_top=False, weights=None, input_shape=(32, 32, 3), include_preprocessing=False
    )
    start = "convnext_tiny_stage_0_block_0"
    parts = {
        "depthwise": "depthwise_conv",
        "norm": "layernorm",
        "expand": "pointwise_conv_1",
        "project": "pointwise_conv_2",
    }
    layers = {ours: theirs.get_layer(f"{start}_{name}") for ours, name in parts.items()}
    scale = theirs.get_layer(f"{start}_layer_scale")
    fill([w for layer in [*layers.values(), scale] for w in layer.weights])
    x = keras.Input((8, 8, 96))
    y = x
    for layer in [*layers.values()][:3]:
        y = layer(y)
    reference = keras.Model(x, x + scale(layers["project"](L.Activation("gelu")(y))))

    block = B.ConvNeXt()
    model = keras.Model(x, block(x))
    assert model.count_params() == reference.count_params()
    np.testing.assert_allclose(array(block.parts["layer_scale"].kernel), 1e-6)
    assert block.parts["norm"].epsilon == layers["norm"].epsilon
    for part, layer in layers.items():
        for weight, other in zip(block.parts[part].weights, layer.weights, strict=True):
            weight.assign(array(other).reshape(weight.shape))
    gamma = block.parts["layer_scale"].kernel
    gamma.assign(array(scale.weights[0]).reshape(gamma.shape))
    data = np.random.default_rng(0).normal(size=(2, 8, 8, 96)).astype("float32")
    expected = array(reference(data))
    np.testing.assert_allclose(array(model(data)), expected, atol=1e-5 * np.abs(expected).max())


def test_conv_next_starts_out_as_the_identity():
    x = keras.Input((None, None, 4))
    tower = keras.Model(x, B.Repeat(B.ConvNeXt(), 3)(x))
    data = np.random.default_rng(0).normal(size=(2, 5, 6, 4)).astype("float32")
    off = np.abs(array(tower(data)) - data).max()
    assert 0 < off < 1e-4


def test_a_step_may_be_replaced():
    class Pooled(B.Bottleneck):
        def shortcut(self, x, ready):
            return self.use("shortcut", L.MaxPooling2D, 1, self.stride)(x)

    block = Pooled(2, 2, pre_activation=True)
    model = keras.Model(x := keras.Input((6, 6, 8)), block(x))
    assert isinstance(block.parts["shortcut"], L.MaxPooling2D)
    assert model.output_shape == (None, 3, 3, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: B.Bottleneck(0), r"Bottleneck\(filters=\.\.\.\): must be a whole.*Received: 0\."),
        (lambda: B.Bottleneck(4, stride=0), r"Bottleneck\(stride=.*Received: 0\."),
        (lambda: B.Bottleneck(4, kernel_size=2.5), r"Bottleneck\(kernel_size=.*Received: 2\.5\."),
        (lambda: B.Bottleneck(4, expansion=-1), r"Bottleneck\(expansion=.*Received: -1\."),
        (lambda: B.Bottleneck(4, activation="no"), r"Bottleneck\(activation=.*Received: 'no'"),
        (lambda: B.Bottleneck(4, stride_in="x"), r"Bottleneck\(stride_in=.*'conv1'.*: 'x'"),
        (lambda: B.Bottleneck(4, name="a__b"), r"Bottleneck\(name=.*'a__b'"),
        (lambda: B.SqueezeExcite(0), r"SqueezeExcite\(ratio=.*Received: 0\."),
        (lambda: B.SqueezeExcite(activation=None), r"SqueezeExcite\(activation=.*: None"),
        (lambda: B.ConvNeXt(0), r"ConvNeXt\(kernel_size=.*Received: 0\."),
        (lambda: B.ConvNeXt(expansion=0), r"ConvNeXt\(expansion=.*Received: 0\."),
        (lambda: B.ConvNeXt(activation=4), r"ConvNeXt\(activation=.*Received: 4"),
        (lambda: B.ConvNeXt(layer_scale=0), r"ConvNeXt\(layer_scale=.*above 0. Received: 0\."),
        (lambda: B.ConvNeXt(layer_scale=True), r"ConvNeXt\(layer_scale=.*Received: True\."),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_wrong_inputs(block):
    for shape in [(8,), (8, None), (2, 2, 2, 2, 2)]:
        message = "number of channels must be known" if shape == (8, None) else "one image-like"
        with pytest.raises(ValueError, match=message):
            block.copy()(keras.Input(shape))
    with pytest.raises(ValueError, match=r"must be one image-like tensor.*Received: dict"):
        block.copy()({"a": keras.Input((8, 8, 4))})
    used = block.copy(name="block")
    used(keras.Input((8, 8, 4)))
    with pytest.raises(ValueError, match=r"'block'.*dimensions was 4 on the first call"):
        used(keras.Input((8, 4)))
    with pytest.raises(ValueError, match="block"):
        used(keras.Input((8, 8, 5)))


def test_conv_next_knows_no_volumes():
    with pytest.raises(ValueError, match=r"no depthwise convolution for volumes.*\(batch, height"):
        B.ConvNeXt()(keras.Input((4, 4, 4, 2)))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_channels_first(block):
    keras.config.set_image_data_format("channels_first")
    try:
        with keras.StatelessScope(initialize_variables=False):
            first = block.copy()
            y = first(keras.Input((3, 8, 6)))
        filters = 16 if isinstance(block, B.Bottleneck) else 3
        assert y.shape == (None, filters, 8, 6)
    finally:
        keras.config.set_image_data_format("channels_last")
    with keras.StatelessScope(initialize_variables=False):
        last = block.copy()
        last(keras.Input((8, 6, 3)))
    assert [w.shape for part in first.parts.values() for w in getattr(part, "weights", [])] == [
        w.shape for part in last.parts.values() for w in getattr(part, "weights", [])
    ]
