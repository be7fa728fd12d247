"""Residual networks against `keras.applications`, published counts and one written by hand."""

import keras
import pytest
from keras import layers as L
from same_network import assert_same_network

from keraslab import zoo

slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("depth", "version"),
    [
        (50, 1),
        (50, 2),
        pytest.param(101, 1, marks=slow),
        pytest.param(101, 2, marks=slow),
        pytest.param(152, 1, marks=slow),
        pytest.param(152, 2, marks=slow),
    ],
)
def test_equals_keras_applications(depth, version):
    function = getattr(keras.applications, f"ResNet{depth}" + "V2" * (version == 2))
    theirs = function(weights=None, input_shape=(64, 64, 3), classes=10, classifier_activation=None)
    ours = zoo.resnet(depth, (64, 64, 3), classes=10, version=version, activation="linear")
    assert_same_network(ours, theirs)


# Deep ones: the tables of https://keras.io/api/applications/ and the models' own summaries.
# Depths 18 and 34: `num_params` of torchvision's ResNet18_Weights and ResNet34_Weights,
# https://docs.pytorch.org/vision/stable/models/resnet.html; moving averages are no parameters
# there.
PUBLISHED = {
    (50, 1): 25_636_712,
    (50, 2): 25_613_800,
    (101, 1): 44_707_176,
    (101, 2): 44_675_560,
    (152, 1): 60_419_944,
    (152, 2): 60_380_648,
}
PUBLISHED_TRAINABLE = {18: 11_689_512, 34: 21_797_672}


def bare(*args, **settings):
    with keras.StatelessScope(initialize_variables=False):
        return zoo.resnet(*args, **settings)


@pytest.mark.parametrize(("depth", "version"), PUBLISHED)
def test_published_parameters(depth, version):
    model = bare(depth, version=version)
    assert model.count_params() == PUBLISHED[depth, version]
    assert model.output_shape == (None, 1000)


@pytest.mark.parametrize("depth", PUBLISHED_TRAINABLE)
def test_published_parameters_of_the_shallow(depth):
    model = bare(depth)
    trainable = sum(_size(weight.shape) for weight in model.trainable_weights)
    assert trainable == PUBLISHED_TRAINABLE[depth]


def _size(shape):
    size = 1
    for axis in shape:
        size *= axis
    return size


@pytest.mark.parametrize(("depth", "stages"), [(18, (2, 2, 2, 2)), (34, (3, 4, 6, 3))])
def test_parameters_of_the_shallow_of_version_2(depth, stages):
    """Each convolution has the normalisation of its own input in front of it."""
    expected, before = 7 * 7 * 3 * 64 + 4 * 512 + 512 * 1000 + 1000, 64
    for filters, times in zip((64, 128, 256, 512), stages, strict=True):
        for _ in range(times):
            expected += 4 * before + 9 * before * filters + 4 * filters + 9 * filters**2
            expected += before * filters if before != filters else 0
            before = filters
    assert bare(depth, version=2).count_params() == expected


def shallow_by_hand(stages, size, classes):
    """torchvision's resnet18 and resnet34 in Keras: padding of 1 on all sides, epsilon 1e-5."""

    def conv(x, filters, kernel, stride):
        if kernel > 1:
            x = L.ZeroPadding2D(kernel // 2)(x)
        x = L.Conv2D(filters, kernel, stride, use_bias=False)(x)
        return L.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)

    inputs = keras.Input(size)
    x = L.ReLU()(conv(inputs, 64, 7, 2))
    x = L.MaxPooling2D(3, 2)(L.ZeroPadding2D(1)(x))
    for stage, times in enumerate(stages):
        filters = 64 * 2**stage
        for block in range(times):
            stride = 2 if stage > 0 and block == 0 else 1
            y = conv(L.ReLU()(conv(x, filters, 3, stride)), filters, 3, 1)
            x = conv(x, filters, 1, stride) if x.shape[-1] != filters else x
            x = L.ReLU()(L.Add()([x, y]))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, L.Dense(classes)(x))


def test_shallow_equals_one_written_by_hand():
    ours = zoo.resnet(18, (60, 64, 3), classes=10, activation="linear")
    assert_same_network(ours, shallow_by_hand((2, 2, 2, 2), (60, 64, 3), 10))


def test_layers_are_named_after_the_table():
    names = [layer.name for layer in bare(34, (64, 64, 3), 5).layers]
    assert {name.split("__")[0] for name in names} == {
        "image",
        "stem",
        "stage1",
        "stage2",
        "stage3",
        "stage4",
        "pool",
        "output",
    }
    for stage, times in enumerate((3, 4, 6, 3), 1):
        blocks = {name.split("__")[1] for name in names if name.startswith(f"stage{stage}__")}
        assert blocks == {f"block{i + 1}" for i in range(times)}
    assert "stage4__block1__shortcut" in names
    assert "ending__norm" in [layer.name for layer in bare(50, version=2).layers]


def test_one_pixel_is_enough():
    assert bare(50, (1, 1, 3), 2).output_shape == (None, 2)
    assert bare(50, (1, 1, 3), 2, version=2).output_shape == (None, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 20}, r"resnet\(depth=\.\.\.\): must be one of 18, 34, 50.*Received: 20\."),
        ({"depth": "50"}, r"resnet\(depth=.*Received: '50'"),
        ({"depth": [2, 2]}, r"resnet\(depth=.*Received: \[2, 2\]"),
        ({"version": 3}, r"resnet\(version=\.\.\.\): must be one of 1, 2. Received: 3"),
        ({"version": True}, r"resnet\(version=.*Received: True"),
        ({"width": 0}, r"resnet\(width=.*Received: 0"),
        ({"classes": 0}, r"resnet\(classes=.*Received: 0"),
        ({"activation": None}, r"resnet\(activation=.*'linear'"),
        ({"input_shape": (224, 224)}, r"resnet\(input_shape=.*such as \(224, 224, 3\)"),
        ({"input_shape": (0, 8, 3)}, r"resnet\(input_shape=.*Received: \(0, 8, 3\)"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        zoo.resnet(**settings)
