"""The report of a check, and which rules a call of check() asks."""

import keras
import numpy as np
import pytest
from keras import layers

import keraslab as kl
from keraslab.debug import Finding, Report
from keraslab.debug import _check as checking
from keraslab.debug._rules import SILENT, Rule
from keraslab.graph import ModelError


@pytest.fixture(scope="module")
def model():
    a, b = keras.Input((8,), name="a"), keras.Input((3,), name="<b>")
    x = layers.Dense(16, name="first")(a)
    return keras.Model([a, b], layers.Dense(16, name="second")(x), name="mine & yours")


@pytest.fixture(scope="module")
def report(model):
    return kl.check(model)


def test_findings_come_worst_first(model):
    base = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.Dense(4)], name="base")
    base.trainable = False
    base.compile("adam", loss="mse")
    report = kl.check(base, select="all")
    assert [f.severity for f in report] == ["error", "warning"]
    assert report.codes == ("KL851", "KL951")


def test_report_is_a_sequence_of_findings(report):
    assert len(report) == 2
    assert tuple(finding.code for finding in report) == report.codes == ("KL351", "KL951")
    assert isinstance(report[0], Finding)
    assert report[0:1] == report.findings[:1]
    assert report["KL351"] == report["unused-input"] == (report[0],)
    assert report["KL999"] == ()
    assert not report.ok


def test_truth_is_refused_since_it_reads_both_ways(report):
    with pytest.raises(TypeError, match=r"report\.ok.*len\(report\)"):
        bool(report)


def test_text_names_the_model_the_counts_and_each_rule(report):
    text = str(report)
    assert text.startswith("mine & yours: 2 warnings")
    assert "KL351 unused-input: Input '<b>'" in text
    assert "KL951 stacked-linear-layers" in text
    assert repr(report) == text


def test_html_is_escaped(report):
    bundle = report._repr_mimebundle_()
    assert bundle["text/plain"] == str(report)
    page = bundle["text/html"]
    assert "mine &amp; yours" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert 'href="https://' in page


def test_nothing_found_says_how_many_rules_looked():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="small")
    report = kl.check(model)
    assert report.ok
    assert len(report) == 0
    assert str(report) == f"small: nothing found by {report.rules} rules"
    assert report.rules > 10


def test_style_is_off_unless_selected(model):
    inputs = keras.Input((4,))
    chain = keras.Model(inputs, layers.Dense(1)(layers.Dense(8, activation="relu")(inputs)))
    assert kl.check(chain).codes == ()
    for select in ("KL972", "KL9", "could-be-sequential", "style", "all", ["KL97", "KL351"]):
        report = kl.check(chain, select=select)
        assert report.codes == ("KL972",), select
        assert report.ok
        assert "1 of style" in str(report)


@pytest.mark.parametrize(
    ("select", "codes"),
    [
        ("KL351", ["KL351"]),
        ("kl3", ["KL351"]),
        (["KL9"], ["KL951"]),
        (("unused-input", "KL951"), ["KL351", "KL951"]),
        ("warning", ["KL351", "KL951"]),
        ("error", []),
    ],
)
def test_select_takes_codes_beginnings_names_and_severities(model, select, codes):
    assert sorted(kl.check(model, select=select).codes) == codes


@pytest.mark.parametrize("argument", ["select", "ignore"])
@pytest.mark.parametrize("value", ["KL3x", ["unused-inputs"], "", "K", 7, [7]])
def test_unknown_rules_are_refused(model, argument, value):
    with pytest.raises(ValueError, match=rf"check\(\): {argument}"):
        kl.check(model, **{argument: value})


def test_refusal_names_close_matches(model):
    with pytest.raises(ValueError, match=r"Close: unused-input"):
        kl.check(model, select="unused-inputs")
    with pytest.raises(ValueError, match=r"ignore\['mine'\].*'KLxx'"):
        kl.check(model, ignore={"mine": "KLxx"})


@pytest.mark.parametrize(
    ("ignore", "codes"),
    [
        ("KL351", ["KL951"]),
        (["KL3", "KL9"], []),
        ({"mine & yours": "KL351"}, ["KL951"]),
        ({"another": "KL351"}, ["KL351", "KL951"]),
        ({"first": "KL951"}, ["KL351", "KL951"]),
        ({"first": "KL951", "second": ["KL951"]}, ["KL351"]),
        ({"<b>": "all"}, ["KL951"]),
    ],
)
def test_ignore_by_code_and_by_name(model, ignore, codes):
    assert sorted(kl.check(model, ignore=ignore).codes) == codes


def test_ignore_by_name_reaches_into_nested_models():
    rows = [keras.Input((8,)), layers.Dense(8), layers.Dense(8)]
    inner = keras.Sequential(rows, name="inner")
    inputs = keras.Input((8,))
    model = keras.Model(inputs, layers.Dense(1)(layers.ReLU()(inner(inputs))))
    assert kl.check(model).codes == ("KL951",)
    assert kl.check(model, ignore={"inner": "KL951"}).codes == ()


def test_a_rule_that_fails_is_one_line_and_not_the_end(model, monkeypatch):
    def breaks(subject):
        raise RuntimeError("no <idea>\nmore")

    monkeypatch.setitem(SILENT, "KL999", Rule("KL999", "broken", "warning", breaks))
    report = kl.check(model)
    assert len(report) == 2
    assert report.failed == ("KL999 broken could not look: RuntimeError: no <idea>",)
    assert str(report).endswith(report.failed[0])
    assert "no &lt;idea&gt;" in report._repr_mimebundle_()["text/html"]
    monkeypatch.setattr(checking, "STRICT", True)
    with pytest.raises(RuntimeError):
        kl.check(model)


def test_what_is_no_model_is_refused():
    for thing in (3, "no such file", layers.Dense(2)):
        with pytest.raises(ModelError):
            kl.check(thing)


def test_all_that_is_a_graph_is_taken(model):
    assert sorted(kl.check(model.get_config()).codes) == ["KL351", "KL951"]
    assert sorted(kl.check(kl.read_graph(model)).codes) == ["KL351", "KL951"]
    assert kl.check(model.output).codes == ("KL951",)
    with kl.skeleton():
        inputs = keras.Input((8,))
        big = keras.Model(inputs, layers.Dense(4)(layers.Dense(1_000_000)(inputs)))
    assert kl.check(big).codes == ("KL951",)


def test_subclassed_models_are_opened():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(8), layers.Dense(8)

        def call(self, x):
            return self.two(self.one(x))

    model = Mine()
    model(np.zeros((1, 8), "float32"))
    report = kl.check(model)
    assert report.codes == ("KL951",)
    assert isinstance(report, Report)


def test_the_model_is_not_changed(model):
    before = [len(layer.get_config()) for layer in model.layers]
    weights = [id(weight) for weight in model.weights]
    kl.check(model, select="all")
    assert [len(layer.get_config()) for layer in model.layers] == before
    assert [id(weight) for weight in model.weights] == weights
