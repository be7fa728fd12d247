"""The panel under a traceback, and the same on demand."""

from __future__ import annotations

import base64
import re
import sys
from xml.etree import ElementTree

import keras
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

import keraslab as kl

WRONG = """\
import keras
from keras import layers
a = keras.Input((8,), name="a")
b = keras.Input((4,), name="b")
out = layers.Add()([a, b])
"""
UNKNOWN = """\
import keras
class Picky(keras.layers.Layer):
    def call(self, x):
        raise ValueError("not on a Monday")
tensor = keras.Input((8,), name="tensor")
Picky(name="picky")(tensor)
"""
MISSING = """\
import keras
from keras import layers
a = keras.Input((4,), name="a")
b = keras.Input((4,), name="b")
keras.Model(a, layers.Add()([a, b]))
"""


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell.instance()
    made.display_pub = CapturingDisplayPublisher()
    forget()
    monkeypatch.setattr("keraslab.panels._findings.in_terminal", lambda: False)
    kl.load_ipython_extension(made)
    yield made
    made.reset(new_session=False)
    InteractiveShell.clear_instance()
    forget()


def forget():
    for name in ("last_exc", "last_value", "last_type", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)


def shown(shell):
    found = [output["data"] for output in shell.display_pub.outputs]
    shell.display_pub.outputs.clear()
    return found


def run(shell, cell):
    result = shell.run_cell(cell, store_history=True)
    return result.error_in_exec


def test_a_finding_stands_under_the_traceback(shell, capsys):
    error = run(shell, WRONG)
    assert isinstance(error, ValueError)
    (bundle,) = shown(shell)
    for part in (
        "KL206",
        "Add works element by element",
        "Any of these mends it",
        "data:image/svg",
    ):
        assert part in bundle["text/html"]
    assert "cell [1], line 5: layers.Add()([a, b])" in bundle["text/plain"]
    assert "out = layers.Add()([layers.Dense(4)(a), b])" in bundle["text/plain"]
    printed = capsys.readouterr().out
    assert "Inputs have incompatible shapes" in printed
    assert "KL206" not in printed


def test_one_change_is_not_one_of_several_and_no_legend_counts_no_changes(shell):
    run(shell, MISSING)
    (bundle,) = shown(shell)
    panel = bundle["text/html"]
    assert "KL401" in panel
    assert "<dt>To mend it</dt>" in panel
    assert "<ol>" not in panel
    data = re.search(r"base64,([^\"]+)", panel)[1]
    svg = base64.b64decode(data).decode()
    assert ">Changes<" not in svg


def test_the_failing_call_and_the_cause_are_marked_in_the_picture(shell):
    run(shell, WRONG)
    (bundle,) = shown(shell)
    data = re.search(r"base64,([^\"]+)", bundle["text/html"])[1]
    svg = ElementTree.fromstring(base64.b64decode(data))
    nodes = [e for e in svg.iter("{http://www.w3.org/2000/svg}g") if "node" in e.get("class", "")]
    marks = {
        e.get("data-id"): [c for c in e.get("class").split() if c.startswith("status-")]
        for e in nodes
    }
    finding = kl.explain().finding
    assert marks == {
        "a#0": ["status-same"],
        finding.cause.call: ["status-cause"],
        finding.calls[0]: ["status-wrong"],
    }
    assert finding.cause.call == "b#0"
    words = {e.get("data-id"): "".join(e.itertext()) for e in nodes}
    assert "Add" in words[finding.calls[0]]


def test_a_cell_that_does_not_fail_shows_nothing(shell):
    assert run(shell, "1 + 1") is None
    assert shown(shell) == []


def test_an_error_of_something_else_shows_nothing(shell):
    assert isinstance(run(shell, "1 / 0"), ZeroDivisionError)
    assert shown(shell) == []


def test_where_no_rule_is_sure_the_shapes_are_shown(shell):
    assert isinstance(run(shell, UNKNOWN), ValueError)
    (bundle,) = shown(shell)
    assert bundle["text/plain"] == (
        "What went into Picky 'picky':\n  tensor: ? × 8 float32, made by tensor"
    )
    assert "KL" not in bundle["text/plain"]


def test_loaded_twice_it_shows_once(shell):
    kl.load_ipython_extension(shell)
    run(shell, WRONG)
    assert len(shown(shell)) == 1


def test_explain_tells_of_the_last_error(shell):
    with pytest.raises(ValueError, match="no cell has failed yet"):
        kl.explain()
    run(shell, WRONG)
    explanation = kl.explain()
    assert explanation.finding.code == "KL206"
    assert str(explanation) == explanation.finding.text()


def test_the_mended_text_runs(shell):
    run(shell, WRONG)
    explanation = kl.explain()
    mended = explanation.mended()
    assert "out = layers.Add()([layers.Dense(4)(a), b])" in mended.splitlines()
    assert len(mended.splitlines()) == len(WRONG.splitlines())
    assert run(shell, mended) is None
    with pytest.raises(ValueError, match=r"counted from 0. Received: 9"):
        explanation.mended(9)
    run(shell, "1 / 0")
    assert kl.explain().finding is None
    assert "traceback" in str(kl.explain())


def test_explain_shows_a_page():
    page = kl.explain("kl206")
    assert page._repr_mimebundle_()["text/markdown"].startswith("# KL206 ")


def test_names_are_escaped():
    bad = keras.Input((8,), name="<script>alert(1)<b>")
    with pytest.raises(ValueError, match="incompatible") as caught:
        keras.layers.Add(name="<img src=x onerror=alert(2)>")([bad, keras.Input((4,))])
    from keraslab.panels._findings import finding_html

    html = finding_html(kl.diagnose(caught.value))
    assert "<script" not in html
    assert "<img src=x" not in html
