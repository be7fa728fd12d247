"""The comparison of networks sees what it is there to see."""

import keras
import numpy as np
import pytest
from keras import layers as L
from same_network import assert_same_logits, assert_same_network, pair, randomise, some_images


def network(
    *,
    strides=(2, 1),
    epsilon=1e-3,
    momentum=0.9,
    explicit=False,
    activation="relu",
    swapped=False,
    order=1,
    size=3,
    merge=L.Concatenate,
    dilation=1,
    bias=True,
    pool=2,
    filters=4,
    dense="linear",
    separate=False,
):
    """Two branches of two steps each, with one thing or another changed."""
    inputs = keras.Input((16, 16, 3))

    def conv(x, filters, size, stride=1):
        padding = "same"
        if explicit and size == 3:
            x = L.ZeroPadding2D(1)(x)
            padding = "valid"
        inside = None if separate else activation
        x = L.Conv2D(
            filters,
            size,
            stride,
            padding,
            dilation_rate=dilation if stride == 1 else 1,
            use_bias=bias,
            activation=inside,
        )(x)
        x = L.Activation(activation)(x) if separate else x
        return L.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)

    x = conv(inputs, filters, 3)
    a = conv(conv(x, 4, 3, strides[0]), 4, size, strides[1])
    b = conv(x, 4, 1, strides[0] * strides[1])
    branches = [b, a] if swapped else [a, b]
    x = merge()(branches[::order])
    x = L.MaxPooling2D(pool, 2, "same")(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dense(5, activation=None if separate else dense)(x)
    return keras.Model(inputs, L.Activation(dense)(x) if separate else x)


def test_the_same_network_is_the_same():
    ours, theirs = network(), network()
    before = [np.array(w) for w in theirs.weights]
    pairs = assert_same_network(ours, theirs)
    assert len(pairs) == len({a.layer for a, _ in pairs}) + 4  # four activations inside
    changed = [
        not np.array_equal(old, new) for old, new in zip(before, theirs.weights, strict=True)
    ]
    assert all(changed)
    variances = [w for w in theirs.weights if w.path.endswith("moving_variance")]
    assert len(variances) == 4
    assert all((np.array(w) > 0).all() for w in variances)


@pytest.mark.parametrize(
    "settings",
    [
        {"separate": True, "dense": "softmax"},
        {"separate": True, "activation": "relu6"},
        {"separate": True, "activation": "gelu"},
    ],
)
def test_an_activation_inside_or_behind_is_the_same(settings):
    theirs = {**settings, "separate": False}
    assert_same_network(network(**settings), network(**theirs))


@pytest.mark.parametrize(
    ("layer", "other"),
    [
        (L.ReLU(), L.Activation("relu")),
        (L.ReLU(6.0), L.Activation("relu6")),
        (L.LeakyReLU(0.2), L.Activation("leaky_relu")),
        (L.Softmax(), L.Activation("softmax")),
        (L.ReLU(), keras.ops.relu),
    ],
)
def test_activations_of_one_effect(layer, other):
    def model(activation):
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(2)(activation(L.Dense(3)(x))))

    pair(model(layer), model(other))
    with pytest.raises(AssertionError, match=r"max_value|does"):
        pair(model(layer), model(L.ReLU(5.0)))


def test_a_sum_may_take_its_inputs_in_either_order():
    assert_same_network(network(merge=L.Add), network(merge=L.Add, order=-1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strides": (1, 2)}, r"strides of Conv2D .* is \(1, 1\), of Conv2D .* \(2, 2\)"),
        ({"epsilon": 1.001e-5}, r"epsilon of BatchNormalization .* is 1\.001e-05, .* 0\.001"),
        ({"momentum": 0.99}, "momentum of BatchNormalization"),
        ({"explicit": True}, "ours has ZeroPadding2D .* where theirs has"),
        ({"activation": "relu6"}, "max_value of activation .* is 6.0, .* None"),
        ({"activation": "gelu"}, "does of activation .* is gelu"),
        ({"swapped": True}, "where theirs has|kernel_size|shares"),
        ({"size": 1}, r"kernel_size of Conv2D .* is \(1, 1\), .* \(3, 3\)"),
        ({"merge": L.Add}, "ours has Add .* where theirs has Concatenate"),
        ({"dilation": 2}, "dilation_rate of Conv2D"),
        ({"bias": False}, "use_bias of Conv2D .* is False"),
        ({"pool": 3}, "pool_size of MaxPooling2D"),
        ({"filters": 5}, "filters of Conv2D .* is 5, .* 4"),
        ({"dense": "tanh"}, "ours has activation .* where theirs has Dense"),
    ],
)
def test_differences_are_seen_and_named(settings, message):
    with pytest.raises(AssertionError, match=message):
        pair(network(**settings), network())


@pytest.mark.parametrize(
    "settings",
    [
        {"strides": (1, 2)},
        {"epsilon": 1.001e-5},
        {"explicit": True},
        {"activation": "relu6"},
        {"momentum": 0.99, "pool": 3},
        {"dilation": 2},
    ],
)
def test_logits_alone_would_tell_too(settings):
    """Weights of equal shapes, copied in order: what the paired configs say, the numbers show."""
    ours, theirs = network(**settings), network()
    randomise(theirs)
    ours.set_weights(theirs.get_weights())
    with pytest.raises(AssertionError, match="logits differ by"):
        assert_same_logits(ours, theirs, some_images(ours))


def test_equal_logits_for_every_image_prove_nothing():
    model = network()
    randomise(model)
    with pytest.raises(AssertionError, match="the same for every image"):
        assert_same_logits(model, model, np.zeros((3, 16, 16, 3), "float32"))


def test_sharing_is_seen():
    def model(shared):
        x = keras.Input((4,))
        first = L.Dense(4)
        return keras.Model(x, (first if shared else L.Dense(4))(first(x)))

    pair(model(True), model(True))
    with pytest.raises(AssertionError, match="shares weights or values"):
        pair(model(True), model(False))


def test_a_nested_model_is_refused():
    x = keras.Input((4,))
    nested = keras.Model(x, keras.Sequential([L.Dense(3)], name="inner")(x))
    with pytest.raises(AssertionError, match="'inner' is a nested model"):
        pair(nested, nested)


def test_a_deep_network_is_compared_too():
    x = keras.Input((2,))
    y = x
    for _ in range(700):
        y = L.ReLU()(y)
    model = keras.Model(x, y)
    assert len(pair(model, model)) == 701
