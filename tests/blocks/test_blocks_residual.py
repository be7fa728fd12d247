import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def by_hand(x, filters, stride, pre, project):
    """The same block written in the Functional API, after the two papers; its layers by part."""
    made = {}

    def conv(part, y, size, step):
        made[part] = L.Conv2D(filters, size, step, "same", use_bias=False)
        return made[part](y)

    def norm(part, y):
        made[part] = L.BatchNormalization()
        return made[part](y)

    if pre:
        ready = L.ReLU()(norm("norm1", x))
        y = L.ReLU()(norm("norm2", conv("conv1", ready, 3, stride)))
        y = conv("conv2", y, 3, 1)
        shortcut = conv("shortcut", ready, 1, stride) if project else x
        return L.Add()([shortcut, y]), made
    y = L.ReLU()(norm("norm1", conv("conv1", x, 3, stride)))
    y = norm("norm2", conv("conv2", y, 3, 1))
    shortcut = norm("norm_shortcut", conv("shortcut", x, 1, stride)) if project else x
    return L.ReLU()(L.Add()([shortcut, y])), made


@pytest.mark.parametrize("pre", [False, True], ids=["post", "pre"])
@pytest.mark.parametrize(
    ("filters", "stride", "project"), [(3, 1, False), (5, 1, True), (3, 2, True), (5, 3, True)]
)
@pytest.mark.parametrize("training", [False, True])
def test_equals_one_written_by_hand(pre, filters, stride, project, training):
    random = np.random.default_rng(0)
    x = keras.Input((7, 8, 3))
    block = B.Residual(filters, stride, pre_activation=pre)
    model = keras.Model(x, block(x))
    y, layers = by_hand(x, filters, stride, pre, project)
    reference = keras.Model(x, y)
    assert layers.keys() == {name for name, part in block.parts.items() if part.weights}
    for part, layer in layers.items():
        for weight in layer.weights:
            weight.assign(random.uniform(0.2, 1.2, weight.shape) - 0.5 * (len(weight.shape) > 1))
        block.parts[part].set_weights(layer.get_weights())
    data = random.normal(size=(4, 7, 8, 3)).astype("float32")
    np.testing.assert_allclose(
        model(data, training=training), reference(data, training=training), rtol=1e-4, atol=1e-4
    )


def test_equal_to_numpy_where_it_is_simple():
    """Kernels of size 1 and untouched statistics: the block is two matrix products."""
    block = B.Residual(3, kernel_size=1)
    x = keras.Input((5, 3))
    model = keras.Model(x, block(x))
    data = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    k1, k2 = (np.array(block.parts[n].kernel)[0] for n in ("conv1", "conv2"))
    shrink = 1 / np.sqrt(1 + 1e-3)  # batch norm with mean 0, variance 1
    y = np.maximum(data @ k1 * shrink, 0) @ k2 * shrink
    np.testing.assert_allclose(model(data), np.maximum(data + y, 0), rtol=1e-5, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    channels=st.integers(1, 4),
    filters=st.integers(1, 4),
    stride=st.integers(1, 3),
    pre=st.booleans(),
)
def test_shapes_and_projection(sizes, channels, filters, stride, pre):
    with keras.StatelessScope(initialize_variables=False):
        block = B.Residual(filters, stride, pre_activation=pre)
        y = block(keras.Input((*sizes, channels)))
    assert y.shape == (None, *(-(-size // stride) for size in sizes), filters)
    assert ("shortcut" in block.parts) == (stride > 1 or channels != filters)


def test_sizes_may_be_unknown():
    assert B.Residual(4, 2)(keras.Input((None, None, 3))).shape == (None, None, None, 4)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"filters": 0}, r"Residual\(filters=\.\.\.\): must be a whole number.*Received: 0\."),
        ({"filters": 8, "stride": 0}, r"Residual\(stride=.*Received: 0\."),
        ({"filters": 8, "kernel_size": 2.5}, r"Residual\(kernel_size=.*Received: 2\.5\."),
        ({"filters": True}, "Received: True"),
        ({"filters": 8, "activation": "nope"}, r"Residual\(activation=.*Received: 'nope'"),
        ({"filters": 8, "activation": None}, r"Residual\(activation=.*'linear'"),
    ],
)
def test_wrong_settings(settings_, message):
    with pytest.raises(ValueError, match=message):
        B.Residual(**settings_)


def test_wrong_inputs():
    with pytest.raises(ValueError, match=r"must be one image-like tensor.*Received: \(None, 8\)"):
        B.Residual(4)(keras.Input((8,)))
    with pytest.raises(ValueError, match="number of channels must be known"):
        B.Residual(4)(keras.Input((8, None)))
    with pytest.raises(ValueError, match=r"must be one image-like tensor.*Received: list"):
        B.Residual(4)([keras.Input((8, 8, 4))] * 2)
    block = B.Residual(4, name="r")
    block(keras.Input((8, 8, 4)))
    with pytest.raises(ValueError, match="number of dimensions was 4 on the first call"):
        block(keras.Input((8, 4)))


def test_channels_first():
    keras.config.set_image_data_format("channels_first")
    try:
        with keras.StatelessScope(initialize_variables=False):
            block = B.Residual(5, 2)
            assert block(keras.Input((3, 8, 6))).shape == (None, 5, 4, 3)
            assert block.parts["norm1"].gamma.shape == (5,)
    finally:
        keras.config.set_image_data_format("channels_last")
