"""The architectures that branch and merge, beside what others wrote and published."""

import keras
import numpy as np
import pytest
from same_network import assert_same_network, pair
from zoo_cases_branches import googlenet, hrnet

import keraslab as kl
from keraslab import zoo

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def theirs(shape, classes):
    return keras.applications.InceptionV3(
        weights=None, input_shape=shape, classes=classes, classifier_activation=None
    )


def test_inception_v3_is_that_of_keras_call_by_call():
    with kl.skeleton():
        ours = zoo.inception_v3((75, 91, 3), 7, activation="linear")
    with kl.skeleton():
        pair(ours, theirs((75, 91, 3), 7))


@pytest.mark.slow
def test_inception_v3_gives_the_logits_of_keras():
    ours = zoo.inception_v3((107, 75, 3), 11, activation="linear")
    assert_same_network(ours, theirs((107, 75, 3), 11))


def test_inception_v3_has_the_published_size():
    with kl.skeleton():
        model = zoo.inception_v3()
    assert model.count_params() == 23_851_784  # https://keras.io/api/applications/: 23.9M
    assert model.get_layer("inception_a3__concat").output.shape[1:] == (35, 35, 288)
    assert model.get_layer("inception_b4__concat").output.shape[1:] == (17, 17, 768)
    assert model.get_layer("inception_c2__concat").output.shape[1:] == (8, 8, 2048)


def test_googlenet_has_the_published_size_and_shapes():
    with kl.skeleton():
        model = zoo.inception_v1(auxiliary=True)
    with kl.skeleton():
        plain = zoo.inception_v1()
    # Caffe's bvlc_googlenet, without and with the auxiliary classifiers of training.
    assert plain.count_params() == googlenet(1000) == 6_998_552
    assert model.count_params() == googlenet(1000, auxiliary_area=16) == 13_378_280
    # "output size" of Table 1
    sizes = {"stem__pool1": 56, "stem__conv2__act": 56, "stem__pool2": 28, "pool3": 14, "pool4": 7}
    for name, size in sizes.items():
        assert plain.get_layer(name).output.shape[1:3] == (size, size), name
    depths = {"3a": 256, "3b": 480, "4a": 512, "4d": 528, "4e": 832, "5b": 1024}
    for module, depth in depths.items():
        assert plain.get_layer(f"inception{module}__concat").output.shape[-1] == depth, module
    assert model.get_layer("auxiliary1__pool").output.shape[1:] == (4, 4, 512)


def test_the_main_output_kept_alone_shares_the_weights():
    model = zoo.inception_v1((65, 65, 3), 3, auxiliary=True, width=0.125)
    keep = keras.Model(model.input, model.output["main"])
    assert keep.count_params() == googlenet(3, 0.125)
    assert {id(w) for w in keep.weights} < {id(w) for w in model.weights}


def test_local_response_normalisation_is_the_formula():
    with kl.skeleton():
        model = zoo.inception_v1((8, 8, 3), 2)
    divide = model.get_layer("stem__norm1__divide")
    x = np.random.default_rng(0).normal(scale=50, size=(2, 3, 2, 64)).astype("float32")
    expected = np.empty_like(x)
    for c in range(64):  # https://caffe.berkeleyvision.org/tutorial/layers/lrn.html
        window = x[..., max(0, c - 2) : c + 3].astype("float64")
        expected[..., c] = x[..., c] / (1 + 1e-4 / 5 * (window**2).sum(-1)) ** 0.75
    np.testing.assert_allclose(array(divide(x)), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("width", "millions"),
    [(18, 21.30), (32, 41.23)],  # https://github.com/open-mmlab/mmpretrain, configs/hrnet
)
def test_hrnet_has_the_published_size(width, millions):
    published = hrnet(width, 1000, statistics=0, biases=True)
    assert round(published / 1e6, 2) == millions
    if width == 18:
        with kl.skeleton():
            model = zoo.multi_resolution(width)
        assert model.count_params() == hrnet(width, 1000)
        trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
        assert trainable == published - 3_840  # its biases in front of normalisation
        assert model.get_layer("stage4__multi_resolution3__act1").output.shape[1:] == (56, 56, 18)


def test_an_ensemble_of_given_models_averages_them():
    a = zoo.ensemble(1, (8, 8, 3), 3, width=2, name="a")
    b = zoo.inception_v1((8, 8, 3), 3, width=0.125, name="b")
    both = zoo.ensemble([a, b])
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(array(both(x)), (array(a(x)) + array(b(x))) / 2, rtol=1e-5)
    assert {id(w) for w in both.weights} == {id(w) for w in [*a.weights, *b.weights]}


def a_model(size=4, name="a"):
    x = keras.Input((size,))
    return keras.Model(x, keras.layers.Dense(2)(x), name=name)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: zoo.inception_v1(width=0), ValueError, r"inception_v1\(width.*above 0.*: 0"),
        (lambda: zoo.inception_v1((64, 64, 3), auxiliary=True), ValueError, "65 or more"),
        (lambda: zoo.inception_v1((224, 224)), ValueError, r"inception_v1\(input_shape=...\)"),
        (lambda: zoo.inception_v1(classes=0), ValueError, r"inception_v1\(classes=...\).*: 0"),
        (lambda: zoo.inception_v3((74, 75, 3)), ValueError, "inception_v3.*75 or more"),
        (lambda: zoo.inception_v3(activation="best"), ValueError, "inception_v3.*'best'"),
        (lambda: zoo.inception_v3(width=True), ValueError, r"inception_v3\(width.*True"),
        (lambda: zoo.multi_resolution(0), ValueError, r"multi_resolution\(width=...\).*: 0"),
        (lambda: zoo.multi_resolution(modules=3), ValueError, r"such as \(16, 32\).*: 3"),
        (lambda: zoo.multi_resolution(modules=(1, 0)), ValueError, r"modules=...\).*: 0"),
        (lambda: zoo.multi_resolution(stem=7), ValueError, "multiple of 2. Received: 7; 8 works"),
        (lambda: zoo.ensemble(0), ValueError, r"ensemble\(members=...\).*: 0"),
        (lambda: zoo.ensemble([]), ValueError, "a model or more"),
        (lambda: zoo.ensemble([keras.layers.Dense(2)]), TypeError, "a list of models"),
        (lambda: zoo.ensemble(combine="best"), ValueError, "'average', 'vote'.*'best'"),
        (lambda: zoo.ensemble([a_model(), a_model()]), ValueError, "names of their own.*'a', 'a'"),
        (
            lambda: zoo.ensemble([a_model(), a_model(5, "b")]),
            ValueError,
            r"same shape. Received: \(None, 4\), \(None, 5\)",
        ),
    ],
)
def test_wrong_settings_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
