"""A softmax along the steps of an output whose classes are last, and those that are meant."""

import keras
import pytest
from checking import found, one
from keras import layers, ops

LOSSES = ["sparse_categorical_crossentropy", "categorical_crossentropy"]


def model_of(last, loss, shape=(9, 4), classes=5):
    x = keras.Input(shape, name="x")
    model = keras.Model(x, last(layers.Dense(classes, name="scores")(x)))
    model.compile("sgd", loss)
    return model


WRONG = {
    "layer": lambda h: layers.Softmax(axis=1, name="tags")(h),
    "from the end": lambda h: layers.Softmax(axis=-2, name="tags")(h),
    "in a list": lambda h: layers.Softmax(axis=[1], name="tags")(h),
    "operation": lambda h: ops.softmax(h, axis=1),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", WRONG)
def test_a_softmax_along_the_steps(name, loss):
    finding = one(model_of(WRONG[name], loss), "KL770")
    assert "axis 2" in finding.message
    assert finding.fixes[0].tried
    code = finding.fixes[0].code
    assert "oftmax" in code
    assert "axis=1" not in code
    assert "axis=-2" not in code


def test_along_the_rows_of_an_image():
    one(model_of(WRONG["layer"], LOSSES[0], shape=(6, 6, 3)), "KL770")


def test_one_of_two_outputs():
    x = keras.Input((9, 4), name="x")
    heads = [layers.Softmax(axis=axis, name=f"along_{axis}")(x) for axis in (1, 2)]
    model = keras.Model(x, heads)
    model.compile("sgd", LOSSES)
    assert "'along_1'" in one(model, "KL770").message


def attended(h):
    weights = layers.Softmax(axis=1)(layers.Dense(1)(h))
    return layers.Dense(3, activation="softmax")(ops.sum(weights * h, axis=1))


FINE = {
    "last": lambda h: layers.Softmax(axis=-1)(h),
    "last by number": lambda h: layers.Softmax(axis=2)(h),
    "activation": lambda h: layers.Activation("softmax")(h),
    "operation": lambda h: ops.softmax(h),
    "attention": attended,
}


@pytest.mark.parametrize("name", FINE)
def test_a_softmax_that_is_meant(name):
    assert found(model_of(FINE[name], LOSSES[0]), "KL770") == []


def test_a_loss_that_has_its_classes_there():
    loss = keras.losses.CategoricalCrossentropy(axis=1)
    assert found(model_of(WRONG["layer"], loss), "KL770") == []
    assert found(model_of(WRONG["layer"], "mse"), "KL770") == []
