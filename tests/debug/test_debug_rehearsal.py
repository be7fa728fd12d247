"""A change for a failing training is rehearsed on a few samples: nothing is trained or left."""

from __future__ import annotations

import random
import textwrap
from dataclasses import replace

import keras
import numpy as np
import pytest
from test_debug_errors_fit import HEAD, ROWS, SPARSE, heads, run
from test_debug_errors_tried import changed

from keraslab import diagnose
from keraslab.debug._diagnose import found
from keraslab.debug._evidence import Evidence
from keraslab.debug._rerun import verdict
from keraslab.graph import keras_internals

OWN = """
import contextlib
from keras import callbacks, losses, metrics, optimizers

ran = []


def own_loss(true, predicted):
    ran.append("loss")
    return keras.ops.mean(keras.ops.square(true - predicted), axis=-1)


class OwnLoss(keras.losses.Loss):
    def call(self, true, predicted):
        ran.append("loss")
        return keras.ops.mean(keras.ops.square(true - predicted), axis=-1)


class OwnMetric(keras.metrics.Mean):
    def __init__(self, name="own", dtype=None):
        ran.append("metric")
        super().__init__(name, dtype)

    def update_state(self, true, predicted, sample_weight=None):
        ran.append("metric")


class OwnCallback(keras.callbacks.Callback):
    def __init__(self):
        ran.append("callback")
        super().__init__()


class OwnModel(keras.Model):
    def train_step(self, data):
        ran.append("model")
        return super().train_step(data)


def batches():
    while True:
        ran.append("batch")
        yield data[:4], numbers[:4]
"""


@pytest.fixture(autouse=True)
def eagerly(monkeypatch):
    """Without a TensorFlow function, which takes a second or more to make."""
    monkeypatch.setattr(keras.Model, "run_eagerly", property(lambda m: True, lambda m, v: None))


def failed(body: str, path):
    source = HEAD + OWN + textwrap.dedent(body)
    error = run(source, path)
    assert error is not None
    return source, error


def frame_of(error):
    """The variables of the script that failed."""
    return vars(Evidence(error).sources[0])["_frame"].f_globals


# Trained really once with each change that is offered.
TRIED = {
    "in a function": """
        def train(model, x):
            model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acuracy"])
            model.fit(x, numbers, verbose=0)

        train(net(), data * 2)
        """,
    "compiled in a function": """
        def built():
            model = heads()
            model.compile(
                optimizers.Adam(optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
                loss=[losses.MeanSquaredError(), "mse"],
                metrics={"kindd": [metrics.MeanSquaredError()]},
            )
            return model

        both = built()
        both.fit(data, [kinds, boxes], verbose=0)
        """,
    "built anew": """
        def make(rows):
            return keras.Sequential(
                [keras.Input((6,)), layers.Embedding(50, 4), layers.Flatten(), layers.Dense(1)]
            )

        model = make(50)
        model.compile("sgd", "mse")
        model.fit(np.full((4, 6), 70), np.zeros((4, 1)), verbose=0)
        """,
    "tried and caught": """
        model = net()
        try:
            model.fit(data, numbers, verbose=0)
        except ZeroDivisionError:
            pass
        """,
    "within with": SPARSE
    + """with contextlib.suppress(ZeroDivisionError):
    curve = model.fit(data, numbers[:10], verbose=0).history["loss"]
""",
    "in a loop": """
        for units in (5, 6):
            model = net(units)
            model.compile("sgd", "sparse_categorical_crossentropy")
            model.fit(data, numbers[:10], verbose=0)
        """,
    "validated": SPARSE
    + "stop = callbacks.EarlyStopping(patience=2)\n"
    + "model.fit(data, numbers, validation_data=(data, numbers[:5]), callbacks=[stop], verbose=0)",
    "weighed": SPARSE
    + "each = {0: 1.0, 1: 2.0, 2: 1.0, 3: 1.0, 4: 1.0}\n"
    + "model.fit(data, numbers, class_weight=each, epochs=2.0, verbose=0)",
    "by a variable": SPARSE + "size = '4'\nmodel.fit(data, numbers, batch_size=size, verbose=0)",
    "any length": """
        x = keras.Input((None, 3))
        model = keras.Model(x, layers.Dense(2)(layers.LSTM(4, return_sequences=True)(x)))
        model.compile("sgd", "mse")
        model.fit(np.ones((8, 6, 3)), np.ones((7, 6, 2)), verbose=0)
        """,
    "calculated targets": heads("loss={'kind': 'mse', 'box': 'mse'}", True)
    + "model.fit(data, {'klass': kinds * 2, 'box': boxes + 1}, verbose=0)",
    "only evaluated": SPARSE + "model.evaluate(data[:8], numbers, verbose=0)",
    "one batch": ROWS + "model.train_on_batch((data, rows))",
    "a tuple": SPARSE + "both = (data, numbers)\nmodel.fit(both, verbose=0)",
    "asked for": "model = pair()\nwide = model.predict({'user': data, 'itm': data}).shape",
    "keyword": "model = net()\nmodel.compile('adam', los='mse')",
    "a file": SPARSE
    + "model.fit(data, numbers, callbacks=[callbacks.CSVLogger, callbacks.History()], verbose=0)",
    "ragged": "lists = [[1.0, 2.0], [3.0]]\ntable = np.array(lists)",
    "a live metric": "auc = metrics.AUC()\nmodel = net(1, 'sigmoid')\n"
    "model.compile('sgd', 'binary_crossentropy', metrics=[auc])\n"
    "model.fit(data, numbers[:3] % 2, verbose=0)",
}


QUICK = (
    "in a function",
    "compiled in a function",
    "built anew",
    "in a loop",
    "validated",
    "ragged",
)
"""The others are as good, and slow together."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(body, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name, body in TRIED.items()
    ],
)
def test_what_is_tried_trains_really(body, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source, error = failed(body, tmp_path / "script.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert finding.fixes
    for number, fix in enumerate(finding.fixes):
        assert fix.tried, fix
        left = run(fix.apply(source), tmp_path / f"mended{number}.py")
        assert left is None, f"{fix.title}: {left}"


BAD = "model = net()\nmodel.compile('sgd', 'mse', metrics=['acuracy'])\n"
OWN_BAD = "model = net()\nmodel.compile('sgd', 'mse', metrics=[own_loss, 'acuracy'])\n"
TWO = heads("loss={'klass': 'mse', 'box': 'mse'}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("body", "old", "new", "expected"),
    [
        (BAD + "model.fit(data, rows)", "'acuracy'", "'accuracy'", "works"),
        (BAD + "model.fit(data, rows)", "'acuracy'", "'acurracy'", "fails"),
        (BAD + "model.fit(data, rows)", "['acuracy']", "metrics.AUC()", "fails"),
        (BAD + "model.fit(data, rows)", "['acuracy']", "[metrics.AUC]", "works"),
        (BAD + "model.fit(data, rows)", "['acuracy']", "[metrics.AUC(tresholds=[0])]", "fails"),
        (BAD + "model.fit(data, rows)", "['acuracy']", "[OwnMetric]", "unknown"),
        (BAD + "model.fit(data, rows)", "['acuracy']", "[OwnMetric()]", "unknown"),
        (BAD + "model.fit(data, rows)", "['acuracy']", "[own_loss]", "unknown"),
        (BAD + "model.fit(data, rows)", "data, rows", "data, rows[:4]", "fails"),
        (OWN_BAD + "model.fit(data, rows)", "own_loss, 'acuracy'", "'accuracy'", "unknown"),
        (TWO + "model.fit(data, [kinds, boxes])", "'klass'", "'kind'", "works"),
        (TWO + "model.fit(data, [kinds, boxes])", "'klass'", "'kinds'", "fails"),
        (TWO + "model.fit(data, [kinds, boxes])", "'klass': 'mse'", "'kind': own_loss", "unknown"),
        (TWO + "model.fit(data, [kinds, boxes])", "[kinds, boxes]", "boxes", "fails"),
        ("model = net()\nmodel.compile('adm')", "'adm'", "'adamw'", "works"),
        ("model = net()\nmodel.compile('adm')", "'adm'", "optimizers.SGD(0.1)", "works"),
        ("model = net()\nmodel.compile('adm')", "'adm'", "'sdg'", "fails"),
        (SPARSE + "model.fit(data, numbers, epochs='2')", "'2'", "2", "works"),
        (SPARSE + "model.fit(data, numbers, epochs='2')", "'2'", "2.5", "fails"),
        (SPARSE + "model.fit(data, numbers, epochs='2')", "'2'", "round(2.5)", "works"),
        (SPARSE + "model.fit(data, numbers, epochs='2')", "'2'", "open('/nowhere')", "unknown"),
        (SPARSE + "model.fit(data, numbers[:9])", "data,", "data[:9],", "works"),
        (SPARSE + "model.fit(data, numbers[:9])", "data,", "data[:8],", "fails"),
        (SPARSE + "model.fit(data, numbers[:9])", "data,", "data[:9, :4],", "fails"),
        (SPARSE + "model.fit(data, numbers[:9])", "numbers[:9]", "numbers + 9", "unknown"),
        (SPARSE + "model.fit(data, numbers[:9])", "[:9]", ", callbacks=[OwnCallback()]", "unknown"),
    ],
)
def test_a_change_is_rehearsed(body, old, new, expected, tmp_path):
    source, error = failed(body, tmp_path / "script.py")
    assert verdict(_in(source, old, new), Evidence(error)) == expected
    assert not frame_of(error)["ran"]


def _in(source, old, new):
    """Another text in place of one that stands once behind the definitions."""
    fix, lines = changed(source.removeprefix(HEAD + OWN), old, new), (HEAD + OWN).count("\n")
    edits = [replace(e, line=e.line + lines, end_line=e.end_line + lines) for e in fix.edits]
    return replace(fix, edits=tuple(edits))


def test_what_fails_when_it_is_rehearsed_is_not_offered(tmp_path):
    body = SPARSE + "model.fit(data, numbers, callbacks=[callbacks.LearningRateScheduler])"
    _, error = failed(body, tmp_path / "script.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert finding.code == "KL719"
    assert not finding.fixes  # it cannot be made without a schedule


UNKNOWN = {
    "own loss": "model = net()\nmodel.compile('sgd', own_loss)\nmodel.fit(data, rows[:3])",
    "own loss object": "model = net()\nmodel.compile('sgd', OwnLoss())\nmodel.fit(data, rows[:3])",
    "own function as a metric": "model = net()\n"
    "model.compile('sgd', 'mse', metrics=[metrics.MeanMetricWrapper(own_loss)])\n"
    "model.fit(data, rows, epochs='2')",
    "own metric": "model = net()\nmodel.compile('sgd', 'mse', metrics=[OwnMetric()])\nran.clear()\n"
    "model.fit(data, rows, epochs='2')",
    "own callback": SPARSE + "model.fit(data, numbers, callbacks=[OwnCallback])",
    "own model": "x = keras.Input((8,))\nmodel = OwnModel(x, layers.Dense(5)(x))\n"
    "model.compile('sgd', 'mse')\nmodel.fit(data, rows[:3])",
    "generator": SPARSE + "given = batches()\nmodel.fit(given, steps_per_epoch=2, epochs='2')",
    "generators for a loop": "given = batches()\n"
    "for x, y in given:\n    model = net()\n    model.fit(x, y)",
    "what a training gives": """
        kept = []
        for units in (5, 6):
            model = net(units)
            model.compile("sgd", "sparse_categorical_crossentropy")
            kept.append(model.fit(data, numbers, epochs="2").history["loss"][-1])
        """,
    "own layer of any length": """
        x = keras.Input((None, 3))
        model = keras.Model(x, layers.Lambda(lambda t: ran.append("layer") or t * 2)(x))
        model.compile("sgd", "mse")
        model.fit(np.ones((8, 6, 3)), np.ones((7, 6, 3)))
        """,
    "many metrics": "model = net()\nmodel.compile('sgd', 'mse', metrics=['mae'] * 9)\n"
    "model.fit(data, rows, epochs='2')",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN)
def test_what_would_run_a_persons_code_stays_untried(body, tmp_path):
    _, error = failed(body, tmp_path / "script.py")
    values = frame_of(error)
    before = list(values["ran"])
    finding = diagnose(error)
    assert finding is not None
    assert finding.code.startswith("KL7")
    assert [fix.tried for fix in finding.fixes if fix.edits] == [False]
    assert "(not tried)" in finding.text()
    assert values["ran"] == before  # and nothing was taken from a generator


@pytest.mark.filterwarnings("ignore")
def test_a_rehearsal_leaves_nothing_behind(tmp_path):
    body = """
    auc = metrics.AUC()
    model = net()
    rate = optimizers.Adam(0.1)
    model.compile(rate, "categorical_crossentropy", metrics=[auc])
    model.fit(data, rows, verbose=0)
    model.fit(data, rows[:12], verbose=0)
    """
    _, error = failed(body, tmp_path / "script.py")
    values = frame_of(error)
    model, auc, rate = values["model"], values["auc"], values["rate"]
    assert rate.built

    def numbers():
        variables = [*model.variables, *auc.variables, *rate.variables]
        arrays = [v.numpy().copy() for v in variables]
        return [*arrays, *(v.copy() for v in values.values() if isinstance(v, np.ndarray))]

    keras.layers.Dense(1)
    name = int(keras.layers.Dense(1).name.removeprefix("dense_"))
    attributes, before, python = dict(vars(model)), numbers(), random.getstate()
    state = [*np.random.get_state()[1:]]
    nodes = [len(keras_internals.outbound_nodes(layer)) for layer in model.layers]
    finding = diagnose(error)
    assert finding is not None
    assert [fix.tried for fix in finding.fixes] == [True]
    assert random.getstate() == python
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state()[1:], state, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(numbers(), before, strict=True))
    assert [len(keras_internals.outbound_nodes(layer)) for layer in model.layers] == nodes
    assert vars(model).keys() == attributes.keys()
    assert all(vars(model)[key] is value for key, value in attributes.items())
    assert keras.layers.Dense(1).name == f"dense_{name + 1}"


def test_large_data_is_cut_before_anything_is_made_of_it(tmp_path, monkeypatch):
    body = """
    model = net()
    wide = np.lib.stride_tricks.as_strided(data, (10**6, 8), (0, 4))
    many = np.lib.stride_tricks.as_strided(numbers, (10**6,), (0,))
    model.fit(wide, many, epochs=2, verbose=0)
    """
    _, error = failed(body, tmp_path / "script.py")
    seen, first_batch = [], keras_internals.first_batch

    def watched(few, class_weight=None):
        seen.extend(len(each) for each in few if each is not None)
        return first_batch(few, class_weight)

    monkeypatch.setattr(keras_internals, "first_batch", watched)
    finding = found(error, strict=True)
    assert finding is not None
    assert [fix.tried for fix in finding.fixes] == [True]
    assert seen
    assert max(seen) <= 8


def test_the_smallest_and_the_largest_targets_are_among_the_few(tmp_path):
    body = """
    model = net()
    far = np.zeros(5000, int)
    far[4321] = 7
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acuracy"])
    model.fit(np.ones((5000, 8)), far, verbose=0)
    """
    source, error = failed(body, tmp_path / "script.py")
    assert verdict(_in(source, "acuracy", "accuracy"), Evidence(error)) == "fails"
    reached = _in(source, "far[4321] = 7", "far[4321] = 4")
    assert verdict(reached, Evidence(error)) == "unknown"  # the array is not made anew


@pytest.mark.filterwarnings("ignore")
def test_the_same_keys_are_mended_where_a_variable_holds_the_targets(tmp_path):
    body = TWO + "given = {'klass': kinds, 'box': boxes}\nmodel.fit(data, given, verbose=0)"
    source, error = failed(body, tmp_path / "script.py")
    finding = found(error, strict=True)
    assert finding is not None
    assert [(fix.tried, len(fix.edits)) for fix in finding.fixes] == [(True, 2)]
    assert run(finding.fixes[0].apply(source), tmp_path / "mended.py") is None
