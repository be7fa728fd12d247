"""Weights of samples, batches of generators, and inputs declared with the samples counted."""

from __future__ import annotations

import keras
import pytest
from offered import run

from keraslab.debug._diagnose import found

HEAD = """
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
A = rng.normal(size=(24, 4)).astype("float32")
B = rng.normal(size=(24, 4)).astype("float32")
Y = rng.normal(size=(24, 1)).astype("float32")
kinds, flags = np.arange(24) % 3, np.arange(24) % 2


def net(outputs, inputs=None):
    model = keras.Model(inputs if inputs is not None else entry, outputs)
    model.compile("sgd", loss=LOSS.get(len(keras.tree.flatten(outputs)), "mse"))
    return model


LOSS = {3: ["mse", "sparse_categorical_crossentropy", "binary_crossentropy"]}
entry = keras.Input((4,), name="readings")


def one():
    return net(layers.Dense(1, name="level")(entry))


def two_in(named=False):
    a, b = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    joined = layers.Dense(1)(layers.Concatenate()([a, b]))
    return net(joined, {"left": a, "right": b} if named else [a, b])


def two_out(named=False):
    p, q = layers.Dense(1, name="p")(entry), layers.Dense(1, name="q")(entry)
    return net({"p": p, "q": q} if named else [p, q])


def three_out():
    return net(
        [
            layers.Dense(1, name="size")(entry),
            layers.Dense(3, activation="softmax", name="kind")(entry),
            layers.Dense(1, activation="sigmoid", name="flag")(entry),
        ]
    )


def sorts(kind="sparse_categorical_crossentropy"):
    model = keras.Model(entry, layers.Dense(3, activation="softmax")(entry))
    model.compile("sgd", kind)
    return model
"""

GENERATOR = """

def {name}():
    while True:
        for start in range(0, 24, 8):
            part = slice(start, start + 8)
            a, b, y = A[part], B[part], Y[part]
            yield {batch}


{model}.{call}
"""


def generator(
    batch: str,
    model: str,
    call: str = "fit({}(), steps_per_epoch=2, verbose=0)",
    name: str = "batches",
) -> str:
    return GENERATOR.format(name=name, batch=batch, model=model, call=call.format(name))


BATCHED = """
import tensorflow as tf

data = tf.data.Dataset.from_tensor_slices(({arrays})).batch(8)
{model}.{call}
"""


def dataset(arrays: str, model: str, call: str = "fit(data, verbose=0)") -> str:
    return BATCHED.format(arrays=arrays, model=model, call=call)


DATASET = """

class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        part = slice(8 * index, 8 * index + 8)
        {lines}


{model}.fit(Rows(), verbose=0)
"""
PREDICT = "predict({}(), steps=2, verbose=0)"

# The code, a word of what is said, "tried", "placed" or "none" for its fixes, and the source.
CASES = [
    # class_weight
    (
        "KL721",
        "3, 'size', 'kind' and 'flag'",
        "tried",
        "three_out().fit(A, [Y, kinds, flags], class_weight={2: 4.0}, verbose=0)",
    ),
    (
        "KL721",
        "2, 'p' and 'q'",
        "tried",
        "by = {'q': {0: 1.0, 1: 3.0}}\n"
        "two_out().fit(A, {'p': Y, 'q': flags}, class_weight=by, verbose=0)",
    ),
    (
        "KL721",
        "2, 'p' and 'q'",
        "tried",
        "class Trains:\n    def run(self, data, targets):\n"
        "        two_out(True).fit(data, targets, class_weight={'p': {1: 2.0}}, verbose=0)\n\n\n"
        "Trains().run(A, {'p': flags, 'q': Y})",
    ),
    ("KL721", "2, 'p'", "none", "two_out().train_on_batch(A, [Y, Y], class_weight={0: 1.0})"),
    (
        "KL721",
        "2, 'p'",
        "none",
        DATASET.format(
            lines="return A[part], (Y[part], Y[part])",
            model="two_out()",
        ).replace("verbose=0", "class_weight={0: 2.0}, verbose=0"),
    ),
    (
        "KL721",
        "both given",
        "tried",
        "sorts().fit(A, kinds, class_weight={0: 2.0}, sample_weight=np.ones(24), verbose=0)",
    ),
    (
        "KL721",
        "both given",
        "tried",
        "w = np.ones(24)\nsorts('categorical_crossentropy').fit(\n    A,\n    np.eye(3)[kinds],\n"
        "    sample_weight=w,\n    class_weight={0: 2.0},\n)",
    ),
    ("KL721", "type list", "tried", "sorts().fit(A, kinds, class_weight=[1, 2, 1], verbose=0)"),
    (
        "KL721",
        "type ndarray",
        "tried",
        "def share(y):\n    return 1 / np.bincount(y)\n\n\n"
        "sorts().fit(A, kinds, class_weight=share(kinds), verbose=0)",
    ),
    (
        "KL721",
        "'balanced'",
        "tried",
        "sorts().fit(A, kinds, class_weight='balanced', verbose=0)",
    ),
    (
        "KL721",
        "ready made",
        "none",
        generator(
            "a, y", "one()", "fit({}(), steps_per_epoch=2, class_weight={{0: 1.0}}, verbose=0)"
        )
        .replace("{{", "{")
        .replace("}}", "}"),
    ),
    # sample_weight
    (
        "KL722",
        "has 'p', but",
        "tried",
        "two_out(True).fit(A, {'p': Y, 'q': Y}, sample_weight={'p': np.ones(24)}, verbose=0)",
    ),
    (
        "KL722",
        "outputs of the model are a list",
        "tried",
        "ones = np.ones(24)\ntwo_out().fit(\n    A, {'p': Y, 'q': Y}, verbose=0,\n"
        "    sample_weight={'p': ones, 'q': ones})",
    ),
    (
        "KL722",
        "holds 1 array",
        "tried",
        "two_out().fit(A, [Y, Y], sample_weight=[np.ones(24)], verbose=0)",
    ),
    (
        "KL722",
        "24 × 2",
        "tried",
        "table = np.ones((24, 2))\ntwo_out().fit(A, [Y, Y], sample_weight=table, verbose=0)",
    ),
    ("KL722", "by class", "tried", "sorts().fit(A, kinds, sample_weight={0: 2.0}, verbose=0)"),
    ("KL722", "plain numbers", "tried", "one().fit(A, Y, sample_weight=[1.0] * 24, verbose=0)"),
    # inputs that count the samples
    (
        "KL723",
        "A.shape counts",
        "tried",
        "entry = keras.Input(A.shape)\nnet(layers.Dense(1)(layers.Flatten()(entry))).fit(A, Y)",
    ),
    (
        "KL723",
        "(24, 4) counts",
        "tried",
        "entry = keras.Input(shape=(24, 4))\n"
        "hidden = layers.Dense(3)(entry)\nnet(layers.Dense(1)(hidden)).fit(A, Y[:, 0], verbose=0)",
    ),
    (
        "KL723",
        "(len(A), 4) counts",
        "tried",
        "model = keras.Sequential([layers.Input((len(A), 4)), layers.Dense(2), layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\nmodel.fit(A, Y, verbose=0)",
    ),
    (
        "KL723",
        "size counts",
        "tried",
        "def build(size):\n    start = keras.Input(size)\n"
        "    return net(layers.Dense(1)(start), start)\n\n\nbuild(A.shape).fit(A, Y, verbose=0)",
    ),
    (
        "KL723",
        "x.shape counts",
        "tried",
        "class Net:\n    def __init__(self, x):\n        start = keras.Input(shape=x.shape)\n"
        "        self.model = net(layers.Dense(1)(start), start)\n\n"
        "    def learn(self, x, y):\n        self.model.fit(x, y, verbose=0)\n\n\n"
        "Net(A).learn(A, Y)",
    ),
    (
        "KL723",
        "shape of all of A",
        "tried",
        "entry = keras.Input(A.shape)\nnet(layers.Dense(1)(entry)).predict(A[:5], verbose=0)",
    ),
    (
        "KL723",
        "24 × 4",
        "none",
        "entry = keras.Input(A.shape)\nnet(layers.LSTM(1)(entry)).fit(A, Y)",
    ),
    # lengths
    (
        "KL709",
        "sample_weight[1] has 20",
        "none",
        "w = [np.ones(24), np.ones(20)]\ntwo_out().fit(A, [Y, Y], sample_weight=w, verbose=0)",
    ),
    (
        "KL709",
        "sample_weight['q'] has 2",
        "none",
        "w = {'p': np.ones(24), 'q': np.ones(2)}\n"
        "two_out(True).fit(A, {'p': Y, 'q': Y}, sample_weight=w, verbose=0)",
    ),
    # batches
    ("KL702", "1 array", "tried", dataset("A, B, Y", "two_in()")),
    ("KL702", "1 array", "tried", dataset("A, B", "two_in()", "predict(data, verbose=0)")),
    ("KL706", "y is one array", "tried", dataset("A, Y, Y", "two_out()")),
    ("KL724", "b as the targets", "tried", generator("a, b, y", "two_in()", name="rows")),
    ("KL724", "a as x", "tried", generator("a, b, y", "two_in(True)")),
    ("KL724", "no targets", "none", generator("(a, b)", "two_in()")),
    ("KL724", "a list", "tried", generator("[a, b], y", "two_in()")),
    ("KL724", "a list", "tried", generator("[a, y]", "one()")),
    ("KL724", "at most 3 parts", "tried", generator("a, b, y, y[:, 0]", "two_in()")),
    ("KL724", "'rigth'", "tried", generator("{'left': a, 'rigth': b}, y", "two_in()")),
    ("KL724", "2 outputs", "tried", generator("a, y, y", "two_out(True)")),
    (
        "KL724",
        "a dict by itself",
        "tried",
        generator("{'left': a, 'right': b, 'y': y}", "two_in()"),
    ),
    ("KL724", "by itself", "none", generator("a", "one()")),
    ("KL724", "a comma", "tried", generator("a", "one()", PREDICT)),
    ("KL724", "b as the targets", "tried", generator("a, b", "two_in()", PREDICT)),
    ("KL724", "2 arrays, but", "none", generator("(a, b), y", "one()")),
    (
        "KL724",
        "as the targets",
        "tried",
        "steps = ((A[:8], B[:8], Y[:8]) for _ in range(4))\n"
        "two_in().fit(steps, steps_per_epoch=2, verbose=0)",
    ),
    (
        "KL724",
        "Rows returns",
        "placed",
        DATASET.format(lines="return A[part], B[part], Y[part]", model="two_in()"),
    ),
    (
        "KL724",
        "Rows returns",
        "placed",
        DATASET.format(
            lines="batch = [A[part], B[part]], Y[part]\n        return batch",
            model="two_in()",
        ),
    ),
]


def params():
    """Three cases of each code are quick; the others are as good, and slow together."""
    for number, case in enumerate(CASES):
        before = sum(each[0] == case[0] for each in CASES[:number])
        marks = [pytest.mark.slow] if before > 2 else []
        yield pytest.param(*case, id=f"{case[0]}-{before}", marks=marks)


@pytest.fixture
def eager(monkeypatch):
    """Without a TensorFlow function, which takes a second or more to make."""
    monkeypatch.setattr(keras.Model, "run_eagerly", property(lambda m: True, lambda m, v: None))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("samples", [24, 32])
def test_weights_of_more_axes_than_the_loss(samples, tmp_path):
    body = f"x, y = np.ones(({samples}, 4)), np.ones({samples})\n"
    body += "one().fit(x, y, sample_weight=x, verbose=0)"
    finding = found(run(HEAD + body, tmp_path / "script.py"), strict=True)
    assert finding.code == "KL722"
    assert f"{samples} × 4" in finding.message


@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("code", "word", "kind", "body"), list(params()))
def test_is_explained_and_mended(code, word, kind, body, tmp_path):
    source = HEAD + body
    error = run(source, tmp_path / "script.py")
    assert error is not None
    finding = found(error, strict=True)
    assert finding is not None, repr(error)
    assert (finding.code, word in finding.text()) == (code, True), finding.text()
    assert finding.cause is not None
    assert finding.cause.place is not None or code in ("KL702", "KL706", "KL709")
    placed = [fix for fix in finding.fixes if fix.edits]
    assert bool(placed) == (kind != "none"), finding.text()
    assert all(fix.tried == (kind == "tried") for fix in placed), finding.text()
    for number, fix in enumerate(placed):
        left = run(fix.apply(source), tmp_path / f"mended{number}.py")
        assert left is None, f"{fix.title}: {left}"


QUIET = [
    # One picture, declared by its own shape, and a recording with an answer for each step.
    "shot = rng.random((6, 6, 1))\nentry = keras.Input(shape=shot.shape)\n"
    "net(layers.Dense(1)(layers.Flatten()(entry))).predict(shot, verbose=0)",
    "entry = keras.Input((24, 4))\n"
    "net(layers.Dense(1)(layers.LSTM(2, return_sequences=True)(entry))).fit(A, Y, verbose=0)",
    # What is wrong lies elsewhere: the inputs are one variable, a layer is too narrow.
    "def gives():\n    while True:\n        pair = (A[:8], B[:8], A[:8])\n"
    "        for _ in range(2):\n            pair = tuple(pair)\n        yield pair, Y[:8]\n\n\n"
    "two_in().fit(gives(), steps_per_epoch=2, verbose=0)",
    "def gives():\n    raise ValueError('mine')\n    yield A, B, Y\n\n\n"
    "two_in().fit(gives(), steps_per_epoch=2, verbose=0)",
    # Weights that are right, beside targets that are not.
    "two_out().fit(A, [Y, Y[:, :0]], sample_weight=[np.ones(24), np.ones(24)], verbose=0)",
    "sorts().fit(A[:, :3], kinds, class_weight={0: 2.0}, verbose=0)",
]


@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("body", QUIET)
def test_is_not_taken_for_what_it_is_not(body, tmp_path):
    error = run(HEAD + body, tmp_path / "script.py")
    finding = found(error, strict=True) if error is not None else None
    if finding is not None:
        assert finding.code not in ("KL721", "KL722", "KL723")
        assert "side by side" not in finding.message


@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore")
def test_nothing_is_taken_from_a_generator(tmp_path):
    body = generator("a, b, y", "two_in()").replace(
        "two_in().fit", "kept = batches()\ntwo_in().fit"
    )
    body = body.replace("fit(batches()", "fit(kept")
    path = tmp_path / "script.py"
    path.write_text(HEAD + body, encoding="utf-8")
    values: dict[str, object] = {}
    with pytest.raises(ValueError, match="expects 2") as caught:
        exec(compile(HEAD + body, str(path), "exec"), values)
    frame = values["kept"].gi_frame
    before = frame.f_lasti, frame.f_locals["start"]
    finding = found(caught.value, strict=True)
    assert finding.code == "KL724"
    assert (frame.f_lasti, frame.f_locals["start"]) == before
