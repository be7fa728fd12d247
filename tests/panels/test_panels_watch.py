"""The panel that follows a notebook."""

import keras
import pytest
from IPython.core.interactiveshell import InteractiveShell

import keraslab as kl
from keraslab.panels import _watch


@pytest.fixture
def shell():
    made = InteractiveShell.instance()
    made.run_cell("import keras\nfrom keras import layers as L\nimport keraslab as kl")
    yield made
    if _watch._running is not None:
        _watch._running.stop()
        _watch._running = None
    made.reset(new_session=False)
    InteractiveShell.clear_instance()


@pytest.fixture
def panel(shell):
    shell.run_cell("panel = kl.watch()")
    return shell.user_ns["panel"]


def names(panel):
    return [port.key for port in panel.graph.outputs]


def test_it_follows_cell_by_cell(shell, panel):
    assert panel.graph is None
    assert repr(panel) == "No symbolic tensors and no models yet."
    shell.run_cell('x = keras.Input((4,), name="x")')
    assert [call.id for call in panel.graph.calls] == ["x#0"]
    shell.run_cell('y = L.Dense(3, name="dense")(x)')
    assert [call.id for call in panel.graph.calls] == ["x#0", "dense#0"]
    assert panel.added == {"dense#0"}
    shell.run_cell("print('nothing new')")
    assert panel.added == frozenset()


def test_loose_ends_and_models_are_told_apart(shell, panel):
    shell.run_cell(
        'x = keras.Input((4,), name="x")\n'
        'y = L.Dense(3, name="dense")(x)\n'
        'spare = L.Dense(5, name="spare")(x)\n'
        "model = keras.Model(x, y)"
    )
    assert sorted(names(panel)) == ["model", "spare, goes nowhere yet"]


def test_a_model_inside_another_is_shown_there_only(shell, panel):
    shell.run_cell(
        'inner = keras.Sequential([keras.Input((4,)), L.Dense(2, name="a")], name="inner")\n'
        'x = keras.Input((4,), name="x")\n'
        "y = inner(x)\n"
        "model = keras.Model(x, y)"
    )
    assert [call.id for call in panel.graph.calls] == ["x#0", "inner#0/a#0"]
    shell.run_cell('z = inner(keras.Input((4,), name="other"))')
    assert panel.added == {"other#0", "inner#1/a#0"}


def test_calls_know_their_lines(shell, panel):
    shell.run_cell('x = keras.Input((4,), name="x")\n\ny = L.Dense(3, name="dense")(x)')
    line = panel.graph.call_by_id["dense#0"].line
    assert (line.number, line.text) == (3, 'y = L.Dense(3, name="dense")(x)')
    assert line.place.startswith("cell [")


def test_it_hears_a_cell_under_the_lens_too(shell, panel):
    shell.run_line_magic("load_ext", "keraslab")
    shell.run_cell('%%lens\nx = keras.Input((4,), name="x")\ny = L.Dense(2, name="dense")(x)')
    assert [call.id for call in panel.graph.calls] == ["x#0", "dense#0"]
    assert panel.graph.call_by_id["dense#0"].line.number == 2


def test_a_cell_that_fails_and_odd_values_do_no_harm(shell, panel, capsys):
    shell.run_cell(
        "class Odd:\n"
        "    def __getattribute__(self, name):\n"
        "        raise RuntimeError('never mind')\n"
        "odd = Odd()\n"
        'x = keras.Input((4,), name="x")\n'
        "1 / 0"
    )
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert [call.id for call in panel.graph.calls] == ["x#0"]


def test_it_stops(shell, panel):
    panel.stop()
    panel.stop()
    shell.run_cell("x = keras.Input((4,))")
    assert panel.graph is None


def test_another_one_takes_over(shell, panel):
    shell.run_cell("second = kl.watch()")
    shell.run_cell("x = keras.Input((4,))")
    assert panel.graph is None
    assert len(shell.user_ns["second"].graph.calls) == 1


def test_the_widget_is_told_in_one_message_a_cell(shell, panel):
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert panel._widget.status["kind"] == "stale"
    shell.run_cell("x = keras.Input((4,))\ny = L.Dense(2)(x)")
    assert panel._widget.status["kind"] == "ok"
    turn = panel._widget.status["turn"]
    shell.run_cell("z = L.Dense(2)(y)")
    assert panel._widget.status["turn"] == turn + 1
    assert "image/svg+xml" in panel._repr_mimebundle_()


def test_too_much_is_said(shell, panel, monkeypatch):
    monkeypatch.setattr(_watch, "MOST_CALLS", 1)
    shell.run_cell("x = keras.Input((4,))\ny = L.Dense(2)(x)")
    assert panel.message == "There are 2 calls, too many to follow."


def test_outside_a_notebook_it_says_what_to_do():
    InteractiveShell.clear_instance()
    with pytest.raises(RuntimeError, match=r"use it in JupyterLab or IPython, or show\(tensor\)"):
        kl.watch()


def test_a_tensor_can_be_shown_and_summed_up():
    x = keras.Input((4,), name="x")
    y = keras.layers.Dense(2, name="dense")(x)
    assert [call.id for call in kl.show(y).graph.calls] == ["x#0", "dense#0"]
    assert "dense" in str(kl.summary({"here": y}))


def test_what_is_new_glows_and_loose_ends_are_marked(shell, panel):
    panel._repr_mimebundle_()
    shell.run_cell('x = keras.Input((4,), name="x")\ny = L.Dense(3, name="dense")(x)')
    assert panel.loose == {"dense#0"}
    assert panel._widget.look.loose == {"dense#0"}
    shell.run_cell('z = L.Dense(2, name="last")(y)')
    assert panel._widget.look.fresh == {"last#0"}
    assert panel._widget.look.loose == {"last#0"}
    svg = panel._repr_mimebundle_()["image/svg+xml"]
    assert "✦ new" in svg
    assert "loose end: z, goes nowhere yet" in svg
    shell.run_cell("model = keras.Model(x, z)")
    assert panel._widget.look.fresh == panel.loose == frozenset()
    assert "✦" not in panel._repr_mimebundle_()["image/svg+xml"]


def test_the_colours_that_a_person_chose_stay(shell, panel):
    panel._repr_mimebundle_()
    shell.run_cell('x = keras.Input((4,), name="x")')
    view = panel._widget
    view._asked(view, {"type": "look", "look": {"overlay": "params", "shapes": True}}, [])
    shell.run_cell('y = L.Dense(3, name="dense")(x)')
    assert (view.look.overlay, view.look.shapes, view.look.fresh) == ("params", True, {"dense#0"})


def test_sizes_can_be_tried_in_the_panel(shell, panel):
    panel._repr_mimebundle_()
    shell.run_cell('x = keras.Input((None, 4), name="x")\ny = L.Dense(3, name="dense")(x)')
    view = panel._widget
    view._asked(view, {"type": "sizes", "sizes": {"x": [None, 7, None]}}, [])
    assert view.graph.call_by_id["dense#0"].outputs[0].shape == (None, 7, 3)
