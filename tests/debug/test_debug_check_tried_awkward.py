"""A rule still speaks where what it would offer cannot be tried."""

import keras
import numpy as np
from checking import one
from keras import layers as L

from keraslab.debug import _copied

RNG = np.random.default_rng(0)
MADE = []


class Counted(keras.metrics.Metric):
    """A metric that only its author can make again."""

    def __init__(self, threshold):
        MADE.append(threshold)
        super().__init__(name="counted")
        self.threshold = threshold

    def update_state(self, *_, **__):
        MADE.append("asked")

    def result(self):
        return keras.ops.zeros(())


def test_with_a_metric_that_cannot_be_made_again():
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(3, activation="softmax")(x))
    model.compile("sgd", "categorical_crossentropy", metrics=[Counted(0.5)])
    MADE.clear()
    given = {"x": RNG.normal(size=(20, 4)), "y": RNG.integers(0, 3, 20)}
    assert "loss='sparse_categorical_crossentropy'" in [
        fix.code for fix in one(model, "KL772", **given).fixes
    ]
    assert MADE == []


def test_with_targets_in_a_list_of_numbers_of_numpy():
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(3, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    given = {"x": 1e5 * RNG.normal(size=(20, 4)) + 3e5, "y": list(RNG.integers(0, 3, 20))}
    assert [fix.tried for fix in one(model, "KL778", **given).fixes] == [True]


def test_with_a_block_in_a_base_that_is_frozen_at_the_wrong_end():
    inner = keras.Input((4,))
    block = keras.Model(inner, L.Dense(4)(L.Dense(4)(inner)), name="block")
    block.trainable = False
    start = keras.Input((4,))
    base = keras.Sequential([start, *[L.Dense(4) for _ in range(6)], block], name="base")
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(1)(base(x)))
    model.compile("sgd", "mse")
    (fix,) = one(model, "KL853").fixes
    assert "base.layers[:-6]" in fix.code
    assert fix.tried


def test_a_model_with_many_weights_is_not_copied(monkeypatch):
    x = keras.Input((4,))
    h = L.BatchNormalization()(L.Dense(8)(x), training=True)
    model = keras.Model(x, L.Dense(1)(h))
    assert [fix.tried for fix in one(model, "KL855").fixes] == [True]
    monkeypatch.setattr(_copied, "_WEIGHTS", 50)
    assert [fix.tried for fix in one(model, "KL855").fixes] == [False]
