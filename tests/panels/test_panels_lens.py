"""The lens tells for each line of a cell what it made."""

import json

import keras
import pytest
from IPython.core.interactiveshell import InteractiveShell

from keraslab.draw import _graph_widget
from keraslab.panels import _lens
from keraslab.panels._lens import run_lens


@pytest.fixture
def shell():
    made = InteractiveShell.instance()
    yield made
    made.reset(new_session=False)
    InteractiveShell.clear_instance()


CELL = """\
import keras
from keras import layers as L

image = keras.Input((8, 8, 3), name="image")
y = L.Conv2D(4, 3, padding="same", name="conv")(image)
shared = L.Dense(4, name="dense")
a = shared(y)
b = shared(a)
out = L.Add(name="add")(
    [a, b * 2.0]
)
"""


def notes(lens):
    return {line.number: line.notes for line in lens.lines if line.calls}


def test_each_line_has_shape_weights_and_cost(shell):
    lens = run_lens(shell, CELL)
    assert notes(lens) == {
        4: ("? × 8 × 8 × 3", "", ""),
        # 3 x 3 x 3 x 4 weights and 4 biases; 64 places.
        5: ("? × 8 × 8 × 4", "112 params", f"{64 * 108:,} MACs"),
        7: ("? × 8 × 8 × 4", "20 params", f"{64 * 16:,} MACs"),
        8: ("? × 8 × 8 × 4", "shared", f"{64 * 16:,} MACs"),
        9: ("? × 8 × 8 × 4", "", ""),
        10: ("? × 8 × 8 × 4", "", ""),
    }
    assert [line.code for line in lens.lines] == CELL.rstrip("\n").split("\n")
    assert len(lens.graph.calls) == 6


def test_the_cell_runs_as_ever(shell):
    run_lens(shell, CELL + "answer = 42\n")
    assert shell.user_ns["answer"] == 42
    assert shell.user_ns["out"].shape == (None, 8, 8, 4)


def test_a_block_and_a_nested_model_stand_on_the_line_that_calls_them(shell):
    lens = run_lens(
        shell,
        "import keras\n"
        "from keraslab import blocks as B\n"
        "x = keras.Input((8, 8, 4))\n"
        'y = B.Residual(4, name="res")(x)\n'
        "inner = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Flatten(),\n"
        '    keras.layers.Dense(2)], name="head")\n'
        "z = inner(y)\n"
        "again = inner(x)\n",
    )
    by_line = {line.number: line for line in lens.lines}
    assert all(id_.startswith("res__") for id_ in by_line[4].calls)
    assert len(by_line[4].calls) > 3
    assert by_line[5].calls == by_line[6].calls == ()
    assert by_line[7].notes == ("? × 2", "514 params", "512 MACs")
    assert by_line[8].notes == ("? × 2", "shared", "512 MACs")
    assert by_line[7].calls != by_line[8].calls


def test_lines_of_a_function_in_the_cell_and_of_a_loop(shell):
    lens = run_lens(
        shell,
        "import keras\n"
        "def step(x, units):\n"
        "    x = keras.layers.Dense(units)(x)\n"
        "    return x\n"
        "y = keras.Input((2,))\n"
        "for units in (3, 4):\n"
        "    y = step(y, units)\n",
    )
    assert notes(lens)[3] == ("? × 4", f"{2 * 3 + 3 + 3 * 4 + 4} params", "18 MACs")
    assert 7 not in notes(lens)


def test_a_cell_that_fails_is_told_up_to_there(shell, capsys):
    lens = run_lens(
        shell,
        "import keras\n"
        "x = keras.Input((2,))\n"
        "y = keras.layers.Dense(3)(x)\n"
        "z = keras.layers.Add()([x, y])\n"
        "q = keras.layers.Dense(4)(y)\n",
    )
    assert "Inputs have incompatible shapes" in capsys.readouterr().out
    assert set(notes(lens)) == {2, 3}


def test_the_calls_of_the_graph_know_their_lines(shell):
    lens = run_lens(shell, CELL)
    line = lens.graph.call_by_id["conv#0"].line
    assert (line.number, line.text) == (
        5,
        'y = L.Conv2D(4, 3, padding="same", name="conv")(image)',
    )
    # A model made later in another cell still knows.
    model = keras.Model(shell.user_ns["image"], shell.user_ns["out"])
    from keraslab import read_graph

    assert read_graph(model).call_by_id["conv#0"].line == line


def test_a_cell_without_calls_is_shown_bare(shell, monkeypatch):
    lens = run_lens(shell, "a = 1\nb = 2\n")
    assert str(lens) == "1  a = 1\n2  b = 2"
    assert lens.graph is None
    assert set(lens._repr_mimebundle_()) == {"text/plain"}  # in a terminal
    monkeypatch.setattr(_lens, "in_terminal", lambda: False)
    assert set(lens._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_text_and_table_escape_and_align(shell, monkeypatch):
    monkeypatch.setattr(_lens, "in_terminal", lambda: False)
    lens = run_lens(shell, "import keras\nx = keras.Input((2,), name='<b>')  # <script>\n")
    text = str(lens).split("\n")
    assert text[1].endswith("? × 2")
    html = lens._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_magic_comes_with_the_extension(shell):
    shell.run_line_magic("load_ext", "keraslab")
    lens = shell.run_cell_magic("lens", "", CELL)
    assert len(lens.graph.calls) == 6
    with pytest.raises(ValueError, match=r"takes no arguments. Received: 'fast'"):
        shell.run_cell_magic("lens", "fast", CELL)


def test_nothing_listens_afterwards(shell):
    before = keras.layers.Dense(2)
    run_lens(shell, CELL)
    from keraslab.graph import line_of
    from keraslab.graph.keras_internals import inbound_nodes

    before(keras.Input((3,)))
    assert line_of(inbound_nodes(before)[0]) is None


def test_a_layer_that_an_earlier_cell_called_is_shared(shell):
    shell.run_cell(
        "import keras\n"
        "from keras import layers as L\n"
        'x = keras.Input((8,), name="x")\n'
        'used, unused = L.Dense(8, name="used"), L.Dense(4, name="unused")\n'
        'inner = keras.Sequential([keras.Input((8,)), L.Dense(2, name="q")], name="inner")\n'
        'late = keras.Sequential([keras.Input((8,)), L.Dense(2, name="r")], name="late")\n'
        "a = used(x)\n"
        "i = inner(a)\n"
    )
    lens = run_lens(
        shell, "b = used(a)\nc = unused(b)\nd = inner(b)\ne = late(b)\nf = unused(used(b))\n"
    )
    assert [note[1] for note in notes(lens).values()] == [
        "shared",
        "36 params",
        "shared",
        "18 params",
        "shared",
    ]
    # On another input alone, where the first call is not in the graph at all.
    again = run_lens(shell, 'other = keras.Input((8,), name="other")\ng = used(other)\n')
    assert notes(again)[2][1] == "shared"


def test_code_that_makes_very_many_calls_is_sent_without_links(shell, monkeypatch):
    monkeypatch.setattr(_lens, "in_terminal", lambda: False)
    lens = run_lens(shell, CELL)
    lens._repr_mimebundle_()
    code = lens._view.widget.code
    assert [call["id"] for call in code[4]["calls"]] == ["conv#0"]
    for limit, wanted in ((len(json.dumps(code)) - 1, [[]] * len(code)), (100, [])):
        monkeypatch.setattr(_graph_widget, "MESSAGE_LIMIT", limit)
        assert [line["calls"] for line in lens._code(lens.graph)] == wanted
