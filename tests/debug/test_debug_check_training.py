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


def frozen_in_a_loop(make):
    model = compiled(make())
    for layer in model.layers:
        layer.trainable = False
    return model


def flat(*heads):
    x = keras.Input((8,), name="x")
    base = layers.Dense(4, "relu", name="low")(x)
    outputs = [layers.Dense(1, name=name)(layers.Dropout(0.1)(base)) for name in heads]
    return keras.Model(x, outputs if len(heads) > 1 else outputs[0])


@pytest.mark.parametrize("names", [["price"], ["p", "q"]])
def test_frozen_heads_are_named_and_unfrozen(names):
    model = frozen_in_a_loop(lambda: flat(*names))
    finding = one(model, "KL851")
    assert all(repr(name) in finding.message for name in names)
    assert [fix.tried for fix in finding.fixes] == [True, True]
    exec(finding.fixes[0].code, {"model": model})
    assert found(compiled(model), "KL851") == []
    assert not model.get_layer("low").trainable


def test_a_frozen_base_beside_its_frozen_head_is_named():
    model = frozen_in_a_loop(lambda: on(base_of(layers.Dense(4)), layers.Dense(2, name="kind")))
    finding = one(model, "KL851")
    assert "'kind' included" in finding.message
    assert "'base' may stay so" in finding.cause.sentence


def test_a_frozen_model_that_is_nothing_but_its_base_has_no_head_to_name():
    base = base_of(layers.Dense(4))
    inputs = keras.Input((8,))
    model = frozen_in_a_loop(lambda: keras.Model(inputs, base(inputs)))
    finding = one(model, "KL851")
    assert "included" not in finding.message
    assert "may stay so" not in finding.cause.sentence


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


def nested(base):
    inputs = keras.Input((8,))
    return keras.Model(inputs, base(inputs), name="outer")


def normed(*more, name="base"):
    return base_of(layers.Dense(8), layers.BatchNormalization(name="norm"), *more, name=name)


def each_step(layer):
    steps = keras.Input((5, 8))
    told = layers.TimeDistributed(layer, name="each")(steps, training=True)
    return keras.Model(steps, layers.Dense(1)(told))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("base", lambda: on(normed(), training=True)),
        ("outer", lambda: on(nested(normed()), training=True)),
        ("each", lambda: each_step(normed())),
        ("each", lambda: each_step(layers.BatchNormalization(name="norm"))),
    ],
    ids=["nested", "at depth 2", "each step's model", "each step's layer"],
)
def test_training_mode_of_a_model_is_said_once_and_holds(name, make):
    model = make()
    finding = one(model, "KL855")
    assert finding.message.startswith(f"{name!r} is called with training=True")
    assert "'norm'" in finding.message
    x = np.random.default_rng(0).normal(size=(16, *model.input_shape[1:])).astype("float32")
    alone, beside = model(x[:2]), model(x)[:2]
    assert np.abs(np.asarray(alone) - np.asarray(beside)).max() > 1e-3


def frozen(base):
    base.trainable = False
    return base


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("base", lambda: on(frozen(normed()), training=True)),
        ("plants", lambda: on(frozen(normed(name="plants")), training=True)),
        ("outer", lambda: on(frozen(nested(normed())), training=True)),
    ],
)
def test_a_frozen_base_in_training_mode_waits_to_be_unfrozen(name, make):
    model = make()
    finding = one(model, "KL855")
    assert finding.message.startswith(f"{name!r} is frozen and called with training=True")
    assert finding.cause.name == name
    assert finding.fixes[0].tried
    x = np.random.default_rng(0).normal(size=(16, 8)).astype("float32")

    def apart():
        alone, beside = model(x[:2]), model(x)[:2]
        return np.abs(np.asarray(alone) - np.asarray(beside)).max()

    # What the message says: its statistics hold now, and no longer once it trains.
    assert apart() < 1e-5
    model.get_layer(name).trainable = True
    assert apart() > 1e-3


def test_dropouts_of_a_frozen_base_in_training_mode_are_named():
    base = frozen(normed(layers.Dropout(0.5, name="drop")))
    model = on(base, training=True)
    assert "'drop'" in one(model, "KL855").message
    inputs = keras.Input((8,))
    # To draw several predictions of a trained model, whose normalisation frozen stays as it is.
    assert found(keras.Model(inputs, base(inputs, training=True)), "KL855") == []


def test_a_norm_frozen_by_itself_before_any_training():
    def make():
        inputs = keras.Input((8,))
        norm = layers.BatchNormalization(name="norm")
        model = keras.Model(inputs, layers.Dense(1)(norm(layers.Dense(8)(inputs))))
        norm.trainable = False
        return model, norm

    model, norm = make()
    assert "frozen by itself" in one(model, "KL855").message
    norm.moving_variance.assign(np.full(8, 2.0, "float32"))
    assert found(model, "KL855") == []
    model, norm = make()
    norm.gamma.assign(np.full(8, 2.0, "float32"))
    assert found(model, "KL855") == []


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
