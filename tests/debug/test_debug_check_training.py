"""Frozen weights and batch normalisation: what fires, and what must not."""

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers

import keraslab as kl


def base_of(*rows, name="base", width=8):
    return keras.Sequential([keras.Input((width,)), *rows], name=name)


def on(base, head=None, **call):
    inputs = keras.Input(base.input_shape[1:], name="x")
    head = head or layers.Dense(1, name="head")
    return keras.Model(inputs, head(base(inputs, **call)))


def compiled(model):
    model.compile("adam", loss="mse")
    return model


def test_frozen_as_a_whole():
    model = on(base_of(layers.Dense(4)))
    model.trainable = False
    finding = one(compiled(model), "KL851")
    assert finding.severity == "error"
    assert model.name in finding.cause.sentence
    scope = {"model": model, "base": model.layers[1]}
    exec(finding.fixes[0].code, scope)
    assert found(compiled(model), "KL851") == []
    assert len(model.trainable_weights) == 2


def test_frozen_layer_by_layer():
    model = on(base_of(layers.Dense(4)))
    for layer in model.layers:
        layer.trainable = False
    assert one(compiled(model), "KL851").cause.sentence.startswith("Every layer")


def test_frozen_and_fine():
    model = on(base_of(layers.Dense(4)))
    model.layers[1].trainable = False
    assert found(compiled(model), "KL851") == []
    extractor = base_of(layers.Dense(4))
    extractor.trainable = False
    assert found(extractor, "KL851") == []
    nothing = keras.Sequential([keras.Input((8,)), layers.Rescaling(0.5)])
    assert found(compiled(nothing), "KL851") == []
    extractor.compile(metrics=["mse"])
    assert found(extractor, "KL851") == []


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_frozen_head(activation):
    inputs = keras.Input((8,))
    head = layers.Dense(3, name="head", activation=activation)
    model = keras.Model(inputs, layers.Dropout(0.1)(head(layers.Dense(8, name="body")(inputs))))
    head.trainable = False
    finding = one(model, "KL852")
    assert finding.cause.name == "head"
    exec(finding.fixes[0].code, {"model": model})
    assert found(model, "KL852") == []


def test_frozen_parts_that_are_fine():
    generator = base_of(layers.Dense(8, activation="relu"), name="generator")
    critic = base_of(layers.Dense(8, activation="relu"), layers.Dense(1), name="critic")
    critic.trainable = False
    inputs = keras.Input((8,))
    assert found(keras.Model(inputs, critic(generator(inputs))), "KL85") == []
    frozen = base_of(layers.Dense(8, activation="relu"))
    frozen.trainable = False
    assert found(on(frozen), "KL85") == []


def rows(number=6):
    return [layers.Dense(8, activation="relu", name=f"row{i}") for i in range(number)]


def test_frozen_at_the_wrong_end():
    base = base_of(*rows())
    for layer in base.layers[2:]:
        layer.trainable = False
    finding = one(on(base), "KL853")
    assert finding.cause.name == "row2"
    assert "'base'" in finding.message


def test_fine_tuned_at_the_right_end():
    base = base_of(*rows())
    for layer in base.layers[:4]:
        layer.trainable = False
    assert found(on(base), "KL853") == []


def test_norm_alone_trains_in_a_frozen_base():
    base = base_of(layers.Dense(8), layers.BatchNormalization(name="norm"), layers.ReLU())
    base.layers[0].trainable = False
    finding = one(on(base), "KL854")
    assert finding.cause.name == "norm"
    exec(finding.fixes[0].code, {"base": base})
    assert found(on(base), "KL854") == []


def test_frozen_base_run_in_inference_mode():
    base = base_of(layers.Dense(8), layers.BatchNormalization(), layers.ReLU())
    base.layers[0].trainable = False
    assert found(on(base, training=False), "KL854") == []
    assert found(on(base), "KL855") == []


def test_training_mode_for_good():
    base = base_of(layers.Dense(8), layers.BatchNormalization(name="norm"))
    assert one(on(base, training=True), "KL855").cause.name == "norm"
    inputs = keras.Input((8,))
    x = layers.BatchNormalization(name="norm")(inputs, training=True)
    assert "training=True" in one(keras.Model(inputs, x), "KL855").message


def test_inference_mode_before_any_training():
    inputs = keras.Input((8,))
    norm = layers.BatchNormalization(name="norm")
    model = keras.Model(inputs, layers.Dense(1)(norm(layers.Dense(8)(inputs), training=False)))
    assert one(model, "KL855").cause.name == "norm"
    norm.moving_mean.assign(np.ones(8, "float32"))
    assert found(model, "KL855") == []


def test_modes_left_to_keras():
    base = base_of(layers.Dense(8), layers.BatchNormalization())
    assert found(on(base), "KL855") == []
    assert found(on(base, training=False), "KL855") == []
    inputs = keras.Input((8,))
    drops = layers.Dropout(0.5)(layers.Dense(8)(inputs), training=True)
    assert found(keras.Model(inputs, drops), "KL855") == []


def logits(last, head=None):
    inputs = keras.Input((8,))
    x = (head or layers.Dense(3, name="scores"))(inputs)
    return keras.Model(inputs, last(layers.BatchNormalization(name="norm")(x)))


def test_norm_before_softmax():
    for last in (layers.Softmax(), layers.Activation("sigmoid"), keras.ops.softmax):
        assert one(logits(last), "KL856").cause.name == "norm"


def test_norm_elsewhere():
    assert found(logits(layers.ReLU()), "KL856") == []
    assert found(logits(layers.Identity()), "KL856") == []
    with kl.skeleton():
        model = keras.Sequential(
            [keras.Input((8,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(3)]
        )
    assert found(model, "KL8") == []
