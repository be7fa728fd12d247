"""Data that does not fit the model is found, data that fits is not."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import losses as LS

from keraslab.debug import check

RANDOM = np.random.default_rng(0)
N = 16
X = RANDOM.normal(size=(N, 8)).astype("float32")
CLASSES = np.arange(N) % 5
IMAGES = RANDOM.integers(0, 256, (N, 12, 12, 3))
TABLE = RANDOM.normal(size=(N, 3)) * [1, 1, 50_000] + [0, 5, 100_000]


def own_mse(y, p):
    return keras.ops.mean(keras.ops.square(y - p))


class OwnLoss(LS.Loss):
    def call(self, y, p):
        return keras.ops.square(y - p)


def _model(layers, shape, compiled):
    tensor = source = keras.Input(shape, name="features")
    for layer in layers:
        tensor = layer(tensor)
    model = keras.Model(source, tensor)
    model.compile("sgd", **compiled)
    return model


MODELS = {
    "sparse": (
        [L.Dense(5, "softmax", name="probs")],
        (8,),
        {"loss": "sparse_categorical_crossentropy"},
    ),
    "rows": ([L.Dense(5, "softmax")], (8,), {"loss": "categorical_crossentropy"}),
    "logit rows": ([L.Dense(5)], (8,), {"loss": LS.CategoricalCrossentropy(from_logits=True)}),
    "binary": ([L.Dense(1, "sigmoid")], (8,), {"loss": "binary_crossentropy"}),
    "labels": ([L.Dense(5, "sigmoid")], (8,), {"loss": "binary_crossentropy"}),
    "either": ([L.Dense(5, "softmax")], (8,), {"loss": "crossentropy"}),
    "ignoring": (
        [L.Dense(5, "softmax")],
        (8,),
        {"loss": LS.SparseCategoricalCrossentropy(ignore_class=-1)},
    ),
    "number": ([L.Dense(1)], (8,), {"loss": "mse"}),
    "numbers": ([L.Dense(4)], (8,), {"loss": "mae"}),
    "tanh": ([L.Dense(1, "tanh")], (8,), {"loss": "mse"}),
    "sigmoid": ([L.Dense(1, "sigmoid")], (8,), {"loss": "mse"}),
    "relu": ([L.Dense(1, "relu")], (8,), {"loss": "mse"}),
    "steps": (
        [L.LSTM(5, return_sequences=True), L.Dense(5, "softmax")],
        (6, 2),
        {"loss": "sparse_categorical_crossentropy"},
    ),
    "own loss": ([L.Dense(1)], (8,), {"loss": OwnLoss()}),
    "own metric": ([L.Dense(1)], (8,), {"loss": "mse", "metrics": [own_mse]}),
    "own function": ([L.Dense(1)], (8,), {"loss": own_mse}),
    "image": ([L.Conv2D(4, 3), L.Flatten(), L.Dense(5)], (12, 12, 3), {"loss": "mse"}),
    "scaled image": (
        [L.Rescaling(1 / 255), L.Conv2D(4, 3), L.Flatten(), L.Dense(5)],
        (12, 12, 3),
        {"loss": "mse"},
    ),
    "normed image": (
        [L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.Flatten(), L.Dense(5)],
        (12, 12, 3),
        {"loss": "mse"},
    ),
    "grey": ([L.Flatten(), L.Dense(5)], (12, 12), {"loss": "mse"}),
    "table": ([L.Dense(4, "relu"), L.Dense(1)], (3,), {"loss": "mse"}),
    "normed table": ([L.BatchNormalization(), L.Dense(1)], (3,), {"loss": "mse"}),
    "words": ([L.Embedding(50, 4, name="vectors"), L.Flatten(), L.Dense(1)], (6,), {"loss": "mse"}),
    "channel": ([L.Conv2D(2, 3), L.Flatten(), L.Dense(1)], (12, 12, 1), {"loss": "mse"}),
}


@pytest.fixture(scope="module")
def models():
    built = {}

    def model(name):
        if name not in built:
            built[name] = _model(*MODELS[name])
        return built[name]

    return model


Y5 = np.zeros((N, 5)) + RANDOM.normal(size=(N, 5))
NUMBER = RANDOM.normal(size=N)
IDS = RANDOM.integers(0, 50, (N, 6))
WITH_NAN = np.where(np.arange(8) == 3, np.nan, X)

BAD = {
    "KL771": [
        ("sparse", X, np.eye(5)[CLASSES]),
        ("sparse", X, np.eye(5)[CLASSES] * 0.9 + 0.02),
        ("steps", np.zeros((N, 6, 2)), np.eye(5)[np.zeros((N, 6), int)]),
        ("ignoring", X, np.eye(5, dtype=bool)[CLASSES]),
    ],
    "KL772": [
        ("rows", X, CLASSES),
        ("rows", X, CLASSES[:, None].astype("float32")),
        ("logit rows", X, CLASSES),
    ],
    "KL773": [
        ("sparse", X, CLASSES + 1),
        ("sparse", X, np.where(CLASSES == 2, -1, CLASSES)),
        ("sparse", X, CLASSES * 10),
        ("sparse", X, CLASSES + 0.5),
        ("sparse", X, (CLASSES + 1)[:, None]),
        ("either", X, CLASSES + 1),
        ("ignoring", X, CLASSES - 2),
        ("steps", np.zeros((N, 6, 2)), np.full((N, 6), 5)),
    ],
    "KL774": [
        ("binary", X, CLASSES % 2 + 1),
        ("binary", X, CLASSES % 2 * 2 - 1),
        ("binary", X, CLASSES % 2 * 255.0),
        ("labels", X, np.abs(Y5) * 100),
        ("rows", X, np.eye(5)[CLASSES] * 5),
    ],
    "KL775": [
        ("rows", X, np.ones((N, 5)) * [1, 1, 0, 0, 0]),
        ("logit rows", X, np.eye(5)[CLASSES] * (CLASSES[:, None] > 0)),
    ],
    "KL776": [
        ("tanh", X, NUMBER * 10),
        ("sigmoid", X, NUMBER),
        ("relu", X, NUMBER),
        ("sigmoid", X, CLASSES * 60),
    ],
    "KL777": [
        ("number", X, NUMBER * 50_000 + 200_000),
        ("numbers", X, RANDOM.normal(size=(N, 4)) + 5e4),
    ],
    "KL778": [
        ("image", IMAGES, Y5),
        ("image", IMAGES.astype("float32"), Y5),
        ("grey", IMAGES[..., 0], Y5),
        ("table", TABLE * [1e5, 1e5, 1], NUMBER),
    ],
    "KL779": [("table", TABLE, NUMBER)],
    "KL780": [("own loss", X, NUMBER), ("own metric", X, NUMBER)],
    "KL781": [
        ("number", WITH_NAN, NUMBER),
        ("number", X, np.where(np.arange(N) == 3, np.inf, NUMBER)),
    ],
    "KL782": [
        ("number", X, np.ones(N)),
        ("binary", X, np.zeros((N, 1))),
        ("sparse", X, np.full(N, 2)),
    ],
    "KL783": [("numbers", X, NUMBER[:, None])],
    "KL784": [
        ("numbers", X, Y5),
        ("numbers", X, NUMBER),
        ("labels", X, CLASSES),
        ("sparse", X, np.array(["cat", "dog"] * 8)),
    ],
    "KL785": [
        ("number", [X, X], NUMBER),
        ("number", {"fetures": X}, NUMBER),
        ("number", NUMBER, X),
        ("number", X, [NUMBER, NUMBER]),
        ("number", X.tolist(), NUMBER),
    ],
    "KL786": [
        ("words", IDS + 10, NUMBER),
        ("words", IDS - 1, NUMBER),
        ("words", IDS + 0.5, NUMBER),
    ],
    "KL787": [("number", X[:10], NUMBER), ("binary", X, CLASSES[:3] % 2)],
    "KL788": [
        ("number", X[:, :5], NUMBER),
        ("channel", IMAGES, NUMBER),
        ("number", X[0], NUMBER[:1]),
        ("image", np.moveaxis(IMAGES, -1, 1) / 255, Y5),
        ("image", IMAGES[..., 0] / 255, Y5),
    ],
    "KL789": [
        ("number", X.astype(str), NUMBER),
        ("number", X.astype(object), NUMBER),
        ("words", np.array([[1, 2], [3]], dtype=object), NUMBER[:2]),
    ],
}

GOOD = [
    ("sparse", X, CLASSES),
    ("sparse", X, CLASSES[:, None]),
    ("sparse", X, CLASSES.astype("float32")),
    ("sparse", X, np.minimum(CLASSES, 3)),
    ("sparse", {"features": X}, CLASSES),
    ("sparse", [X], [CLASSES]),
    ("rows", X, np.eye(5)[CLASSES]),
    ("rows", X, np.eye(5)[CLASSES] * 0.9 + 0.02),
    ("logit rows", X, np.eye(5)[CLASSES]),
    ("either", X, CLASSES),
    ("either", X, np.eye(5)[CLASSES]),
    ("ignoring", X, np.where(CLASSES == 2, -1, CLASSES)),
    ("binary", X, CLASSES % 2),
    ("binary", X, (CLASSES % 2 == 1)[:, None]),
    ("binary", X, np.linspace(0, 1, N)),
    ("labels", X, np.abs(Y5) > 0.5),
    ("number", X, NUMBER),
    ("number", X, NUMBER[:, None]),
    ("number", X * 5, NUMBER * 20 + 30),
    ("numbers", X, RANDOM.normal(size=(N, 4))),
    ("tanh", X, np.tanh(NUMBER)),
    ("sigmoid", X, CLASSES / 4),
    ("relu", X, np.abs(NUMBER) * 10),
    ("steps", np.zeros((N, 6, 2)), np.arange(N * 6).reshape(N, 6) % 5),
    ("own loss", X, NUMBER[:, None]),
    ("own metric", X, NUMBER[:, None]),
    ("own function", X, NUMBER),
    ("image", IMAGES / 255, Y5),
    ("image", IMAGES / 127.5 - 1, Y5),
    ("image", IMAGES - 120.0, Y5),
    ("scaled image", IMAGES, Y5),
    ("normed image", IMAGES, Y5),
    ("normed table", TABLE, NUMBER),
    ("words", IDS, NUMBER),
    ("words", IDS.astype("float32"), NUMBER),
    ("channel", IMAGES[..., 0] / 255, NUMBER),
    ("channel", IMAGES[..., :1] / 255, NUMBER),
]


@pytest.mark.parametrize(
    ("code", "name", "x", "y"),
    [
        pytest.param(code, *case, id=f"{code}-{i}")
        for code, cases in BAD.items()
        for i, case in enumerate(cases)
    ],
)
def test_data_that_does_not_fit_is_found(models, code, name, x, y):
    report = check(models(name), x, y, select="KL7")
    found = [finding for finding in report if finding.code == code]
    assert found, str(report)
    assert not report.failed
    assert found[0].cause is not None


@pytest.mark.parametrize(("name", "x", "y"), GOOD, ids=range(len(GOOD)))
def test_data_that_fits_is_left_alone(models, name, x, y):
    report = check(models(name), x, y, select="KL7", ignore="rectified-number")
    assert not list(report)
    assert not report.failed


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("sparse", X, np.eye(5)[CLASSES]),
        ("rows", X, CLASSES),
        ("sparse", X, CLASSES + 1),
        ("sparse", X, CLASSES * 10),
        ("binary", X, CLASSES % 2 + 1),
        ("binary", X, CLASSES % 2 * 2 - 1),
        ("number", NUMBER, X),
        ("number", X.astype(str), NUMBER),
        ("image", np.moveaxis(IMAGES, -1, 1) / 255, Y5),
        ("image", IMAGES[..., 0] / 255, Y5),
        ("image", IMAGES, Y5),
        ("own loss", X, NUMBER),
        ("number", WITH_NAN, NUMBER),
        ("number", X, NUMBER * 5e4),
        ("number", X[0], NUMBER[:1]),
    ],
    ids=range(15),
)
def test_an_offered_change_of_the_data_mends_it(models, name, x, y):
    (finding, *_) = check(models(name), x, y, select="KL7")
    fix = next(fix for fix in finding.fixes if fix.code.startswith(("x", "y", "good", "mean")))
    values = {"x": x, "y": y, "np": np, "keras": keras}
    exec(fix.code, values)
    assert finding.code not in check(models(name), values["x"], values["y"], select="KL7").codes


def test_several_inputs_and_outputs_are_named_in_the_sentence(models):
    a, b = keras.Input((4,), name="user"), keras.Input((4,), name="item")
    both = L.Concatenate()([a, b])
    outputs = {"kind": L.Dense(3, "softmax")(both), "size": L.Dense(1)(both)}
    model = keras.Model({"user": a, "item": b}, outputs)
    model.compile("sgd", loss={"kind": "sparse_categorical_crossentropy", "size": "mse"})
    x = {"user": X[:, :4], "item": X[:, 4:6]}
    y = {"kind": np.arange(N) % 3 + 1, "size": NUMBER}
    found = {finding.code: finding for finding in check(model, x, y, select="KL7")}
    assert set(found) == {"KL773", "KL788"}
    assert "x['item'] is 16 × 2" in found["KL788"].message
    assert found["KL773"].fixes[0].code == "y['kind'] = y['kind'] - 1"


def test_a_dataset_gives_its_first_batch(models):
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X, CLASSES + 1

    assert "KL773" in check(models("sparse"), Batches()).codes
