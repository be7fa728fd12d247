import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def three_tasks():
    heads = B.Heads(
        {"size": B.Regression(2), "even": B.Binary(weight=3.0), "digit": B.MultiClass(4)}
    )
    x = keras.Input((3,))
    return heads, keras.Model(x, heads(x), name="plain")


def data_of(n=8):
    random = np.random.default_rng(0)
    x = random.normal(size=(n, 3)).astype("float32")
    y = {
        "size": random.normal(size=(n, 2)),
        "even": random.integers(0, 2, n),
        "digit": random.integers(0, 4, n),
    }
    return x, y


def losses_of(model, x, y, weight=None):
    """Return the mean loss of each task, worked out in numpy."""
    n = len(x)
    weight = np.ones(n) if weight is None else weight
    p = {name: np.array(value, "float64") for name, value in model(x).items()}
    yes, q = y["even"], p["even"][:, 0]
    each = {
        "size": ((p["size"] - y["size"]) ** 2).mean(-1),
        "even": -np.log(np.where(yes == 1, q, 1 - q)),
        "digit": -np.log(p["digit"][np.arange(n), y["digit"]]),
    }
    return {name: (value * weight).mean() for name, value in each.items()}


def set_log_variances(trainer, values):
    for name, value in values.items():
        trainer.log_variances[name].assign(value)


S = {"size": 0.3, "even": -0.7, "digit": 1.1}
FACTOR = {"size": 0.5, "even": 1.0, "digit": 1.0}


def expected_of(losses):
    weights = {name: FACTOR[name] * np.exp(-S[name]) for name in S}
    total = sum(weights[name] * losses[name] + S[name] / 2 for name in S)
    return {
        "loss": total,
        **{f"{name}_loss": losses[name] for name in S},
        **{f"{name}_weight": weights[name] for name in S},
    }


@pytest.mark.parametrize("weighted", [False, True])
def test_loss_equals_numpy(weighted):
    heads, model = three_tasks()
    trainer = heads.uncertainty_weighted(model)
    trainer.compile("sgd", **heads.compile_args())
    set_log_variances(trainer, S)
    x, y = data_of()
    weight = np.linspace(0.1, 2, len(x)) if weighted else None
    given = None if weight is None else dict.fromkeys(y, weight)
    found = trainer.evaluate(x, y, sample_weight=given, verbose=0, return_dict=True)
    expected = expected_of(losses_of(model, x, y, weight))
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert found["digit_accuracy"] == pytest.approx(
        (array(model(x)["digit"]).argmax(-1) == y["digit"]).mean()
    )
    assert trainer.task_weights == pytest.approx({n: expected[f"{n}_weight"] for n in S}, rel=1e-5)


def test_losses_agree_with_those_that_keras_logs_for_the_plain_model():
    heads, model = three_tasks()
    trainer = heads.uncertainty_weighted(model)
    for each in (model, trainer):
        each.compile("sgd", **heads.compile_args())
    x, y = data_of()
    plain = model.evaluate(x, y, verbose=0, return_dict=True)
    # In batches of 5 and 3, of which the larger must count more.
    ours = trainer.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
    shared = plain.keys() & ours.keys() - {"loss"}
    assert len(shared) == 6
    assert {k: ours[k] for k in shared} == pytest.approx({k: plain[k] for k in shared}, rel=1e-5)


def test_gradients_equal_the_formula():
    heads, model = three_tasks()
    trainer = heads.uncertainty_weighted(model)
    trainer.compile(keras.optimizers.SGD(0.01), **heads.compile_args())
    set_log_variances(trainer, S)
    x, y = data_of()
    losses = losses_of(model, x, y)
    kernel = heads.parts["size"].parts["output"].kernel
    before, error = array(kernel).copy(), array(model(x)["size"]) - y["size"]
    trainer.train_on_batch(x, y)
    for name in S:
        slope = 0.5 - FACTOR[name] * np.exp(-S[name]) * losses[name]
        moved = float(array(trainer.log_variances[name])) - S[name]
        assert moved == pytest.approx(-0.01 * slope, rel=1e-3)
    slope = 0.5 * np.exp(-S["size"]) * x.T @ (2 * error / error.size)
    np.testing.assert_allclose(array(kernel) - before, -0.01 * slope, rtol=1e-2, atol=1e-6)


def many_steps(trainer, x, y, steps):
    """Train on the same batch over and over, in one epoch."""
    x, y = keras.tree.map_structure(lambda v: np.concatenate([v] * steps), (x, y))
    return trainer.fit(x, y, batch_size=len(x) // steps, shuffle=False, verbose=0).history


def test_log_variances_move_to_the_optimum():
    heads, model = three_tasks()
    model.trainable = False
    trainer = heads.uncertainty_weighted(model)
    trainer.compile(keras.optimizers.SGD(1.0), **heads.compile_args())
    assert len(trainer.trainable_variables) == 3
    x, y = data_of()
    start = trainer.evaluate(x, y, verbose=0)[0]
    many_steps(trainer, x, y, 40)
    end = trainer.evaluate(x, y, verbose=0, return_dict=True)
    for name, loss in losses_of(model, x, y).items():
        # d/ds (f exp(-s) L + s/2) = 0 at s = log(2 f L)
        best = np.log(2 * FACTOR[name] * loss)
        assert abs(best) > 0.1
        assert float(array(trainer.log_variances[name])) == pytest.approx(best, abs=1e-3)
        assert trainer.task_weights[name] == pytest.approx(1 / (2 * loss), rel=1e-3)
        assert end[f"{name}_weight"] == pytest.approx(1 / (2 * loss), rel=1e-3)
    assert end["loss"] < start


def test_a_noisy_task_comes_to_count_less():
    heads = B.Heads({"clean": B.Regression(), "noisy": B.Regression()})
    x = keras.Input((2,))
    model = keras.Model(x, heads(x))
    trainer = heads.uncertainty_weighted(model)
    trainer.compile(keras.optimizers.SGD(0.1), **heads.compile_args())
    random = np.random.default_rng(0)
    data = random.normal(size=(128, 2))
    exact = data.sum(-1)
    y = {"clean": exact + 0.3 * random.normal(size=128), "noisy": exact + random.normal(size=128)}
    many_steps(trainer, data, y, 300)
    for name in y:  # of squared errors, the variance learned is the variance of the noise
        variance = ((array(model(data)[name])[:, 0] - y[name]) ** 2).mean()
        learned = np.exp(float(array(trainer.log_variances[name])))
        assert learned == pytest.approx(variance, rel=0.02)
    assert trainer.task_weights["clean"] > 5 * trainer.task_weights["noisy"]


def test_all_layers_are_shared_and_the_plain_model_is_saved_alone(tmp_path):
    heads, model = three_tasks()
    count = model.count_params()
    trainer = heads.uncertainty_weighted(model)
    trainer.compile("adam", **heads.compile_args())
    x, y = data_of()
    before = array(model(x)["digit"]).copy()
    trainer.fit(x, y, verbose=0)
    assert model.count_params() == count == trainer.count_params() - 3
    assert not np.allclose(array(model(x)["digit"]), before)
    np.testing.assert_allclose(array(trainer(x)["digit"]), array(model(x)["digit"]), rtol=1e-6)
    model.save(tmp_path / "plain.keras")
    np.savez(tmp_path / "data.npz", x=x, y=array(model(x)["digit"]))
    code = """
import sys
sys.modules["keraslab"] = None
import keras, numpy as np
model = keras.models.load_model("plain.keras")
data = np.load("data.npz")
found = keras.ops.convert_to_numpy(model(data["x"])["digit"])
np.testing.assert_allclose(found, data["y"], rtol=1e-5)
print("same")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ,
        timeout=120,
    )
    assert done.stdout == "same\n", done.stderr


def test_weight_decay_of_layers_is_added():
    heads = B.Heads({"a": B.Binary(), "b": B.Binary()})
    x = keras.Input((3,))
    h = L.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1))
    model = keras.Model(x, heads(h(x)))
    trainer = heads.uncertainty_weighted(model)
    trainer.compile("sgd", **heads.compile_args())
    y = {"a": np.ones(4), "b": np.zeros(4)}
    found = trainer.evaluate(np.ones((4, 3)), y, verbose=0, return_dict=True)
    penalty = 0.1 * (array(h.kernel) ** 2).sum()
    assert found["loss"] == pytest.approx(found["a_loss"] + found["b_loss"] + penalty, rel=1e-4)


def test_masked_steps_count_as_in_keras():
    heads = B.Heads({"tag": B.SequenceLabels(3), "even": B.Binary()})
    ids = keras.Input((4,), dtype="int32")
    words = L.Embedding(9, 4, mask_zero=True)(ids)
    outputs = {
        "tag": heads.tasks["tag"](words),
        "even": heads.tasks["even"](L.GlobalAveragePooling1D()(words)),
    }
    model = keras.Model(ids, outputs)
    trainer = heads.uncertainty_weighted(model)
    for each in (model, trainer):
        each.compile("sgd", **heads.compile_args())
    x = np.array([[1, 2, 0, 0], [3, 4, 5, 0]])
    y = {"tag": np.array([[0, 1, 2, 2], [2, 1, 0, 1]]), "even": np.array([0, 1])}
    plain, ours = (m.evaluate(x, y, verbose=0, return_dict=True) for m in (model, trainer))
    assert ours["tag_loss"] == pytest.approx(plain["tag_loss"], rel=1e-5)
    assert ours["tag_accuracy"] == pytest.approx(plain["tag_accuracy"], rel=1e-5)


def test_wrong_input():
    heads, model = three_tasks()
    x = keras.Input((3,))
    with pytest.raises(ValueError, match=r"keys 'size', 'even', 'digit'.*Received: \['a'\]"):
        heads.uncertainty_weighted(keras.Model(x, {"a": L.Dense(1)(x)}))
    with pytest.raises(ValueError, match=r"must be a dict with the keys.*Received: 'model'"):
        heads.uncertainty_weighted("model")
    trainer = heads.uncertainty_weighted(model)
    with pytest.raises(ValueError, match=r"no losses yet: call compile\('adam'"):
        _ = trainer.task_weights
    with pytest.raises(ValueError, match=r"compile\(loss=.*'size', 'even', 'digit'.*None"):
        trainer.compile("adam")
    trainer.compile("adam", **heads.compile_args(), run_eagerly=True)
    data, y = data_of()
    del y["even"]
    with pytest.raises(ValueError, match=r"labels must be a dict with the keys.*'digit', 'size'"):
        trainer.train_on_batch(data, y)
