import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Vector(B.Block):
    width: int

    def wire(self, x):
        return self.use("out", L.Dense, self.width)(x)


def labels(n=8):
    random = np.random.default_rng(0)
    return {
        "zoom": random.normal(size=(n, 2)),
        "even": random.integers(0, 2, n),
        "digit": random.integers(0, 5, n),
        "tags": random.integers(0, 2, (n, 4)),
    }


def four_heads(**more):
    return B.Heads(
        {
            "zoom": B.Regression(2),
            "even": B.Binary(weight=0.5),
            "digit": B.MultiClass(5),
            "tags": B.MultiLabel(4, weight=2.0),
        },
        **more,
    )


def test_history_reads_by_task_name_and_losses_are_those_of_the_tasks():
    heads = four_heads(hidden=6)
    x = keras.Input((3,))
    model = keras.Model(x, heads(x))
    model.compile("sgd", **heads.compile_args())
    data, y = np.random.default_rng(1).normal(size=(8, 3)).astype("float32"), labels()
    found = model.evaluate(data, y, batch_size=8, verbose=0, return_dict=True)
    p = {name: np.array(value, "float64") for name, value in model(data).items()}

    def cross(t, q):
        return -(t * np.log(q) + (1 - t) * np.log(1 - q)).mean()

    expected = {
        "zoom_loss": ((p["zoom"] - y["zoom"]) ** 2).mean(),
        "even_loss": cross(y["even"], p["even"][:, 0]),
        "digit_loss": -np.log(p["digit"][np.arange(8), y["digit"]]).mean(),
        "tags_loss": cross(y["tags"], p["tags"]),
        "zoom_mean_absolute_error": np.abs(p["zoom"] - y["zoom"]).mean(),
        "even_accuracy": ((p["even"][:, 0] > 0.5) == y["even"]).mean(),
        "digit_accuracy": (p["digit"].argmax(-1) == y["digit"]).mean(),
        "tags_binary_accuracy": ((p["tags"] > 0.5) == y["tags"]).mean(),
    }
    expected["loss"] = (
        expected["zoom_loss"]
        + 0.5 * expected["even_loss"]
        + expected["digit_loss"]
        + 2 * expected["tags_loss"]
    )
    assert found == pytest.approx(expected, rel=1e-4)
    history = model.fit(data, y, validation_data=(data, y), verbose=0).history
    assert {"digit_loss", "val_digit_loss", "val_even_accuracy"} <= history.keys()


def test_names_and_hidden_layers():
    heads = four_heads(hidden=6, name="heads")
    x = keras.Input((3,))
    model = keras.Model(x, heads(x))
    assert list(heads(x)) == ["zoom", "even", "digit", "tags"]
    names = {layer.name for layer in model.layers}
    assert {"heads__digit__hidden", "heads__digit__output", "heads__even__output"} <= names


def test_any_block_with_its_loss():
    heads = B.Heads({"code": Vector(3), "even": B.Binary()})
    x = keras.Input((3,))
    model = keras.Model(x, heads(x))
    with pytest.raises(ValueError, match=r"'code' is a Vector, which names no loss.*'mse'"):
        heads.compile_args()
    with pytest.raises(ValueError, match=r"there is no task 'cod'.*'code', 'even'"):
        heads.compile_args(loss={"cod": "mse"})
    settings = heads.compile_args(loss={"code": "mse"}, metrics={"even": ["AUC"]})
    assert settings == {
        "loss": {"code": "mse", "even": "binary_crossentropy"},
        "metrics": {"code": [], "even": ["AUC"]},
        "loss_weights": {"code": 1.0, "even": 1.0},
    }
    model.compile("sgd", **settings)
    y = {"code": np.ones((4, 3)), "even": np.array([0, 1, 0, 1])}
    assert "code_loss" in model.fit(np.ones((4, 3)), y, verbose=0).history


def test_a_task_of_ones_own():
    class Counts(B.Task):
        units: int = 1
        loss = "poisson"

        def wire(self, x):
            return self.use("rate", L.Dense, self.units, activation="softplus")(x)

    heads = B.Heads({"n": Counts(2, weight=3)})
    assert heads(keras.Input((4,)))["n"].shape == (None, 2)
    assert heads.compile_args() == {
        "loss": {"n": "poisson"},
        "metrics": {"n": []},
        "loss_weights": {"n": 3.0},
    }


def test_predictions_are_in_full_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = keras.Input((3,))
        outputs = four_heads(hidden=4)(x)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {y.dtype for y in outputs.values()} == {"float32"}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: B.Heads({}), ValueError, "a dict with a task or more"),
        (lambda: B.Heads([B.Binary()]), ValueError, "a dict with a task or more"),
        (lambda: B.Heads({"a b": B.Binary()}), ValueError, "Try: 'a_b'"),
        (lambda: B.Heads({"a": "binary"}), TypeError, r"'a' must be Regression\(\).*'binary'"),
        (lambda: B.Heads({"a": B.Binary}), TypeError, "'a' must be"),
        (lambda: B.Heads({"a": B.Binary()}, hidden=0), ValueError, r"hidden=.*Received: 0"),
        (lambda: B.Heads({"a": B.Binary()}, activation="x"), ValueError, "activation="),
        (lambda: B.Regression(0), ValueError, r"Regression\(units=.*Received: 0"),
        (lambda: B.MultiClass(0), ValueError, r"MultiClass\(classes=.*Received: 0"),
        (lambda: B.MultiClass(1), ValueError, r"use Binary\(\)"),
        (lambda: B.SequenceLabels(0), ValueError, r"SequenceLabels\(classes=.*Received: 0"),
        (lambda: B.SequenceLabels(1), ValueError, r"use SequenceLabels\(2\)"),
        (lambda: B.Box(weight=-1), ValueError, r"Box\(weight=.*above 0.*Received: -1"),
        (lambda: B.MultiLabel(0), ValueError, r"MultiLabel\(labels=.*Received: 0"),
        (lambda: B.Binary(weight=0), ValueError, r"Binary\(weight=.*above 0.*Received: 0"),
    ],
)
def test_wrong_settings(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_box_loss_is_hubers_at_a_tenth_and_overlap_is_that_of_pixels():
    heads = B.Heads({"box": B.Box(), "even": B.Binary()})
    x = keras.Input((3,))
    model = keras.Model(x, heads(x))
    model.compile("sgd", **heads.compile_args())
    data = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
    boxes = np.random.default_rng(2).uniform(0, 0.9, (8, 4))
    y = {"box": boxes, "even": np.zeros(8)}
    found = model.evaluate(data, y, verbose=0, return_dict=True)
    error = np.abs(boxes - np.array(model(data)["box"], "float64"))
    assert (error < 0.1).any()
    assert (error > 0.1).any()
    huber = np.where(error < 0.1, error**2 / 2, 0.1 * error - 0.1**2 / 2).mean()
    assert found["box_loss"] == pytest.approx(huber, rel=1e-4)
    assert found["box_mean_absolute_error"] == pytest.approx(error.mean(), rel=1e-4)

    def painted(box):
        canvas = np.zeros((20, 20), bool)
        left, top, width, height = np.round(np.array(box) * 20).astype(int)
        canvas[top : top + height, left : left + width] = True
        return canvas

    random = np.random.default_rng(3)
    a, b = (random.integers(0, 11, (50, 4)) / 20 for _ in range(2))
    both = [(painted(p), painted(q)) for p, q in zip(a, b, strict=True)]
    expected = [(p & q).sum() / max((p | q).sum(), 1) for p, q in both]
    assert max(expected) > 0.3
    overlap = keras.ops.convert_to_numpy(B.Box.overlap(a, b))
    np.testing.assert_allclose(overlap, expected, rtol=1e-4, atol=1e-5)


def test_padded_steps_count_neither_in_the_loss_nor_in_the_accuracy():
    heads = B.Heads({"tag": B.SequenceLabels(3)}, hidden=4)
    ids = keras.Input((5,), dtype="int32")
    model = keras.Model(ids, heads(L.Embedding(9, 4, mask_zero=True)(ids)))
    model.compile("sgd", **heads.compile_args())
    data = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0]])
    p = np.array(model(data)["tag"])
    labels = (p.argmax(-1) + (data == 0)) % 3  # right everywhere but in the padding
    found = model.evaluate(data, {"tag": labels}, verbose=0, return_dict=True)
    real = data > 0
    chosen = np.take_along_axis(p, labels[..., None], -1)[..., 0]
    assert found["loss"] == pytest.approx(-np.log(chosen[real]).mean(), rel=1e-4)
    assert found["accuracy"] == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"must be a sequence.*MultiClass\(3\) labels a whole"):
        B.SequenceLabels(3)(keras.Input((4,)))


def test_the_model_for_training_cannot_be_saved_in_place_of_the_plain_one(tmp_path):
    heads = B.Heads({"a": B.Regression()})
    x = keras.Input((3,))
    trainer = heads.uncertainty_weighted(keras.Model(x, heads(x)))
    with pytest.raises(RuntimeError, match="Save the plain model"):
        trainer.save(tmp_path / "trainer.keras")
    assert list(tmp_path.iterdir()) == []
