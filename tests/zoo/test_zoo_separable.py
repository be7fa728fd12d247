"""DenseNet, Xception and the MobileNets are the published networks."""

import json
from functools import partial

import keras
import numpy as np
import pytest
from same_network import (
    assert_same_logits,
    assert_same_network,
    copy_weights,
    pair,
    randomise,
    some_images,
)

import keraslab as kl
from keraslab import zoo

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LOGITS = {"weights": None, "classifier_activation": None, "classes": 10}
OURS = {"classes": 10, "activation": "linear"}


DENSENETS = {
    121: keras.applications.DenseNet121,
    169: keras.applications.DenseNet169,
    201: keras.applications.DenseNet201,
}


# The counts are those of https://keras.io/api/applications/ and the summaries there.
@pytest.mark.parametrize(
    ("ours", "theirs", "params"),
    [
        (partial(zoo.densenet, 121), DENSENETS[121], 8_062_504),
        (partial(zoo.densenet, 169), DENSENETS[169], 14_307_880),
        (partial(zoo.densenet, 201), DENSENETS[201], 20_242_984),
        (zoo.xception, keras.applications.Xception, 22_910_480),
        (zoo.mobilenet_v2, keras.applications.MobileNetV2, 3_538_984),
    ],
    ids=["densenet121", "densenet169", "densenet201", "xception", "mobilenet_v2"],
)
def test_same_layers_and_settings_at_full_size(ours, theirs, params):
    with kl.skeleton():
        model = ours()
        pair(model, theirs(weights=None))
    assert model.count_params() == params


def test_mobilenet_v2_pads_images_of_unknown_size_alike():
    shape = (None, None, 3)
    with kl.skeleton():
        ours = zoo.mobilenet_v2(input_shape=shape)
        body = keras.Model(ours.input, ours.get_layer("pool").output)
        settings = {"input_shape": shape, "include_top": False, "pooling": "avg"}
        pair(body, keras.applications.MobileNetV2(weights=None, **settings))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("depth", "shape"),
    [(121, (32, 32, 3)), (121, (75, 66, 3)), (169, (64, 64, 3)), (201, (64, 64, 3))],
)
def test_densenet(depth, shape):
    ours = zoo.densenet(depth, shape, **OURS)
    assert_same_network(ours, DENSENETS[depth](input_shape=shape, **LOGITS))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(71, 71, 3), (96, 84, 3)])
def test_xception(shape):
    ours = zoo.xception(shape, **OURS)
    assert_same_network(ours, keras.applications.Xception(input_shape=shape, **LOGITS))


@pytest.mark.parametrize(
    ("alpha", "shape"),
    [
        (0.35, (32, 32, 3)),
        pytest.param(0.5, (45, 33, 3), marks=pytest.mark.slow),
        pytest.param(1.0, (96, 96, 3), marks=pytest.mark.slow),
        pytest.param(1.4, (32, 38, 3), marks=pytest.mark.slow),
    ],
)
def test_mobilenet_v2(alpha, shape):
    ours = zoo.mobilenet_v2(alpha, shape, **OURS)
    theirs = keras.applications.MobileNetV2(input_shape=shape, alpha=alpha, **LOGITS)
    assert_same_network(ours, theirs)


@pytest.mark.parametrize(
    ("alpha", "shape"),
    [
        (0.25, (32, 32, 3)),
        pytest.param(0.33, (45, 33, 3), marks=pytest.mark.slow),
        pytest.param(1.0, (96, 96, 3), marks=pytest.mark.slow),
    ],
)
def test_mobilenet_v1(alpha, shape):
    """Theirs ends in a convolution of size 1 on one pixel, which is our dense layer."""
    ours = zoo.mobilenet_v1(alpha, shape, **OURS)
    theirs = keras.applications.MobileNet(input_shape=shape, alpha=alpha, **LOGITS)
    # `randomise` knows depthwise kernels by this word; without it their signal would fade.
    config = json.dumps(theirs.get_config()).replace("conv_dw_", "depthwise_")
    theirs = keras.Model.from_config(json.loads(config))
    ends = {ours: "pair13__act_pointwise", theirs: "conv_pw_13_relu"}
    bodies = [keras.Model(m.input, m.get_layer(end).output) for m, end in ends.items()]
    pairs = pair(*bodies)
    randomise(theirs)
    copy_weights(pairs, bodies[1], bodies[0])
    kernel, bias = theirs.get_layer("conv_preds").get_weights()
    ours.get_layer("output").set_weights([kernel[0, 0], bias])
    assert_same_logits(ours, theirs, some_images(ours))
    assert ours.count_params() == theirs.count_params()
    assert ours.get_layer("dropout").rate == theirs.get_layer("dropout").rate


def test_mobilenet_v1_at_full_size():
    with kl.skeleton():
        ours = zoo.mobilenet_v1()
        theirs = keras.applications.MobileNet(weights=None)
    assert ours.count_params() == theirs.count_params() == 4_253_864


@pytest.mark.parametrize("alpha", [0.1, 0.35, 0.5, 0.75, 0.9, 1.0, 1.3, 1.4])
def test_mobilenet_v2_rounds_its_width_as_keras_does(alpha):
    shape = (64, 64, 3)
    with kl.skeleton():
        ours = zoo.mobilenet_v2(alpha, shape, **OURS)
        theirs = keras.applications.MobileNetV2(input_shape=shape, alpha=alpha, **LOGITS)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]


def test_mobilenet_v1_is_a_plain_chain():
    """A Sequential of the very same layers gives the very same logits."""
    model = zoo.mobilenet_v1(0.25, (32, 32, 3), **OURS)
    chain = keras.Sequential(model.layers)
    images = some_images(model)
    np.testing.assert_array_equal(model(images), chain(images))
    graph = kl.read_graph(model)
    sources, targets = [
        {getattr(edge, end) for edge in graph.edges} for end in ("source", "target")
    ]
    assert len(sources) == len(targets) == len(graph.edges) == len(graph.calls) - 1


@pytest.mark.parametrize(
    ("make", "least"),
    [
        (lambda shape: zoo.densenet((1, 1, 1, 1), shape, 2, growth=1), 29),
        (lambda shape: zoo.densenet((1,), shape, 2, growth=1), 1),
        (lambda shape: zoo.xception(shape, 2, middle=1), 7),
        (lambda shape: zoo.mobilenet_v1(0.1, shape, 2), 31),
        (lambda shape: zoo.mobilenet_v2(0.1, shape, 2), 1),
    ],
)
def test_smallest_image(make, least):
    with kl.skeleton():
        assert make((least, 40, 3)).output_shape == (None, 2)
        assert make((40, least, 3)).output_shape == (None, 2)
        with pytest.raises(ValueError, match=rf"input_shape=.*Received: .*{least - 1}"):
            make((40, least - 1, 3))


def test_sizes_may_be_unknown():
    with kl.skeleton():
        for make in (
            lambda **more: zoo.densenet((1, 1), growth=2, **more),
            lambda **more: zoo.xception(middle=1, **more),
            lambda **more: zoo.mobilenet_v1(0.1, **more),
            lambda **more: zoo.mobilenet_v2(0.1, **more),
        ):
            assert make(input_shape=(None, None, 3), classes=4).output_shape == (None, 4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.densenet(50), r"densenet\(depth=\.\.\.\): must be 121, 169, 201 or.*: 50\."),
        (lambda: zoo.densenet({1: 2}), r"densenet\(depth=.*\(6, 12, 24, 16\).*\{1: 2\}"),
        (lambda: zoo.densenet((6, 0)), r"densenet\(depth=\.\.\.\).*Received: 0\."),
        (lambda: zoo.densenet(growth=0), r"densenet\(growth=.*Received: 0\."),
        (lambda: zoo.densenet(classes=0), r"densenet\(classes=.*Received: 0\."),
        (lambda: zoo.densenet(activation="nope"), r"densenet\(activation=.*'nope'"),
        (lambda: zoo.densenet(input_shape=(32, 32)), r"densenet\(input_shape=.*\(224, 224, 3\)"),
        (lambda: zoo.densenet(input_shape=(32, 32, None)), r"input_shape=.*None\)"),
        (lambda: zoo.xception(middle=0), r"xception\(middle=.*Received: 0\."),
        (lambda: zoo.xception((71, 71, 0)), r"xception\(input_shape=.*Received: \(71, 71, 0\)\."),
        (lambda: zoo.mobilenet_v1(0), r"mobilenet_v1\(alpha=.*above 0\. Received: 0\."),
        (lambda: zoo.mobilenet_v1(0.01), r"mobilenet_v1\(alpha=.*0\.01.*0\.25"),
        (lambda: zoo.mobilenet_v1(dropout=1.0), r"mobilenet_v1\(dropout=.*Received: 1\.0\."),
        (lambda: zoo.mobilenet_v2("wide"), r"mobilenet_v2\(alpha=.*Received: 'wide'\."),
        (lambda: zoo.mobilenet_v2(classes=True), r"mobilenet_v2\(classes=.*Received: True\."),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()
