"""A training without a loss in ``compile`` is rehearsed where its layers may add one."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.debug._fit_trial import FitTrial
from keraslab.debug._reading_values import UnsureError
from keraslab.graph.keras_internals import compiled_with


class Paying(L.Layer):
    def call(self, x):
        self.add_loss(keras.ops.mean(x))
        return x


def tried(*rows):
    """Try a fit of a model of these layers, compiled without a loss."""
    model = keras.Sequential([keras.Input((4,)), *rows])
    model.compile("sgd")
    given = {"x": np.ones((8, 4), "float32"), "y": None}
    trial = FitTrial("fit", model, given, compiled_with(model)._asdict(), fresh=False)
    trial.finish()
    model.fit(given["x"], verbose=0)


@pytest.mark.parametrize("setting", ["activity_regularizer", "kernel_regularizer"])
def test_a_regularizer_is_a_loss(setting):
    tried(L.Dense(2, use_bias=False, **{setting: "l2"}))


def test_what_ones_own_layer_may_add_is_not_known():
    with pytest.raises(UnsureError):
        tried(L.Dense(2), Paying())


def test_no_loss_at_all_fails():
    with pytest.raises(ValueError, match="loss"):
        tried(L.Dense(2))
