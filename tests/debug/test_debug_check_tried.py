"""What a check offers was tried on the graph, or says that it was not."""

from __future__ import annotations

import keras
import pytest
from keras import layers as L

import keraslab as kl
from keraslab.debug._finding import Fix
from keraslab.debug._subject import Subject
from keraslab.debug._tried import with_code, with_settings
from keraslab.graph import TensorSpec


@pytest.fixture(scope="module")
def subject():
    x = keras.Input((8, 8, 3), name="picture")
    h = L.Conv2D(16, 3, name="conv")(x)
    h = L.Flatten(name="flat")(h)
    h = L.Dense(16, name="wide")(h)
    h = L.Add(name="add")([h, L.Dense(16, name="short")(h)])
    return Subject(keras.Model(x, L.Dense(2, name="out")(h)))


def call(subject, name):
    return subject.graph.call_by_id[f"{name}#0"]


def test_code_runs_and_the_rest_takes_what_it_gives(subject):
    flat = call(subject, "flat")
    fix = Fix("", "x = keras.layers.GlobalAveragePooling2D()(x)")
    (tried,) = with_code(subject, fix, {"x": flat.inputs[0]}, at=flat)
    assert tried.tried
    assert not fix.tried


def test_code_that_fails_is_not_offered(subject):
    flat, wide = call(subject, "flat"), call(subject, "wide")
    fix = Fix("", "x = keras.layers.GlobalAveragePooling1D()(x)")
    assert with_code(subject, fix, {"x": flat.inputs[0]}, at=flat) == ()
    # It runs, and what follows does not fit together with it.
    fix = Fix("", "x = keras.layers.Dense(5)(x)")
    assert with_code(subject, fix, {"x": wide.inputs[0]}, at=flat)[0].tried
    short = call(subject, "short")
    assert with_code(subject, fix, {"x": short.inputs[0]}, at=short) == ()
    into = call(subject, "add")
    assert with_code(subject, fix, {"x": wide.inputs[0]}, at=wide, into=into) == ()


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "x = open('file')",
        "x = __import__('os')",
        "x = keras.models.load_model('file')",
        "x = keras.layers.Dense.__init__(x)",
        'second = keras.Input((3,), name="a"); open("b")',
    ],
)
def test_nothing_but_layers_runs(subject, code):
    fix = Fix("", code)
    assert with_code(subject, fix, {"x": TensorSpec((None, 3), "float32")}) == (fix,)
    assert not fix.tried


def test_settings_that_do_not_fit_are_not_offered(subject):
    fix = Fix("", "")
    assert with_settings(subject, fix, call(subject, "out"), units=3)[0].tried
    assert with_settings(subject, fix, call(subject, "short"), units=3) == ()


def test_a_report_says_what_was_not_tried():
    words = keras.Input((6,), dtype="int32", name="words")
    h = L.Embedding(20, 4, trainable=False, name="table")(words)
    h = L.Dense(4, name="first")(L.GlobalAveragePooling1D()(h))
    report = kl.check(keras.Model(words, L.Dense(2, name="out")(h)))
    assert [fix.tried for fix in report["KL951"][0].fixes] == [True]
    # Nobody but who made the model has the vectors.
    assert [fix.tried for fix in report["KL857"][0].fixes] == [False, True]
    assert "give it the vectors before it is used (not tried)" in report.text()
    assert "activation (gives ? × 4, no new parameters)" in report.text()
