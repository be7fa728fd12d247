"""Why a run failed in another process: found there, where its frames are, and shown here."""

import linecache
import os
import pickle
from functools import partial

import distributed
import keras
import loky
import pytest
import working
from comparing import QUIET, X, Y, small
from working import DATA, WAIT, fail_softly, task

from keraslab.debug import diagnose
from keraslab.panels._comparison_html import failures_html
from keraslab.train import _compare, _explained, _texts, compare
from keraslab.train._explained import arrived, explain_failures_with, explained_here, explainer
from keraslab.train._keras_settings import KerasSettings
from keraslab.train._parcel import pack
from keraslab.train._texts import know_texts, texts_of
from keraslab.train._work import Order, work
from keraslab.train._workers_local import end_processes

CELL = """\
import keras
import os
units = 4

def merged(a):
    wide = keras.layers.Dense(2000, name="wide")(a)
    return keras.layers.Add(name="<b>sum")([wide, keras.layers.Dense(units, name="few")(a)])

def build():
    a = keras.Input((4,), name="a")
    h = keras.layers.Dense(1)(a) if os.getpid() == parent else merged(a)
    model = keras.Model(a, h)
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    return model
"""


@pytest.fixture
def cell():
    """A function of a cell, which is in no file, and breaks in every other process."""
    name = "<a cell>"
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(keepends=True), name)
    names = {"__name__": "__main__", "parent": os.getpid()}
    exec(compile(CELL, name, "exec"), names)
    yield names["build"]
    del linecache.cache[name]


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left():
    yield
    end_processes()


@pytest.fixture(autouse=True)
def _as_before():
    before = _explained._explain, _explained._arrive
    yield
    explain_failures_with(*before)


def check(found):
    assert [run.status for run in found.runs] == ["failed", "done"]
    run = found.runs[0]
    assert run.exception is None
    assert "merged" in run.traceback
    finding = run.finding
    assert finding.code == "KL206"
    assert (finding.where.function, finding.where.line) == ("merged", 7)
    assert finding.where.text.startswith("keras.layers.Add(")
    assert len(finding.fixes) == 2
    assert "wide" in finding.fixes[0].code
    assert finding.graph.call_by_id[finding.calls[0]].name == "<b>sum"
    html = "".join(failures_html(found))
    assert "KL206" in html
    assert "data:image/svg+xml" in html, "with the picture of the graph so far"
    assert "<b>sum" not in html


def compared(build, executor, **more):
    asked = {"seeds": 1, "epochs": 1, "executor": executor, **QUIET, **more}
    return compare({"broken": build, "small": small}, (X, Y), **asked)


@pytest.fixture
def no_pilot_here(monkeypatch):
    monkeypatch.setattr(_compare, "pilot", lambda *_: None)


@pytest.mark.usefixtures("no_pilot_here")
def test_a_build_that_fails_in_a_local_process_comes_with_its_finding(cell):
    check(compared(cell, "local", threads=loky.cpu_count()))  # one process is enough


@pytest.mark.slow
@pytest.mark.usefixtures("no_pilot_here")
def test_a_build_that_fails_on_a_cluster_comes_with_its_finding(cell):
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        cluster.get_client() as client,
    ):
        client.wait_for_workers(1, timeout=WAIT)
        check(compared(cell, client))


@pytest.mark.parametrize("explains", [working.explain_unsendably, working.explain_badly])
def test_what_cannot_be_found_or_sent_costs_nothing_but_itself(explains):
    explain_failures_with(explains)
    assert explainer() == f"working:{explains.__name__}"
    order = Order.of(fail_softly, task(), KerasSettings.of_this_process(), None)
    outcome = work(order, DATA, None)
    assert (outcome.error, outcome.finding) == ("OnlyHereError: no", None)
    pickle.dumps(outcome)


def test_a_finding_is_made_where_the_exception_is_and_renamed_where_it_arrives():
    explain_failures_with(working.explain, lambda found: f"{found}, here")
    order = Order.of(fail_softly, task(), KerasSettings.of_this_process(), None)
    outcome = pickle.loads(pack(work(order, DATA, None), "it"))
    assert outcome.exception is None
    assert arrived(outcome.finding) == "OnlyHereError no, here"
    explain_failures_with(working.explain, lambda found: 1 / 0)
    assert arrived(outcome.finding) is None
    assert arrived(None) is None


@pytest.mark.parametrize("by", [None, "nowhere:explain", "working:gone"])
def test_who_is_not_there_explains_nothing(by):
    assert explained_here(ValueError("no"), by) is None


def test_only_who_can_be_found_by_name_explains_elsewhere():
    explain_failures_with(lambda error: "here alone")
    assert explainer() is None
    explain_failures_with(None)
    assert explainer() is None


def test_layers_and_their_weights_stay_where_they_are():
    a, b = keras.Input((3,), name="three"), keras.Input((4,), name="four")
    hidden = keras.layers.Dense(1000)(keras.layers.Dense(1000)(a))
    with pytest.raises(ValueError, match="shape") as caught:
        keras.layers.Add()([hidden, b])
    explain_failures_with(diagnose)
    sent = explained_here(caught.value, explainer())
    assert len(sent) < 10_000
    finding = arrived(sent)
    assert finding == diagnose(caught.value)
    assert {call.operation for call in finding.graph.calls} == {None}


# The texts of cells


def test_the_texts_of_cells_go_along_and_those_of_modules_do_not(cell):
    assert texts_of(cell) == {"<a cell>": CELL}
    assert texts_of(partial(cell)) == texts_of([{"in": cell}]) == {"<a cell>": CELL}
    assert texts_of(small) == {}
    assert texts_of(keras.layers.Dense) == {}


def test_a_script_goes_along(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("def build():\n    return helper()\ndef helper(): ...\n")
    names = {"__name__": "__main__"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    assert texts_of(names["build"]) == {str(path): path.read_text()}


def test_cells_that_a_cell_uses_go_along(cell):
    name, text = "<another>", "def outer():\n    return (lambda: used())()\n"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    names = {"__name__": "__main__", "used": cell}
    exec(compile(text, name, "exec"), names)
    try:
        assert texts_of(names["outer"]) == {name: text, "<a cell>": CELL}
        del names["used"]
        names["Used"] = type("Used", (), {"__module__": "__main__", "call": cell})
        names["used"] = names["Used"]
        assert set(texts_of(names["outer"])) == {name, "<a cell>"}
    finally:
        del linecache.cache[name]


def test_long_texts_stay_here(cell, monkeypatch):
    monkeypatch.setattr(_texts, "LARGEST", len(CELL) - 1)
    assert texts_of(cell) == {}


def test_texts_are_known_and_files_are_left_alone(tmp_path):
    path = tmp_path / "there.py"
    path.write_text("its own\n")
    try:
        know_texts({"<far>": "one\ntwo\n", str(path): "another\n"})
        linecache.checkcache()
        assert linecache.getline("<far>", 2) == "two\n"
        assert linecache.getline(str(path), 1) == "its own\n"
    finally:
        linecache.cache.pop("<far>", None)
        linecache.cache.pop(str(path), None)
