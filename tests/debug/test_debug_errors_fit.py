"""What fails in ``fit``, ``evaluate``, ``predict`` and ``compile`` is explained and mended."""

from __future__ import annotations

import textwrap

import keras
import numpy as np
import pytest
from offered import run

from keraslab.debug._diagnose import found

HEAD = """
import numpy as np
import keras
from keras import layers

N = 16
data = np.zeros((N, 8), "float32")
numbers = np.arange(N) % 5
rows = np.eye(5)[numbers]
kinds, boxes = np.zeros((N, 3)), np.zeros((N, 4))


def net(units=5, activation="softmax"):
    source = keras.Input((8,), name="features")
    return keras.Model(source, layers.Dense(units, activation=activation, name="out")(source))


def pair(named=False):
    a, b = keras.Input((8,), name="user"), keras.Input((8,), name="item")
    model = keras.Model({"user": a, "item": b} if named else [a, b], layers.Subtract()([a, b]))
    model.compile(loss="mse")
    return model


def heads(named=False, **compiled):
    source = keras.Input((8,), name="features")
    kind, box = layers.Dense(3, name="kind")(source), layers.Dense(4, name="box")(source)
    return keras.Model(source, {"kind": kind, "box": box} if named else [kind, box])
"""

SPARSE = 'model = net()\nmodel.compile("sgd", "sparse_categorical_crossentropy")\n'
ROWS = 'model = net()\nmodel.compile(optimizer="sgd", loss="categorical_crossentropy")\n'


def heads(compiled: str, named: bool = False) -> str:
    return f'model = heads({named})\nmodel.compile("sgd", {compiled})\n'


EMBED = """
model = keras.Sequential(
    [keras.Input((6,)), layers.Embedding(50, 4), layers.Flatten(), layers.Dense(1)]
)
model.compile("sgd", "mse")
"""

# The code, a word of the message, whether a change of the source is proven, and the source.
CASES = [
    ("KL701", "model", True, "model = net()\nmodel.fit(data, numbers, verbose=0)"),
    ("KL701", "model", True, "model = net()\nmodel.evaluate(data, rows, verbose=0)"),
    ("KL701", "model", True, "model = net(1, 'sigmoid')\nmodel.train_on_batch(data, numbers % 2)"),
    (
        "KL713",
        "no loss",
        True,
        "model = net()\nmodel.compile('sgd')\nmodel.fit(data, rows, verbose=0)",
    ),
    ("KL713", "no targets", False, SPARSE + "model.fit(data, verbose=0)"),
    ("KL713", "no x", False, SPARSE + "model.fit(verbose=0)"),
    (
        "KL702",
        "'user' and 'item'",
        True,
        "u = data\nu2 = data\nmodel = pair()\nmodel.predict(u, verbose=0)",
    ),
    ("KL702", "2 inputs", True, "model = pair()\nmodel.fit(np.ones((4, 8)), data[:4], verbose=0)"),
    ("KL702", "3 arrays", False, "model = pair()\nmodel.fit([data, data, data], data, verbose=0)"),
    (
        "KL702",
        "'itm'",
        True,
        "model = pair()\nmodel.predict({'user': data, 'itm': data}, verbose=0)",
    ),
    (
        "KL702",
        "lacks 'item'",
        False,
        "model = pair(True)\nmodel.predict({'user': data}, verbose=0)",
    ),
    ("KL702", "dict of inputs", True, "model = pair(True)\nmodel.predict([data, data], verbose=0)"),
    (
        "KL702",
        "dict of inputs",
        True,
        "model = pair(True)\nboth = [data, data]\nmodel.predict(both, verbose=0)",
    ),
    ("KL702", "2 inputs", True, "model = pair()\nprint(model(data))"),
    ("KL702", "swapped", True, SPARSE + "model.fit(numbers, data, verbose=0)"),
    ("KL702", "1 input", True, SPARSE + "model.fit((data, numbers), verbose=0)"),
    ("KL703", "one-hot", True, SPARSE + "model.fit(data, rows, verbose=0)"),
    (
        "KL703",
        "rows (16 × 5) holds one-hot rows",
        True,
        "import keraslab as kl\n"
        + SPARSE
        + "kl.fit(model, data, rows, display=False, store=False)",
    ),
    ("KL703", "one-hot", True, SPARSE + "model.evaluate(x=data, y=rows, verbose=0)"),
    (
        "KL703",
        "(16 × 3) holds one-hot rows",
        True,
        heads("loss=['sparse_categorical_crossentropy', 'mse']")
        + "model.fit(data, [np.eye(3)[numbers % 3], boxes], verbose=0)",
    ),
    ("KL704", "class numbers", True, ROWS + "model.fit(data, numbers, verbose=0)"),
    ("KL704", "class numbers", True, ROWS + "model.fit(data, numbers[:, None], verbose=0)"),
    ("KL705", "start at 1", True, SPARSE + "model.fit(data, numbers + 1, verbose=0)"),
    ("KL705", "the class 9", True, SPARSE + "model.fit(data, numbers + 5, verbose=0)"),
    ("KL705", "the class -1", True, SPARSE + "model.fit(data, numbers - 1, verbose=0)"),
    (
        "KL706",
        "kinds is one array",
        True,
        heads("loss='mse'") + "model.fit(data, kinds, verbose=0)",
    ),
    (
        "KL706",
        "'klass'",
        True,
        heads("loss={'kind': 'mse', 'box': 'mse'}", True)
        + "model.fit(data, {'klass': kinds, 'box': boxes}, verbose=0)",
    ),
    (
        "KL706",
        "3 arrays",
        False,
        heads("loss='mse'") + "model.fit(data, [kinds, boxes, boxes], verbose=0)",
    ),
    (
        "KL707",
        "'klass'",
        True,
        heads("loss={'klass': 'mse', 'box': 'mse'}")
        + "model.fit(data, {'klass': kinds, 'box': boxes}, verbose=0)",
    ),
    (
        "KL707",
        "'klass'",
        True,
        heads("loss={'klass': 'mse', 'box': keras.losses.Huber()}", True)
        + "model.fit(data, {'kind': kinds, 'box': boxes}, verbose=0)",
    ),
    (
        "KL707",
        "leaves out",
        True,
        heads("loss={'kind': 'mse'}") + "model.fit(data, [kinds, boxes], verbose=0)",
    ),
    (
        "KL707",
        "list of 3",
        True,
        heads("loss=['mse', 'mse', 'mae']") + "model.fit(data, [kinds, boxes], verbose=0)",
    ),
    (
        "KL708",
        "'clss'",
        True,
        heads("loss={'kind': 'mse', 'box': 'mse'}, loss_weights={'clss': 0.5}", True)
        + "model.fit(data, {'kind': kinds, 'box': boxes}, verbose=0)",
    ),
    (
        "KL708",
        "one loss",
        True,
        heads("loss='mse', loss_weights=[1, 2]") + "model.fit(data, [kinds, boxes], verbose=0)",
    ),
    (
        "KL708",
        "'box' is missing",
        True,
        heads("loss={'kind': 'mse', 'box': 'mse'}, loss_weights={'kind': 2.0}")
        + "model.fit(data, [kinds, boxes], verbose=0)",
    ),
    (
        "KL709",
        "data has 16 and y has 10",
        True,
        SPARSE + "model.fit(data, np.zeros(10), verbose=0)",
    ),
    ("KL709", "samples", True, "model = pair()\nmodel.fit([data, data[:5]], data, verbose=0)"),
    (
        "KL709",
        "sample_weight has 3",
        False,
        SPARSE + "model.fit(data, numbers, sample_weight=np.ones(3), verbose=0)",
    ),
    (
        "KL709",
        "validation_data",
        True,
        SPARSE + "model.fit(data, numbers, validation_data=(data, numbers[:3]), verbose=0)",
    ),
    (
        "KL710",
        "text",
        True,
        SPARSE + "words = data.astype(str)\nmodel.fit(words, numbers, verbose=0)",
    ),
    ("KL710", "objects", True, SPARSE + "model.predict(data.astype(object), verbose=0)"),
    ("KL711", "16 × 5", False, SPARSE + "model.predict(data[:, :5], verbose=0)"),
    ("KL711", "one sample", True, SPARSE + "model.predict(data[0], verbose=0)"),
    ("KL711", "16 × 2 × 4", True, SPARSE + "model.predict(data.reshape(-1, 2, 4), verbose=0)"),
    (
        "KL711",
        "validation_data",
        False,
        SPARSE + "model.fit(data, numbers, validation_data=(data[:, :5], numbers), verbose=0)",
    ),
    (
        "KL712",
        "16 × 4",
        True,
        "model = net()\nmodel.compile('sgd', 'mse')\nmodel.fit(data, boxes, verbose=0)",
    ),
    (
        "KL712",
        "text",
        True,
        SPARSE + "names = np.array(['cat', 'dog'] * 8)\nmodel.fit(data, names, verbose=0)",
    ),
    ("KL714", "epochs", True, SPARSE + "model.fit(data, numbers, epochs='2', verbose=0)"),
    (
        "KL715",
        "plain values",
        True,
        SPARSE + "values = data.tolist()\nmodel.fit(values, numbers, verbose=0)",
    ),
    (
        "KL715",
        "plain values",
        True,
        SPARSE + "labels = [1] * N\nmodel.fit(data, labels, verbose=0)",
    ),
    (
        "KL716",
        "which output",
        True,
        heads("loss='mse', metrics=['mae']") + "model.fit(data, [kinds, boxes], verbose=0)",
    ),
    (
        "KL716",
        "'boxx'",
        True,
        heads("loss='mse', metrics={'boxx': 'mae'}") + "model.fit(data, [kinds, boxes], verbose=0)",
    ),
    ("KL716", "list", True, "model = net()\nmodel.compile('sgd', 'mse', metrics='mae')"),
    ("KL717", "the id 70", True, EMBED + "model.predict(np.full((4, 6), 70), verbose=0)"),
    ("KL718", "'adm'", True, "model = net()\nmodel.compile(optimizer='adm', loss='mse')"),
    ("KL718", "optimizer", True, "model = net()\nmodel.compile(0.01, 'mse')"),
    ("KL718", "'mse'", True, "model = net()\nmodel.compile('mse', 'adam')"),
    (
        "KL718",
        "'acuracy'",
        True,
        "model = net()\nmodel.compile('sgd', 'mse', metrics=['acuracy'])\n"
        "model.fit(data, rows, verbose=0)",
    ),
    (
        "KL719",
        "EarlyStopping",
        True,
        SPARSE + "model.fit(data, numbers, callbacks=[keras.callbacks.EarlyStopping], verbose=0)",
    ),
]


def params():
    """Two cases of each code are quick; the others are as good, and slow together."""
    for number, case in enumerate(CASES):
        before = sum(each[0] == case[0] for each in CASES[:number])
        yield pytest.param(*case, id=str(number), marks=[pytest.mark.slow] if before > 1 else [])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("code", "word", "proven", "body"), list(params()))
def test_a_failing_fit_is_explained_and_mended(code, word, proven, body, tmp_path, monkeypatch):
    source = HEAD + body
    error = run(source, tmp_path / "script.py")
    assert error is not None
    finding = found(error, strict=True)
    assert finding is not None
    assert (finding.code, word in finding.text()) == (code, True), finding.text()
    assert finding.where is not None
    assert source.splitlines()[finding.where.line - 1].strip() == body.splitlines()[-1].strip()
    placed = [fix for fix in finding.fixes if fix.edits]
    assert bool(placed) == proven
    assert all(fix.tried for fix in placed)
    # Without a TensorFlow function, which takes a second or more to make.
    monkeypatch.setattr(keras.Model, "run_eagerly", property(lambda m: True, lambda m, v: None))
    for number, fix in enumerate(placed):
        mended = fix.apply(source)
        assert mended != source
        left = run(mended, tmp_path / f"mended{number}.py")
        assert left is None, f"{fix.title}: {left}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "body",
    [
        SPARSE + "model.fit(data, numbers, verbose=0, callbacks=[Stops()])",
        "model = net()\nmodel.compile('sgd', loss=fails)\nmodel.fit(data, rows, verbose=0)",
        SPARSE + "model.fit(data, numbers, shufle=True, verbose=0)",
        "def own(model):\n    raise ValueError('mine')\n\nown(net())",
    ],
    ids=["callback", "loss", "argument", "own"],
)
def test_what_the_data_has_no_part_in_is_left_alone(body, tmp_path):
    own = """
class Stops(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise ValueError("mine")


def fails(true, predicted):
    raise ValueError("mine")
"""
    error = run(HEAD + own + body, tmp_path / "script.py")
    assert error is not None
    finding = found(error, strict=True)
    assert finding is None or not finding.code.startswith("KL7")


def test_a_model_without_a_graph_is_no_trouble(tmp_path):
    body = """
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Own()
    model.fit(data, numbers)
    """
    error = run(HEAD + textwrap.dedent(body), tmp_path / "script.py")
    finding = found(error, strict=True)
    assert finding.code == "KL701"
    assert not finding.fixes


def test_frames_and_tensors_are_looked_at_like_arrays():
    from keraslab.debug._pairing import as_array

    assert as_array(keras.ops.ones((2, 3))).shape == (2, 3)
    assert as_array([[1, 2]]).shape == (1, 2)
    assert as_array("text") is None
    assert as_array(np.float32(1.0)).shape == ()


@pytest.mark.parametrize("model", ["made()", "model=made()", "[made()][0]"])
def test_arrays_are_told_from_a_model_that_comes_first(model, tmp_path):
    body = (
        "import keraslab as kl\n\n\ndef made():\n    model = net()\n"
        + '    model.compile("sgd", "sparse_categorical_crossentropy")\n    return model\n\n\n'
        + "few = numbers[:9]\n"
    )
    arrays = "x=data, y=few" if "=" in model else "data, few"
    line = f"kl.fit({model}, {arrays}, store=False)"
    error = run(HEAD + body + line, tmp_path / "script.py")
    assert error is not None
    finding = found(error, strict=True)
    assert finding is not None
    assert finding.code == "KL709"
    assert "data has 16 and few has 9 samples" in finding.text()
    assert line.replace("data", "data[:9]") in finding.text()
