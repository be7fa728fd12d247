"""The dense and the separable blocks compute what their papers say."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def randomised(model, kernels=1):
    """Give every weight a random value, variances a positive one; return the generator."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        value = random.uniform(0.2, 1.2, weight.shape)
        weight.assign(kernels * (value - 0.7) if len(weight.shape) > 1 else value)
    return random


def part(block, path):
    for name in path.split("."):
        block = block.parts[name]
    return [array(w) for w in block.weights]


def norm(x, weights):
    gamma, beta, mean, variance = weights
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def relu(x, top=np.inf):
    return np.clip(x, 0, top)


def windows(x, size, stride):
    """Return `(batch, steps, size, channels)`: what a kernel sees, with "same" padding."""
    steps = -(-x.shape[1] // stride)
    missing = max((steps - 1) * stride + size - x.shape[1], 0)
    padded = np.pad(x, [(0, 0), (missing // 2, missing - missing // 2), (0, 0)])
    return np.stack([padded[:, i * stride : i * stride + size] for i in range(steps)], axis=1)


def conv(x, kernel, stride=1):
    return np.einsum("bskc,kcf->bsf", windows(x, len(kernel), stride), kernel)


def depthwise(x, kernel, stride=1):
    return np.einsum("bskc,kc->bsc", windows(x, len(kernel), stride), kernel[..., 0])


def test_dense_block_equals_numpy():
    block = B.DenseBlock(3, 2, width=3)
    x = keras.Input((7, 4))
    model = keras.Model(x, block(x))
    data = randomised(model).normal(size=(2, 7, 4)).astype("float32")
    y = data
    for i in (1, 2, 3):
        new = conv(relu(norm(y, part(block, f"layer{i}.norm1"))), *part(block, f"layer{i}.conv1"))
        assert new.shape[-1] == 6
        new = conv(relu(norm(new, part(block, f"layer{i}.norm2"))), *part(block, f"layer{i}.conv2"))
        y = np.concatenate([y, new], axis=-1)
    np.testing.assert_allclose(model(data), y, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(array(model(data))[..., :4], data)


def test_dense_block_without_bottleneck_equals_numpy():
    block = B.DenseBlock(2, 3, bottleneck=False, activation="linear")
    x = keras.Input((5, 2))
    model = keras.Model(x, block(x))
    data = randomised(model).normal(size=(2, 5, 2)).astype("float32")
    y = data
    for i in (1, 2):
        new = conv(norm(y, part(block, f"layer{i}.norm1")), *part(block, f"layer{i}.conv1"))
        y = np.concatenate([y, new], axis=-1)
    np.testing.assert_allclose(model(data), y, rtol=1e-4, atol=1e-4)


def test_transition_equals_numpy():
    block = B.Transition(0.5)
    x = keras.Input((7, 5))
    model = keras.Model(x, block(x))
    data = randomised(model).normal(size=(2, 7, 5)).astype("float32")
    y = conv(relu(norm(data, part(block, "norm"))), *part(block, "conv"))
    assert y.shape[-1] == 2
    y = (y[:, 0:6:2] + y[:, 1:6:2]) / 2
    np.testing.assert_allclose(model(data), y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("filters", "stride"), [([3, 4], 1), ([5, 4], 2), ([2], 3), ([4, 2, 3], 1)]
)
def test_xception_equals_numpy(filters, stride, first):
    block = B.Xception(filters, stride, activation_first=first)
    x = keras.Input((8, 3))
    model = keras.Model(x, block(x))
    data = randomised(model).normal(size=(2, 8, 3)).astype("float32")
    y = data
    for i in range(1, len(filters) + 1):
        y = relu(y) if first or i > 1 else y
        per_channel, mix = part(block, f"sepconv{i}")
        y = norm(conv(depthwise(y, per_channel), mix), part(block, f"norm{i}"))
    if stride > 1:
        # Padding never wins a maximum: far below any value.
        y = windows(y + 1e3, 3, stride).max(axis=2) - 1e3
    if filters[-1] == 3 and stride == 1:
        y = y + data
    else:
        y = y + norm(conv(data, *part(block, "shortcut"), stride), part(block, "norm_shortcut"))
    np.testing.assert_allclose(model(data), y, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("filters", "stride", "expansion", "kernel"), [(3, 1, 6, 3), (3, 2, 2, 5), (4, 1, 1, 3)]
)
def test_inverted_residual_equals_numpy(filters, stride, expansion, kernel):
    block = B.InvertedResidual(filters, stride, expansion, kernel)
    x = keras.Input((8, 3))
    model = keras.Model(x, block(x))
    data = randomised(model, kernels=20).normal(size=(2, 8, 3)).astype("float32")
    y = data
    if expansion > 1:
        y = relu(norm(conv(y, *part(block, "expand")), part(block, "norm_expand")), 6)
    y = depthwise(y, *part(block, "depthwise"), stride)
    y = relu(norm(y, part(block, "norm_depthwise")), 6)
    assert y.max() == 6  # the activation's upper end matters
    y = norm(conv(y, *part(block, "project")), part(block, "norm_project"))
    assert y.min() < 0  # and no activation follows
    if stride == 1 and filters == 3:
        y = y + data
    np.testing.assert_allclose(model(data), y, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "shape", "out"),
    [
        (lambda: B.DenseBlock(2, 4), (None, None, 3), (None, None, None, 11)),
        (lambda: B.Transition(), (None, None, 6), (None, None, None, 3)),
        (lambda: B.Xception([4, 4], 2), (None, 4), (None, None, 4)),
        (lambda: B.InvertedResidual(4, 2), (None, None, 4), (None, None, None, 4)),
    ],
)
def test_sizes_may_be_unknown(make, shape, out):
    assert make()(keras.Input(shape)).shape == out


@pytest.mark.parametrize(
    ("make", "in_channels", "channels"),
    [
        (lambda: B.DenseBlock(2, 4), 3, 11),
        (lambda: B.Transition(), 6, 3),
        (lambda: B.Xception([4, 5], 2), 3, 5),
        (lambda: B.InvertedResidual(5, 2), 3, 5),
    ],
)
def test_channels_first(make, in_channels, channels):
    keras.config.set_image_data_format("channels_first")
    try:
        with keras.StatelessScope(initialize_variables=False):
            y = make()(keras.Input((in_channels, 8, 6)))
    finally:
        keras.config.set_image_data_format("channels_last")
    assert y.shape[1] == channels


def test_a_dense_block_may_have_layers_of_its_own():
    class GroupLayer(B.DenseLayer):
        def norm(self, part_name, x):
            return self.use(part_name, L.GroupNormalization, groups=2)(x)

    class GroupDense(B.DenseBlock):
        layer_class = GroupLayer

    block = GroupDense(2, 2)
    block(keras.Input((8, 8, 4)))
    kinds = {type(x).__name__ for x in block.parts["layer2"].parts.values()}
    assert kinds == {"GroupNormalization", "Activation", "Conv2D"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: B.DenseBlock(0, 4), r"DenseBlock\(layers=\.\.\.\).*whole number.*Received: 0\."),
        (lambda: B.DenseBlock(2, 0), r"DenseBlock\(growth=\.\.\.\).*Received: 0\."),
        (lambda: B.DenseBlock([2], 4), r"DenseBlock\(layers=\.\.\.\).*Received: \[2\]\."),
        (lambda: B.DenseBlock(2, 4, 4), r"DenseBlock\(bottleneck=.*True or False.*4.*width=4"),
        (lambda: B.DenseBlock(2, 4, width=0), r"DenseBlock\(width=.*Received: 0\."),
        (lambda: B.DenseBlock(2, 4, activation="x"), r"DenseBlock\(activation=.*'relu'.*'x'"),
        (lambda: B.DenseBlock(2, 4, name="a__b"), r"DenseBlock\(name=\.\.\.\).*a__b"),
        (lambda: B.DenseLayer(0), r"DenseLayer\(growth=.*Received: 0\."),
        (
            lambda: B.Transition(0),
            r"Transition\(compression=.*above 0 and at most 1.*: 0\.",
        ),
        (lambda: B.Transition(1.5), r"Transition\(compression=.*Received: 1\.5\."),
        (lambda: B.Transition(True), r"Transition\(compression=.*Received: True\."),
        (lambda: B.Transition("half"), r"Transition\(compression=.*Received: 'half'\."),
        (lambda: B.Transition(activation=None), r"Transition\(activation=.*Received: None\."),
        (lambda: B.Xception(728), r"Xception\(filters=.*\[32, 64\].*Received: 728\."),
        (lambda: B.Xception([]), r"Xception\(filters=.*Received: \[\]\."),
        (lambda: B.Xception({"a": 8}), r"Xception\(filters=.*in order.*Received: \{'a': 8\}\."),
        (lambda: B.Xception([8, 0]), r"Xception\(filters=\.\.\.\).*Received: 0\."),
        (lambda: B.Xception([8], 0), r"Xception\(stride=.*Received: 0\."),
        (lambda: B.Xception([8], kernel_size=0), r"Xception\(kernel_size=.*Received: 0\."),
        (lambda: B.Xception([8], activation="x"), r"Xception\(activation=.*Received: 'x'\."),
        (lambda: B.Xception([8], activation_first=1), r"Xception\(activation_first=.*Received: 1"),
        (lambda: B.InvertedResidual(0), r"InvertedResidual\(filters=.*Received: 0\."),
        (lambda: B.InvertedResidual(8, 0), r"InvertedResidual\(stride=.*Received: 0\."),
        (lambda: B.InvertedResidual(8, expansion=0.5), r"InvertedResidual\(expansion=.*: 0\.5\."),
        (lambda: B.InvertedResidual(8, activation="x"), r"InvertedResidual\(activation=.*'x'"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("block", "shape", "message"),
    [
        (B.DenseBlock(1, 2, name="d"), (8,), r"'d': the input must be one image-like.*\(None, 8\)"),
        (B.DenseLayer(2), (8, None), "number of channels must be known"),
        (B.Transition(name="t"), (8,), r"'t': the input must be one image-like"),
        (B.Transition(name="t"), (1, 8, 4), r"'t': each size must be 2 or more.*\(None, 1, 8, 4\)"),
        (B.Transition(0.2, name="t"), (8, 4), r"'t': compression=0\.2 of 4 .*With 0\.25 one"),
        (B.Xception([4], name="x"), (8,), r"'x': the input must be one image-like"),
        (B.Xception([4], name="x"), (8, 8, 8, 4), r"'x': Keras has separable.*8, 8, 8, 4\)"),
        (B.InvertedResidual(4, name="i"), (8,), r"'i': the input must be one image-like"),
        (B.InvertedResidual(4, name="i"), (8, 8, 8, 4), r"'i': Keras has depthwise.*8, 8, 8, 4\)"),
    ],
)
def test_wrong_inputs(block, shape, message):
    with pytest.raises(ValueError, match=message):
        block(keras.Input(shape))
    assert not block.parts  # nothing is left half-built
