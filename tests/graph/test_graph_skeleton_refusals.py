"""What a skeleton refuses, and what is built plainly instead, with the reason."""

import re

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph import SkeletonError, build_skeleton, is_skeleton, materialize, skeleton

# Keras 3.15 with NumPy 2 warns wherever a variable becomes an array.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).random((32, 8)).astype("float32")
Y = X.sum(1, keepdims=True)


def tower(compiled=True):
    x = inputs = L.Input((8,))
    x = L.BatchNormalization()(L.Dense(4, activation="relu")(x))
    model = keras.Model(inputs, L.Dense(1)(L.Dropout(0.5)(x)))
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
    return model


GUARDED = {
    "call": lambda m: m(X),
    "predict": lambda m: m.predict(X),
    "fit": lambda m: m.fit(X, Y),
    "evaluate": lambda m: m.evaluate(X, Y),
    "train_on_batch": lambda m: m.train_on_batch(X, Y),
    "test_on_batch": lambda m: m.test_on_batch(X, Y),
    "predict_on_batch": lambda m: m.predict_on_batch(X),
    "save": lambda m: m.save("never.keras"),
    "save_model": lambda m: keras.saving.save_model(m, "never.keras"),
    "save_weights": lambda m: m.save_weights("never.weights.h5"),
    "get_weights": lambda m: m.get_weights(),
    "set_weights": lambda m: m.set_weights([]),
    "export": lambda m: m.export("never"),
    "layer": lambda m: m.layers[1](X),
    "layer weights": lambda m: m.layers[1].get_weights(),
    "layer set_weights": lambda m: m.layers[1].set_weights([np.ones((8, 4)), np.ones(4)]),
    "assign": lambda m: m.layers[1].bias.assign(np.ones(4)),
    "assign_add": lambda m: m.layers[1].bias.assign_add(np.ones(4)),
    "layer numpy": lambda m: m.layers[1].kernel.numpy(),
    "part": lambda m: keras.Model(m.inputs, m.layers[2].output).predict(X, verbose=0),
}


@pytest.mark.parametrize("how", GUARDED)
def test_a_skeleton_says_what_to_do(how, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with skeleton():
        model = tower()
    with pytest.raises(
        SkeletonError, match=r"no weights.*keraslab\.materialize\(model\)"
    ) as caught:
        GUARDED[how](model)
    assert "Arguments received" not in str(caught.value)
    assert is_skeleton(model)
    materialize(model)
    model.predict(X, verbose=0)


def stateful():
    inputs = keras.Input(batch_shape=(2, 3, 4))
    return keras.Model(inputs, L.LSTM(3, stateful=True)(inputs))


def adapted():
    norm = L.Normalization()
    norm.adapt(X)
    return keras.Sequential([L.Input((8,)), norm, L.Dense(1)])


def fitted():
    model = tower()
    model.fit(X, Y, verbose=0)
    return model


def assigned():
    model = tower()
    model.layers[1].kernel.assign(np.ones((8, 4)))
    return model


def swallowed():
    try:
        return assigned()
    except Exception:
        return tower()


def with_optimizer():
    model = tower(compiled=False)
    model.compile(keras.optimizers.Adam(0.1), "mse")
    return model


def with_metric():
    model = tower(compiled=False)
    model.compile("adam", "mse", metrics=[keras.metrics.AUC()])
    return model


def with_rate():
    model = tower()
    model.optimizer.learning_rate = 0.5
    return model


def called():
    model = tower()
    model(X)
    return model


def predicted():
    model = tower()
    model.predict(X, verbose=0)
    return model


def set_():
    model = tower()
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    return model


def quantized():
    model = L.Dense(3)
    model.build((None, 8))
    model.quantize("int8")
    return model


PLAIN = {
    stateful: "LSTM",
    adapted: "changes the values of weights",
    fitted: r"calls fit\(\)",
    assigned: "changes the values of weights",
    with_optimizer: r"Adam\(\)",
    with_metric: "live AUC object",
    with_rate: "compiled model",
    called: "uses the values",
    predicted: r"calls predict\(\)",
    set_: "uses the values",
    quantized: "the values of weights",
    swallowed: "changes the values of weights",
}


@pytest.mark.parametrize("build", PLAIN, ids=lambda f: f.__name__)
def test_what_needs_values_is_built_plainly_with_the_reason(build):
    built = build_skeleton(build)
    assert not built.skeleton
    assert built.reason is not None
    assert built.reason.endswith(".")
    assert re.search(PLAIN[build], built.reason), built.reason
    assert not is_skeleton(built.model)
    assert built.model.get_weights()


@pytest.mark.parametrize("build", [adapted, with_optimizer, swallowed], ids=lambda f: f.__name__)
def test_the_scope_itself_says_what_needs_values(build):
    with pytest.raises(SkeletonError, match=PLAIN[build]), skeleton():
        build()


def test_a_variable_from_an_array_is_built_plainly():
    built = build_skeleton(lambda: keras.Variable(np.ones(3)))
    assert built.reason == (
        "The build function makes a keras.Variable from an array, whose value must exist at once."
    )
    assert built.model.numpy().sum() == 3


def test_an_error_of_the_build_function_comes_out_once_after_one_call():
    calls = []

    def build():
        calls.append(1)
        return L.Dense(3)(L.Reshape((5,))(L.Input((4,))))

    with pytest.raises(ValueError, match="total size") as caught:
        build_skeleton(build)
    assert calls == [1]
    assert caught.value.__cause__ is None
    assert any(entry.name == "build" for entry in caught.traceback)

    def after_compile():
        calls.append(1)
        tower()
        raise LookupError("mine")

    # `compile` was put off, so that the error may come from that: the plain call decides.
    with pytest.raises(LookupError, match="mine") as caught:
        build_skeleton(after_compile)
    assert len(calls) == 3
    assert caught.value.__context__ is None
