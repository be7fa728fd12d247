"""`show` in a notebook, in a static page and in a terminal."""

import subprocess
import sys
import textwrap

import IPython
import keras
import nbformat
import pytest
from nbconvert import HTMLExporter

from keraslab.draw import DrawingError, _engine
from keraslab.graph import ModelError, read_graph
from keraslab.panels import show

L = keras.layers
WIDGET = "application/vnd.jupyter.widget-view+json"


def small(name: str = "small"):
    x = keras.Input((4,), name="x")
    y = L.Dense(3, name="block__one")(x)
    return keras.Model(x, L.Dense(2, name="block__two")(y), name=name)


def test_a_notebook_gets_the_widget_and_the_picture() -> None:
    bundle = show(small())._repr_mimebundle_()
    assert bundle[WIDGET]["model_id"]
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "block__one" in bundle["text/plain"]


def test_a_graph_is_as_good_as_a_model() -> None:
    graph = read_graph(small())
    view = show(graph)
    assert view.graph is graph
    assert "Model: small" in str(view)


def test_saving_keeps_what_was_folded(tmp_path) -> None:
    view = show(small())
    (group,) = view.graph.groups
    assert view.opened == {group.id}
    view._repr_mimebundle_()
    view._widget._asked(view._widget, {"type": "open", "opened": []}, [])
    assert view.opened == set()
    view.save(tmp_path / "m.svg")
    drawn = (tmp_path / "m.svg").read_text(encoding="utf-8")
    assert 'class="node group' in drawn
    assert "block__one" not in drawn
    assert 'class="node group' in view._repr_mimebundle_()["image/svg+xml"]


def test_an_overlay_is_shown_and_saved_as_a_person_left_it(tmp_path) -> None:
    view = show(small(), overlay="params", shapes=True)
    bundle = view._repr_mimebundle_()
    assert "15 params · 65 %" in bundle["image/svg+xml"]
    view._widget._asked(view._widget, {"type": "look", "look": {"overlay": "macs"}}, [])
    view.save(tmp_path / "m.svg")
    drawn = (tmp_path / "m.svg").read_text(encoding="utf-8")
    assert "12 MACs · 67 %" in drawn
    assert "params · " not in drawn
    with pytest.raises(ValueError, match="Received: 'flops'"):
        show(small(), overlay="flops")


def test_other_sizes_are_saved_too(tmp_path) -> None:
    x = keras.Input((None, 4), name="words")
    view = show(keras.Model(x, L.Dense(3, name="dense")(x)))
    view._repr_mimebundle_()
    view._widget._asked(view._widget, {"type": "sizes", "sizes": {"words": [2, 7, 4]}}, [])
    assert view.graph.call_by_id["dense#0"].outputs[0].shape == (2, 7, 3)
    view.save(tmp_path / "m.svg")
    assert "2 × 7 × 3" in (tmp_path / "m.svg").read_text(encoding="utf-8")


def test_showing_twice_shows_the_same_widget() -> None:
    view = show(small())
    assert view._repr_mimebundle_()[WIDGET] == view._repr_mimebundle_()[WIDGET]


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    "thing", [None, 3, "model.keras", L.Dense(2), keras.Sequential(), Subclassed()]
)
def test_what_is_no_graph_gives_one_sentence(thing: object) -> None:
    with pytest.raises(ModelError) as caught:
        show(thing)
    assert "\n" not in str(caught.value)


def test_without_an_engine_the_table_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise DrawingError("The picture needs the mini-racer package.")

    monkeypatch.setattr(_engine, "draw", refuse)
    bundle = show(small())._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"].startswith("The picture needs the mini-racer package.")
    assert "mini-racer" in bundle["text/html"]
    assert "block__one" in bundle["text/html"]


def test_in_ipython_without_a_notebook_it_is_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    assert set(show(small())._repr_mimebundle_()) == {"text/plain"}


def test_a_terminal_loads_no_widgets() -> None:
    script = """
        import sys, keras
        from keraslab.panels import show
        x = keras.Input((4,))
        print(show(keras.Model(x, keras.layers.Dense(2, name="out")(x))))
        assert not {"ipywidgets", "anywidget"} & sys.modules.keys()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "out" in done.stdout


def test_a_static_page_shows_the_picture() -> None:
    bundle = show(small())._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=bundle)
    cell = nbformat.v4.new_code_cell("show(model)", outputs=[output], id="show")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    body, _ = HTMLExporter().from_notebook_node(notebook)
    assert bundle["image/svg+xml"][:60] in body or "data:image/svg+xml" in body
