"""Losses of one's own in which samples meet that do not belong together, and look-alikes."""

import functools

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers, ops

X = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
Y = X.sum(1, keepdims=True)


def model_of(loss=None, units=1, **compiled):
    rows = keras.Input((6,), name="rows")
    model = keras.Model(rows, layers.Dense(units, name="score")(rows))
    model.compile("sgd", loss=loss, **compiled)
    return model


def indexed(y_true, y_pred):
    error = y_true[:, 0] - y_pred
    return ops.mean(ops.where(error > 0, 4.0 * error, -error))


def squeezed(y_true, y_pred):
    return ops.square(y_true - ops.squeeze(y_pred, -1))


def flattened(y_true, y_pred):
    return ops.mean(ops.abs(ops.reshape(y_pred, (-1,)) - y_true), axis=-1)


def reduced(y_true, y_pred):
    return ops.abs(ops.mean(y_true, axis=-1) - y_pred)


def weighed(y_true, y_pred):
    return ops.mean(ops.sum(y_true, axis=-1) * ops.square(y_true - y_pred))


def helped(y_true, y_pred):
    def distance(one, other):
        return ops.log(ops.cosh(one - other))

    return distance(ops.ravel(y_true), y_pred)


def quantile(level):
    def pinball(y_true, y_pred):
        error = y_true - y_pred[..., 0]
        return ops.maximum(level * error, (level - 1) * error)

    return pinball


class Robust(keras.losses.Loss):
    def __init__(self, width=1.0):
        super().__init__()
        self.width = width

    def call(self, y_true, y_pred):
        return ops.abs(y_true[:, 0] - y_pred) / self.width


def tensorflows(y_true, y_pred):
    tf = pytest.importorskip("tensorflow")
    return tf.reduce_mean(tf.square(tf.squeeze(y_true, -1) - y_pred))


WRONG = {
    "indexed": indexed,
    "squeezed": squeezed,
    "flattened": flattened,
    "reduced": reduced,
    "weighed": weighed,
    "helped": helped,
    "pinball": quantile(0.9),
    "lambda": lambda true, score: ops.square(true[:, 0] - score),
    "Robust": Robust(2.0),
    "class": Robust,
    "partial": functools.partial(lambda t, p, power: ops.abs(t[:, 0] - p) ** power, power=2),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_sample_meets_every_other(name):
    finding = one(model_of(WRONG[name]), "KL780", x=X, y=Y)
    assert "n values against n × 1" in finding.message
    assert finding.cause is not None


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="functions of TensorFlow")
def test_functions_of_the_backend():
    assert one(model_of(tensorflows), "KL780", x=X, y=Y).fixes[0].tried


@pytest.mark.parametrize("name", ["indexed", "squeezed", "pinball", "Robust", "lambda"])
def test_the_change_makes_it_a_loss_of_each_sample(name):
    loss = WRONG[name]
    finding = one(model_of(loss), "KL780", x=X, y=Y)
    fix = finding.fixes[-1]
    assert fix.tried
    call = loss.call if name == "Robust" else loss
    first, second = ("true", "score") if name == "lambda" else ("y_true", "y_pred")

    def mended(y_true, y_pred):
        given = {first: y_true, second: y_pred, "keras": keras}
        exec(fix.code, given)
        return call(given[first], given[second])

    assert found(model_of(mended), "KL780", x=X, y=Y) == []


LINES = {
    "indexed": "error = y_true[:, 0:1] - y_pred",
    "squeezed": "return ops.square(y_true - y_pred)",
    "flattened": "return ops.mean(ops.abs(y_pred - y_true), axis=-1)",
    "reduced": "return ops.abs(ops.mean(y_true, axis=-1, keepdims=True) - y_pred)",
    "weighed": (
        "return ops.mean(ops.sum(y_true, axis=-1, keepdims=True) * ops.square(y_true - y_pred))"
    ),
    "helped": "return distance(y_true, y_pred)",
    "pinball": "error = y_true - y_pred[..., 0:1]",
    "Robust": "return ops.abs(y_true[:, 0:1] - y_pred) / self.width",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_keeps_the_axis(name):
    fix = one(model_of(WRONG[name]), "KL780", x=X, y=Y).fixes[0]
    assert (fix.code, fix.tried) == (LINES[name], True)


def test_nothing_of_a_loss_is_defined_anew():
    made = []

    def once(function):
        made.append(function)
        return function

    @once
    def marked(y_true, y_pred, *, least=made.append):
        return ops.square(y_true[:, 0] - y_pred)

    one(model_of(marked), "KL780", x=X, y=Y)
    assert len(made) == 1


def test_the_name_of_the_loss_is_said():
    assert "indexed" in one(model_of(indexed), "KL780", x=X, y=Y).message
    assert "pinball" in one(model_of(quantile(0.5)), "KL780", x=X, y=Y).message
    assert "Robust" in one(model_of(Robust), "KL780", x=X, y=Y).message


def test_a_metric_and_one_of_two_outputs():
    assert "indexed" in one(model_of("mse", metrics=[indexed]), "KL780", x=X, y=Y).message
    rows = keras.Input((6,), name="rows")
    heads = [layers.Dense(1, name=name)(rows) for name in ("low", "high")]
    model = keras.Model(rows, heads)
    model.compile("sgd", loss={"low": "mse", "high": indexed})
    finding = one(model, "KL780", x=X, y={"low": Y, "high": Y})
    assert finding.graph.call_by_id[finding.calls[0]].name == "high"


def test_a_column_of_weights_in_the_targets():
    def by_column(y_true, y_pred):
        return ops.mean(y_true[:, 1] * ops.square(y_true[:, :1] - y_pred))

    pairs = np.concatenate([Y, np.abs(Y)], axis=1)
    finding = one(model_of(by_column), "KL780", x=X, y=pairs)
    (fix,) = finding.fixes
    assert "y_true[:, 1:2]" in fix.code
    assert fix.tried


# Look-alikes.


def both(y_true, y_pred):
    return ops.square(y_true[:, 0] - y_pred[:, 0])


def by_column_kept(y_true, y_pred):
    return y_true[:, 1:] * ops.square(y_true[:, :1] - y_pred)


def pairs_on_purpose(y_true, y_pred):
    score = y_pred[:, 0]
    wanted = ops.sign(y_true - ops.transpose(y_true))
    return ops.mean(ops.softplus(-wanted * (score[:, None] - score)))


def spread(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred)) + 0.1 * ops.std(y_pred)


def centred(y_true, y_pred):
    return ops.square(y_true - y_pred - ops.mean(y_true - y_pred, axis=0))


def contrast(y_true, y_pred):
    alike = ops.matmul(y_pred, ops.transpose(y_pred))
    return ops.mean(ops.square(alike - ops.matmul(y_true, ops.transpose(y_true))))


class Plain(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


FINE = {
    "both": both,
    "by_column_kept": by_column_kept,
    "pairs_on_purpose": pairs_on_purpose,
    "spread": spread,
    "centred": centred,
    "contrast": contrast,
    "Plain": Plain(),
    "mse": "mse",
    "huber": keras.losses.Huber(),
    "of numbers": lambda true, score: 0.0 * ops.mean(score),
}


@pytest.mark.parametrize("name", FINE)
def test_no_samples_meet_by_chance(name):
    target = np.concatenate([Y, np.abs(Y)], axis=1) if name == "by_column_kept" else Y
    assert found(model_of(FINE[name]), "KL780", x=X, y=target) == []


def test_keras_brings_flat_targets_to_the_outputs():
    def plain(y_true, y_pred):
        return ops.square(y_true - y_pred)

    assert found(model_of(plain), "KL780", x=X, y=Y[:, 0]) == []
    assert found(model_of(both), "KL780", x=X, y=Y[:, 0]) == []


def test_a_loss_that_cannot_be_followed_is_left_alone():
    def odd(y_true, y_pred):
        raise RuntimeError("not here")

    assert found(model_of(odd), "KL780", x=X, y=Y) == []
