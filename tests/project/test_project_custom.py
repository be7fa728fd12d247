"""Parts of one's own, as the page about them writes them, seen by every tool of the lab."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import keraslab as kl

PAGE = Path(__file__).resolve().parents[2] / "docs" / "custom.md"
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Run the page's Python from top to bottom; return its names and the folder it ran in."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        names = {"__name__": "page"}
        for source in FENCE.findall(PAGE.read_text(encoding="utf-8")):
            exec(compile(source, PAGE.name, "exec"), names)
    yield names, folder
    for registered in ("course>Scale", "course>smoothed"):
        keras.saving.get_custom_objects().pop(registered, None)


def test_the_block_takes_less_than_ten_lines():
    source = next(s for s in FENCE.findall(PAGE.read_text(encoding="utf-8")) if "B.Block" in s)
    lines = source[source.index("class") :].splitlines()
    assert len([line for line in lines if line.strip()]) < 10


def test_the_block_computes_what_its_paper_says(page):
    names, _ = page
    block, x = names["Highway"]("tanh"), keras.Input((3,))
    model = keras.Model(x, block(x))
    data = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    w, b, wg, bg = (keras.ops.convert_to_numpy(v) for v in model.weights)
    gate = 1 / (1 + np.exp(-(data @ wg + bg)))
    expected = gate * np.tanh(data @ w + b) + (1 - gate) * data
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_the_graph_and_its_numbers(page):
    names, _ = page
    model = names["model"]
    graph = kl.read_graph(model)
    assert graph.params == model.count_params() == 64 * 16 + 16 + 4 * (16 * 16 + 16) + 16 + 170
    assert {g.label for g in graph.groups} == {"tower", "highway1", "highway2", "scale"}
    inside = [call for call in graph.calls if call.group == "scale#0"]
    assert [(call.type, call.params, call.macs) for call in inside] == [("Multiply", 16, 0)]
    assert graph.macs == 64 * 16 + 4 * 16 * 16 + 16 * 10
    assert re.search(r"multiply +Multiply .* scale ", str(kl.summary(model)))


def test_the_pictures(page):
    names, folder = page
    assert "scale" in (folder / "mine.svg").read_text(encoding="utf-8")
    kl.plot_model(names["model"], folder / "mine.png", show_shapes=True)
    assert (folder / "mine.png").read_bytes().startswith(b"\x89PNG")
    html = folder / "mine.html"
    kl.show(names["model"]).save(html)
    assert "tower__highway1" in html.read_text(encoding="utf-8")


def test_built_without_weights_and_made_real(page):
    names, _ = page
    with kl.skeleton():
        bare = names["build"](depth=3)
    assert bare.count_params() == names["model"].count_params() + 2 * (16 * 16 + 16)
    real = kl.materialize(bare)
    assert np.isfinite(real.predict(np.ones((2, 64), "float32"), verbose=0)).all()


def test_under_a_slider(page):
    names, _ = page
    lab = kl.explore(names["build"], depth=(1, 4))
    lab.controls["depth"].value = 4
    assert lab.error is None
    assert lab.model.count_params() == names["model"].count_params() + 2 * 2 * (16 * 16 + 16)


def test_saved_and_loaded(page):
    names, folder = page
    model = names["model"]
    model.save(folder / "mine.keras")
    loaded = keras.models.load_model(folder / "mine.keras")
    x = np.random.default_rng(0).normal(size=(3, 64)).astype("float32")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    assert loaded.loss is names["smoothed"]


def test_the_loss_is_the_formula(page):
    names, _ = page
    logits = np.random.default_rng(0).normal(size=(4, 10)).astype("float32")
    labels = np.array([3, 1, 9, 0])
    soft = np.full((4, 10), 0.01)
    soft[range(4), labels] += 0.9
    log = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    got = keras.ops.convert_to_numpy(names["smoothed"](labels, logits))
    np.testing.assert_allclose(got, -(soft * log).sum(1), rtol=1e-5)


def test_curves_of_fit_and_of_the_loop(page):
    names, _ = page
    for curves in (names["curves"], names["own"]):
        assert list(curves.history) == ["loss", "accuracy"] or list(curves.history) == [
            "accuracy",
            "loss",
        ]
        assert [len(values) for values in curves.history.values()] == [2, 2]
    # The loop goes on where `fit` stopped, and is the same training.
    assert names["own"].history["loss"][-1] < names["curves"].history["loss"][0]
