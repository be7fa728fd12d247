"""Classes of layers where a function, or a layer already made, belongs."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL103 trained
x = np.zeros((8, 6), "float32")
i = keras.Input((6,))
model = keras.Model(i, layers.Dense(1, activation=layers.LeakyReLU)(i))  # cause
model.compile("adam", "mse")
model.fit(x, np.zeros((8, 1)), verbose=0)
### KL103 in-a-loop
h = i = keras.Input((6,))
for depth, units in enumerate((8, 4)):
    h = layers.Dense(units, activation=layers.LeakyReLU, name=f"fc{depth}")(h)  # cause
model = keras.Model(i, layers.Dense(1)(h))
model.compile("adam", "mse")
model.fit(np.zeros((8, 6)), np.zeros((8, 1)), verbose=0)
### KL103 in-a-function
def block(t, filters):
    return layers.Conv2D(filters, 3, activation=layers.ELU)(t)  # cause
i = keras.Input((8, 8, 3))
model = keras.Model(i, layers.Flatten()(block(block(i, 4), 4)))
model.predict(np.zeros((2, 8, 8, 3)), verbose=0)
### KL103 argument-of-a-function
def block(t, units, act):
    return layers.Dense(units, activation=act)(t)
i = keras.Input((6,))
model = keras.Model(i, block(i, 4, layers.ReLU))  # cause
model(np.zeros((2, 6)))
### KL103 weights-of-its-own
from keras.layers import Dense, PReLU
class Net:
    def __init__(self):
        i = keras.Input((6,))
        h = Dense(4, activation=PReLU)(i)  # cause
        self.model = keras.Model(i, Dense(1)(h))
        self.model.compile("adam", "mse")
net = Net()
net.model.fit(np.zeros((8, 6)), np.zeros((8, 1)), verbose=0)
### KL103 activation-layer
last = layers.Activation(layers.Softmax)  # cause
model = keras.Sequential([keras.Input((6,)), layers.Dense(4), last])
model.predict(np.zeros((2, 6)), verbose=0)
### KL103 recurrent
i = keras.Input((5, 2))
model = keras.Model(i, layers.LSTM(3, activation=layers.LeakyReLU)(i))  # cause
model.predict(np.zeros((2, 5, 2)), verbose=0)
### KL103 both-ways
i = keras.Input((5, 2))
inner = layers.GRU(3, recurrent_activation=layers.ReLU)  # cause
model = keras.Model(i, layers.Bidirectional(inner)(i))
model.predict(np.zeros((2, 5, 2)), verbose=0)
### KL103 eagerly
i = keras.Input((6,))
model = keras.Model(i, layers.Dense(2, "relu")(layers.Dense(4, layers.LeakyReLU)(i)))  # cause
model.compile("adam", "mse", run_eagerly=True)
model.fit(np.zeros((8, 6)), np.zeros((8, 2)), verbose=0)
### KL103 lambda
x = keras.Input((6,))
y = layers.Lambda(layers.ReLU)(x)  # cause
### KL103 each-step
x = keras.Input((5, 4))
y = layers.TimeDistributed(layers.Dense)(x)  # cause
### KL103 wrapped
x = keras.Input((5, 4))
y = layers.Bidirectional(layer=layers.LSTM, merge_mode="sum")(x)  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[m.id for m in MISTAKES])
def test_a_class_where_a_function_belongs_is_found(mistake: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert "is the class" in finding.message


RIGHT = """
import keras
import numpy as np
from keras import layers

i = keras.Input((6,))
settings = {"kernel_initializer": keras.initializers.HeNormal,
            "kernel_regularizer": keras.regularizers.L2,
            "kernel_constraint": keras.constraints.NonNeg}
h = layers.Dense(4, activation=layers.LeakyReLU(), **settings)(i)
model = keras.Model(i, layers.Dense(1, activation=keras.activations.relu)(h))
assert isinstance(model.layers[1].activation, layers.LeakyReLU)
model.compile("adam", "mse")
"""


def test_classes_that_keras_takes_are_not_blamed(tmp_path: Path) -> None:
    source = RIGHT + "model.fit(np.zeros((8, 7)), np.zeros((8, 1)), verbose=0)\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.code != "KL103"


def test_another_mistake_than_the_class_is_not_hidden_by_it(tmp_path: Path) -> None:
    source = RIGHT.replace("LeakyReLU(),", "LeakyReLU,").replace("assert", "#")
    source += "model.fit(np.zeros((8, 7)), np.zeros((8, 1)), verbose=0)\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.code != "KL103"
