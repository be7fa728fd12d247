"""What a probe measures is what the model does, and the model is afterwards what it was."""

import json
import random

import keras
import numpy as np
import pytest
from keras import layers as L

import keraslab as kl
from keraslab.debug import probe
from keraslab.debug._probe_stats import Tally
from keraslab.graph import SkeletonError

RNG = np.random.default_rng(3)


def compiled(x, y, loss="mse", **settings):
    model = keras.Model(x, y, **settings)
    model.compile("sgd", loss)
    return model


def stack(skip, activation="sigmoid", depth=20, spread=None):
    x = keras.Input((8,), name="x")
    h = L.Dense(16, name="first")(x)
    for number in range(depth):
        start = keras.initializers.RandomNormal(0, spread) if spread else "glorot_uniform"
        y = L.Dense(16, activation, kernel_initializer=start, name=f"d{number}")(h)
        h = L.Add(name=f"add{number}")([h, y]) if skip else y
    return compiled(x, L.Dense(1, name="out")(h), name="residual" if skip else "plain")


def data(model, samples=16):
    x = [RNG.normal(size=(samples, *t.shape[1:])).astype("float32") for t in model.inputs]
    y = [RNG.normal(size=(samples, *t.shape[1:])).astype("float32") for t in model.outputs]
    return (x[0] if len(x) == 1 else x), (y[0] if len(y) == 1 else y)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "cell",
    [{"activation": "sigmoid"}, {"activation": "tanh", "spread": 0.08}],
    ids=["sigmoid", "tanh"],
)
def test_a_plain_stack_fades_and_skips_do_not(seed, cell):
    keras.utils.set_random_seed(seed)
    plain, residual = stack(False, **cell), stack(True, **cell)
    faded, kept = probe(plain, *data(plain)), probe(residual, *data(residual))
    assert faded.fade < 1e-6
    assert 0.1 < kept.fade < 10
    # From layer to layer, not at one place only.
    norms = [faded[f"d{number}"].gradient for number in range(20)]
    assert all(a < b for a, b in zip(norms[:-5:5], norms[5::5], strict=True))


@pytest.mark.parametrize("head", ["softmax", "softmax layer", "sigmoid"])
def test_an_output_that_saturates_is_no_end_to_measure_from(head):
    def made(skip, depth):
        x = keras.Input((20,))
        h = L.Dense(32)(x)
        for _ in range(depth):
            y = L.Dense(32, "sigmoid")(h)
            h = L.Add()([h, y]) if skip else y
        units = 1 if head == "sigmoid" else 10
        out = L.Dense(units, None if head == "softmax layer" else head)(h)
        loss = "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"
        return compiled(x, L.Softmax()(out) if head == "softmax layer" else out, loss)

    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(16, 20)).astype("float32")
    y = RNG.integers(0, 2, size=(16, 1))
    residual, plain = made(True, 14), made(False, 16)
    assert 0.1 < probe(residual, x, y).fade < 10
    assert probe(plain, x, y).fade < 1e-6
    assert "KL874" in kl.check(plain, x, y).codes
    assert not {"KL874", "KL875", "KL877"} & set(kl.check(residual, x, y).codes)
    rows = [row.gradient for row in probe(residual, x, y).rows if row.weights]
    if head == "softmax":  # with respect to probabilities it is of another size
        assert not 0.01 < rows[0] / rows[-1] < 100


def test_the_numbers_are_those_of_plain_calculus():
    x = keras.Input((2,), name="x")
    layer = L.Dense(1, use_bias=False, name="w")
    model = compiled(x, layer(x))
    layer.set_weights([np.array([[2.0], [3.0]])])
    a, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0], [0.0]])
    found = probe(model, a, y)
    # Outputs 2 and 3; loss (4 + 9) / 2; slopes of each sample's own loss 4 and 6.
    assert found.loss == pytest.approx(6.5)
    row = found["w"]
    assert (row.mean, row.std, row.min, row.max) == pytest.approx((2.5, 0.5, 2, 3))
    assert row.gradient == pytest.approx(((16 + 36) / 2) ** 0.5)
    assert row.weight_gradient == pytest.approx((2**2 + 3**2) ** 0.5)
    assert row.weight_norm == pytest.approx(13**0.5)
    assert row.ratio == pytest.approx(1)
    assert found["x"].gradient == pytest.approx(((16 + 36) * 13 / 2) ** 0.5)
    assert found["x"].zeros == 0.5
    assert found.outputs == {"w#0": 1.0}


def everything():
    """Shared layers, a nested model called twice, operations, two inputs and outputs."""
    a, b = keras.Input((6, 6, 3), name="a"), keras.Input((5,), name="b")
    inner = keras.Input((6, 6, 3), name="inner")
    deep = L.Conv2D(4, 3, activation="relu", name="conv")(inner)
    encoder = keras.Model(inner, L.GlobalAveragePooling2D(name="pool")(deep), name="encoder")
    twice = L.Dense(4, name="twice", kernel_regularizer="l2")
    h = keras.ops.concatenate([encoder(a), encoder(a * 0.5), twice(L.Dense(3)(b)), b], axis=-1)
    h = twice(L.Dense(3, activation="tanh", activity_regularizer="l2")(h))
    return keras.Model([a, b], [L.Dense(1, name="one")(h), L.Dense(2, name="two")(h)])


def test_parts_of_a_batch_give_the_numbers_of_the_whole():
    model = everything()
    model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 3.0])
    x, y = data(model, 13)
    whole, parts = probe(model, x, y, batch_size=13), probe(model, x, y, batch_size=4)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-5)
    for one, other in zip(whole.rows, parts.rows, strict=True):
        for name in ("mean", "std", "min", "max", "gradient", "weight_gradient", "dead"):
            a, b = getattr(one, name), getattr(other, name)
            assert a == b or a == pytest.approx(b, rel=1e-3, abs=1e-7), (one.call, name)


def test_every_call_is_seen_and_runs_as_the_model_does():
    model = everything()
    model.compile("sgd", ["mse", "mae"])
    x, y = data(model)
    found = probe(model, x, y)
    assert [row.call for row in found.rows] == [c.id for c in kl.read_graph(model).calls]
    assert all(row.std is not None and row.gradient > 0 for row in found.rows)
    assert {"encoder#0/conv#0", "encoder#1/conv#0", "twice#0", "twice#1"} <= {
        row.call for row in found.rows
    }
    assert found["encoder#0/conv#0"].mean != found["encoder#1/conv#0"].mean
    for name, given in zip(("one", "two"), model.predict(x, verbose=0), strict=True):
        assert found[name].mean == pytest.approx(given.mean(), abs=1e-5)
        assert found[name].std == pytest.approx(given.std(), abs=1e-5)
    assert found.loss == pytest.approx(model.evaluate(x, y, verbose=0)[0], rel=1e-4)


def test_masks_go_along():
    ids = keras.Input((7,), dtype="int32", name="ids")
    h = L.LSTM(4, name="lstm")(L.Embedding(9, 3, mask_zero=True, name="words")(ids))
    model = compiled(ids, L.Dense(1, name="out")(h))
    x = RNG.integers(1, 9, (8, 7))
    x[:, 4:] = 0
    found = probe(model, x, RNG.normal(size=(8, 1)))
    assert found["out"].mean == pytest.approx(model.predict(x, verbose=0).mean(), abs=1e-6)
    assert found["ids"].gradient is None
    assert found["words"].gradient > 0


class Doubled(keras.layers.Layer):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.inner = L.Dense(3, name="inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x) * 2.0


class Own(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.hidden, self.out = L.Dense(4, activation="relu", name="hidden"), L.Dense(1)

    def call(self, x, training=False):
        return self.out(self.hidden(x))


def test_of_a_layer_with_its_own_code_the_output_is_seen():
    x = keras.Input((4,), name="x")
    model = compiled(x, L.Dense(1, name="out")(Doubled(name="doubled")(x)))
    a, y = data(model)
    found = probe(model, a, y)
    inside = [row for row in found.rows if row.call.startswith("doubled#0/")]
    assert [row.std is not None for row in inside] == [False, True]
    expected = model.get_layer("doubled")(a)
    assert inside[1].mean == pytest.approx(float(keras.ops.mean(expected)), abs=1e-6)
    assert inside[0].weight_gradient > 0


def test_a_subclassed_model_is_followed():
    model = Own()
    a, y = RNG.normal(size=(16, 4)).astype("float32"), RNG.normal(size=(16, 1))
    model(a)
    model.compile("sgd", "mse")
    found = probe(model, a, y)
    assert found["hidden"].dead is not None
    assert found["hidden"].gradient > 0


def state_of(model):
    values = [np.array(v) for v in [*model.variables, *model.optimizer.variables]]
    values += [np.array(v) for metric in model.metrics for v in metric.variables]
    return [*values, np.array(random.getstate()[1]), np.random.get_state()[1]]


@pytest.mark.parametrize("fitted", [False, True])
def test_nothing_of_the_model_changes(fitted):
    x = keras.Input((3, 3, 2), name="x")
    h = L.BatchNormalization()(L.Conv2D(2, 2)(x))
    h = L.Dropout(0.5, seed=1)(L.Flatten()(L.ReLU()(h)))
    model = keras.Model(x, L.Dense(2)(L.GaussianNoise(0.1)(h)))
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=True)
    a, y = data(model)
    if fitted:
        model.fit(a, y, epochs=1, verbose=0)
    before, losses = state_of(model), list(model.losses)
    built = model.optimizer.built
    first, second = probe(model, a, y), probe(model, a, y)
    assert str(first) == str(second)
    after = state_of(model)
    assert len(before) == len(after)
    assert all(np.array_equal(b, c) for b, c in zip(before, after, strict=True))
    assert model.optimizer.built is built
    assert list(model.losses) == losses
    if not fitted:  # targets of another form may still come
        model.fit(a, [y], epochs=1, verbose=0)


def test_batch_norm_acts_as_in_training_where_gradients_are_taken():
    x = keras.Input((4,), name="x")
    h = L.BatchNormalization(name="norm")(x)
    model = compiled(x, L.Dense(1)(h))
    a, y = 100 + 10 * RNG.normal(size=(16, 4)), RNG.normal(size=(16, 1))
    assert probe(model, a, y)["norm"].mean > 50
    assert abs(probe(model, a, y, training=True)["norm"].mean) < 1e-3
    assert "gradients as in evaluate" in str(probe(model, a, y, training=False))


def test_dead_units_and_saturation():
    x = keras.Input((4,), name="x")
    relu, curve = L.Dense(5, activation="relu", name="relu"), L.Dense(2, "tanh", name="curve")
    model = keras.Model(x, curve(relu(x)))
    relu.set_weights([np.eye(4, 5), np.array([0, 0, 0, -100, 0])])
    curve.set_weights([np.array([[99.0, 0.1]] * 5), np.zeros(2)])
    found = probe(model, np.abs(RNG.normal(size=(20, 4))) + 0.1)
    assert (found["relu"].units, found["relu"].dead) == (5, 2)
    assert found["relu"].dead_share == pytest.approx(0.4)
    assert 0.5 <= found["curve"].saturated < 0.7
    assert found["x"].dead is None
    assert found["x"].saturated is None


def test_values_that_are_not_finite_are_counted_apart():
    x = keras.Input((3,), name="x")
    model = keras.Model(x, L.Activation("linear", name="same")(x))
    found = probe(model, np.array([[1.0, np.nan, 3.0], [np.inf, 2.0, 2.0]]))
    assert found["same"].nonfinite == 2
    assert (found["same"].mean, found["same"].max) == (2, 3)


def test_merged_spread_is_exact_far_from_zero():
    x = keras.Input((3,), name="x")
    call = kl.read_graph(keras.Model(x, L.Dense(2)(x))).calls[0]
    values = (1e4 + RNG.normal(size=(50, 3))).astype("float32")
    tally = Tally(call)
    for part in np.array_split(values, 7):
        tally.add(part)
    assert tally.mean == pytest.approx(values.astype("float64").mean(), rel=1e-12)
    assert tally.std == pytest.approx(values.astype("float64").std(), rel=1e-9)


@pytest.mark.parametrize(
    ("compile_it", "with_y", "reason"),
    [(False, True, "is not compiled"), (True, False, "no targets")],
)
def test_without_a_loss_activations_alone(compile_it, with_y, reason):
    x = keras.Input((4,), name="x")
    model = keras.Model(x, L.Dense(1, name="out")(x))
    if compile_it:
        model.compile("sgd", "mse")
    a, y = data(model)
    found = probe(model, a, y if with_y else None)
    assert reason in str(found)
    assert found.loss is None
    assert found.fade is None
    assert found["out"].std > 0
    assert found["out"].gradient is None
    assert len(found.figure().axes) == 1


def test_refusals_say_what_to_do():
    with kl.skeleton():
        model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    with pytest.raises(SkeletonError, match="materialize"):
        probe(model, np.ones((2, 4)))
    real = kl.materialize(model)
    with pytest.raises(ValueError, match=r"batch_size.*Received: 0"):
        probe(real, np.ones((2, 4)), batch_size=0)
    with pytest.raises(ValueError, match="at least one sample"):
        probe(real, np.ones((0, 4)))
    with pytest.raises(KeyError, match="no call"):
        _ = probe(real, np.ones((2, 4)))["nothing"]
    with pytest.raises(ValueError, match="picture"):
        probe(real, np.ones((2, 4))).images(real.layers[0].name)


def test_what_a_notebook_shows():
    x = keras.Input((8, 8, 3), name="x")
    h = L.Conv2D(18, 3, name="conv<i>")(x)
    model = compiled(x, L.Dense(1)(L.Flatten()(h)), name="<b>me")
    found = probe(model, *data(model))
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert "<b>me" not in bundle["text/html"].partition("<table")[2]
    assert "&lt;b&gt;me" in bundle["text/html"]
    assert bundle["image/svg+xml"].startswith("<svg")
    assert set(found._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert json.loads(json.dumps(found.to_dict()))["rows"][1]["std"] == found.rows[1].std
    conv = found.images(found.rows[1].call)
    assert len(conv.axes) == 17  # 16 maps and the colour bar
    assert len(found.images("x").axes) == 1


def test_the_figure_compares_models():
    plain, residual = stack(False, depth=4), stack(True, depth=4)
    a, b = probe(plain, *data(plain)), probe(residual, *data(residual))
    axes = a.figure(b).axes
    assert [ax.get_yscale() for ax in axes] == ["log", "log"]
    assert [line.get_label() for line in axes[1].lines] == ["plain", "residual"]
    assert len(a.figure().axes[1].get_xticklabels()) == len(a.rows)
