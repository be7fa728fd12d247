"""A change of the text is tried by reading the least of it again, and what fails is not offered."""

from __future__ import annotations

import linecache
import runpy
import textwrap

import keras
import numpy as np
import pytest
from mistake_case import START, diagnosed, proven

from keraslab.debug._diagnose import found
from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Fix
from keraslab.debug._rerun import verdict
from keraslab.graph import keras_internals


def failed(body: str, path):
    """The exception of a source, and the source."""
    source = START + textwrap.dedent(body)
    path.write_text(source, encoding="utf-8")
    linecache.checkcache(str(path))
    try:
        runpy.run_path(str(path))
    except Exception as error:
        return error, source
    raise AssertionError("it does not fail")


def changed(source: str, old: str, new: str) -> Fix:
    """Another text in place of one that stands there once."""
    from keraslab.debug._finding import Edit

    assert source.count(old) == 1, old
    line = source[: source.index(old)].count("\n")
    column = source.split("\n")[line].index(old.split("\n")[0])
    rows = old.split("\n")
    end = column + len(old) if len(rows) == 1 else len(rows[-1])
    return Fix("", "", edits=(Edit(line, column, line + len(rows) - 1, end, new),))


LOOP = """
x = keras.Input((8,), name="x")
h = x
for depth in range(3):
    h = layers.Dense(8, name="one")(h)
model = keras.Model(x, h)
"""
FUNCTION = """
def block(t, units):
    for _ in range(2):
        t = layers.Dense(units, activaton="relu")(t)
    return t

x = keras.Input((8,))
y = block(x, 4)
"""
PARTS = """
a = keras.Input((8,))
parts = []
for size in (4, 6):
    parts.append(layers.Dense(size)(a))
total = layers.Add()(parts)
"""
OWN = """
calls = []
def mine(t):
    calls.append(t)
    return t

def grown(t):
    print(t)
    return open("/nowhere/at/all")

x = keras.Input((8,))
h = layers.Dense(4)(mine(x))
y = layers.Reshape((3, 2))(h)
"""


@pytest.mark.parametrize(
    ("body", "old", "new", "expected"),
    [
        (LOOP, 'name="one"', 'name=f"d{depth}"', "works"),
        (LOOP, 'name="one"', 'name="two"', "fails"),
        (LOOP, 'name="one"', "name=something()", "fails"),
        (LOOP, "range(3)", "range(1)", "works"),
        (FUNCTION, "activaton", "activation", "works"),
        (FUNCTION, "activaton", "activating", "fails"),
        (FUNCTION, "return t", "return open(t)", "fails"),
        (PARTS, "(4, 6)", "(6, 6)", "works"),
        (PARTS, "(4, 6)", "(6, 7)", "fails"),
        (PARTS, "layers.Add()", "layers.Concatenate()", "works"),
        (OWN, "(3, 2)", "(2, 2)", "works"),
        (OWN, "(3, 2)", "(2, 3)", "fails"),
        (OWN, "layers.Reshape((3, 2))(h)", "grown(h)", "unknown"),
        (OWN, "Dense(4)(mine(x))", "Dense(6)(grown(x))", "unknown"),
    ],
)
def test_a_change_is_read_again(body, old, new, expected, tmp_path):
    error, source = failed(body, tmp_path / "person.py")
    if new == "name=something()":  # a name that is not there may be anything
        expected = "unknown"
    assert verdict(changed(source, old, new), Evidence(error)) == expected


def test_what_passes_as_it_is_says_nothing_of_a_change(tmp_path):
    body = "x = keras.Input((4,))\nh = layers.Dense(4)(x)\nraise ValueError('mine')\n"
    error, source = failed(body, tmp_path / "person.py")
    assert verdict(changed(source, "Dense(4)", "Dense(5)"), Evidence(error)) == "unknown"


def test_nothing_of_the_persons_runs_or_changes(tmp_path):
    error, source = failed(OWN, tmp_path / "person.py")
    evidence = Evidence(error)
    assert evidence.source is not None
    frame = vars(evidence.source)["_frame"].f_globals
    x, h, calls = frame["x"], frame["h"], frame["calls"]
    makers = [keras_internals.operation_of(keras_internals.node_of(t)) for t in (x, h)]
    before = [len(keras_internals.outbound_nodes(maker)) for maker in makers]
    assert len(calls) == 1
    assert verdict(changed(source, "Dense(4)", "Dense(6)"), evidence) == "unknown"  # calls mine()
    assert verdict(changed(source, "(3, 2)", "(4, 1)"), evidence) == "works"
    assert len(calls) == 1
    assert [len(keras_internals.outbound_nodes(maker)) for maker in makers] == before


def test_a_change_that_fails_is_not_offered_and_the_rest_say_whether_they_were_tried(tmp_path):
    body = """
    class Gate(layers.Layer):
        def __init__(self):
            super().__init__()
            self.open = layers.Dense(4, activation="sigmoid")

        def build(self, shape):
            self.open.build(shape)

        def call(self, x):
            return x * self.open(x)

    out = Gate()(keras.Input((8,)))
    """
    error, _ = failed(body, tmp_path / "person.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert [fix.tried for fix in finding.fixes] == [False]
    assert "(not tried)" in finding.text()
    error, _ = failed(LOOP, tmp_path / "person.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert [fix.tried for fix in finding.fixes] == [True]
    assert "not tried" not in finding.text()


def test_a_repeat_in_a_loop_is_not_offered(tmp_path):
    source = START + textwrap.dedent("""
    x = keras.Input((10, 4))
    for units in (8, 6):
        x = layers.LSTM(units)(x)
    model = keras.Model(x, x)
    """)
    finding, error = diagnosed(source.replace("Model(x, x)", "Model"), tmp_path / "person.py")
    assert error is not None
    assert finding is not None
    assert finding.code == "KL601"
    assert finding.fixes
    assert not any("RepeatVector" in fix.code for fix in finding.fixes)
    proven(finding, source.replace("Model(x, x)", "Model"), tmp_path / "mended.py")


@pytest.mark.parametrize(
    ("kept", "said"), [("self.b", "self.b"), ("self.parts", "self.parts[0]")], ids=["one", "list"]
)
def test_what_self_holds_has_a_name(kept, said, tmp_path):
    value = "keras.Input((5,), name='held')"
    body = f"""
    class Net:
        def __init__(self):
            {kept} = {f"[{value}]" if said.endswith("]") else value}

        def join(self, a):
            return layers.Add()([a, {said}])

    Net().join(keras.Input((8,)))
    """
    error, _ = failed(body, tmp_path / "person.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert [tensor.name for tensor in finding.tensors] == ["a", said]
    assert said in finding.message


def test_numbers_of_numpy_are_written_as_numbers(tmp_path):
    body = """
    side, deep = np.int64(7), np.int64(4)
    x = keras.Input((100,), name="x")
    y = layers.Reshape((side, side, deep))(x)
    """
    error, _ = failed(body, tmp_path / "person.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert finding.code == "KL502"
    assert "np.int64" not in finding.text()
    assert "(7, 7, 4)" in finding.message


def test_the_data_itself_in_the_place_of_a_shape(tmp_path):
    error, _ = failed("data = np.zeros((16, 8))\nx = keras.Input(data)\n", tmp_path / "person.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert finding.message == (
        "keras.Input() takes the shape of one sample, (8,), and was given the data itself: "
        "data (16 × 8) goes to fit() or predict()."
    )


# Datasets.


def net(loss):
    x = keras.Input((8,), name="features")
    model = keras.Model(x, keras.layers.Dense(5, activation="softmax", name="out")(x))
    model.compile("sgd", loss, run_eagerly=True)
    return model


X = np.zeros((8, 8), "float32")
NUMBERS = np.arange(8) % 5
ROWS = np.eye(5, dtype="float32")[NUMBERS]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("x", "y", "loss", "code", "word"),
    [
        (X, NUMBERS, "categorical_crossentropy", "KL704", "y (?) holds class numbers"),
        (X, ROWS, "sparse_categorical_crossentropy", "KL703", "y (? × 5) holds rows of 5 numbers"),
        (X[:, :6], NUMBERS, "sparse_categorical_crossentropy", "KL711", "x is ? × 6"),
    ],
)
@pytest.mark.parametrize("validates", [False, True], ids=["learns", "validates"])
def test_a_dataset_says_the_shapes_of_its_batches(x, y, loss, code, word, validates):
    tf = pytest.importorskip("tensorflow")
    model, read = net(loss), []

    def counted(*batch):
        tf.py_function(lambda: read.append(1), [], [])
        return batch

    train = tf.data.Dataset.from_tensor_slices((x, y)).batch(8).map(counted)
    good = NUMBERS if loss.startswith("sparse") else ROWS
    try:
        if validates:
            model.fit(X, good, validation_data=train, verbose=0)
        else:
            model.fit(train, verbose=0)
    except Exception as raised:
        error = raised
    before = len(read)
    finding = found(error, strict=True)
    assert finding is not None
    assert (finding.code, word in finding.message) == (code, True), finding
    assert "In the batches of train, " in finding.message
    assert not any(fix.code.startswith(("x =", "y =")) for fix in finding.fixes)
    assert len(read) == before


@pytest.mark.filterwarnings("ignore")
def test_a_dataset_of_the_persons_own_is_not_asked():
    class Mine(keras.utils.PyDataset):
        asked = 0

        def __len__(self):
            return 1

        def __getitem__(self, index):
            Mine.asked += 1
            return X, NUMBERS

    try:
        net("categorical_crossentropy").fit(Mine(), verbose=0)
    except Exception as raised:
        error = raised
    before = Mine.asked
    finding = found(error, strict=True)
    assert finding is None or finding.code != "KL704"
    assert Mine.asked == before


@pytest.mark.filterwarnings("ignore")
def test_a_dataset_that_nobody_batched_is_no_batch():
    tf = pytest.importorskip("tensorflow")
    train = tf.data.Dataset.from_tensor_slices((X, NUMBERS))
    try:
        net("sparse_categorical_crossentropy").fit(train, verbose=0)
    except Exception as raised:
        error = raised
    assert found(error, strict=True) is None
