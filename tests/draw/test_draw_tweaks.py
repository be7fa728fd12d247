"""What if: a setting changed in the details, what it gives, what it refuses, and the way back."""

import json
import zlib
from typing import Any

import keras
import pytest

from keraslab.draw._graph_widget import MESSAGE_LIMIT, MOST_ENDS, GraphWidget
from keraslab.draw._sizes import resized
from keraslab.draw._tweaks import read_tweak, settings_of
from keraslab.graph import Graph, read_graph, skeleton

L = keras.layers


def model(filters: int = 8) -> keras.Model:
    x = keras.Input((None, None, 3), name="image")
    y = L.Conv2D(filters, 3, name="conv")(x)
    y = L.GlobalAveragePooling2D(name="pool")(y)
    return keras.Model(x, L.Dense(2, name="out")(L.Dropout(0.5, name="drop")(y)), name="net")


class Asked:
    """A widget and what it answered."""

    def __init__(self, graph: Graph, **settings: Any) -> None:
        self.widget = GraphWidget(graph, **settings)
        self.answers: list[Any] = []
        self.widget.send = lambda content, buffers=None: self.answers.append(content)

    def ask(self, **message: Any) -> Any:
        self.widget._asked(self.widget, message, [])
        return self.answers[-1] if self.answers else None

    def change(self, id_: str, setting: Any, value: Any) -> Any:
        return self.ask(type="what_if", ticket="t", id=id_, setting=setting, value=value)

    @property
    def picture(self) -> Any:
        return json.loads(zlib.decompress(self.widget.picture))


@pytest.fixture
def asked() -> Asked:
    graph = read_graph(model())
    return Asked(graph, tweaks=True, on_sizes=lambda sizes: resized(graph, sizes))


def test_a_changed_setting_gives_what_a_new_build_gives(asked: Asked) -> None:
    assert asked.change("conv#0", "filters", 24) == {"type": "what_if", "ticket": "t"}
    wanted = read_graph(model(24))
    assert asked.widget.graph.params == wanted.params
    assert asked.widget.graph.call_by_id["out#0"].inputs == wanted.call_by_id["out#0"].inputs
    changes = asked.picture["changes"]
    assert changes["changes"] == ["conv: filters 8 → 24"]
    assert changes["totals"][0] == f"parameters 242 → {wanted.params} (+{wanted.params - 242})"


def test_undo_takes_back_one_and_then_all(asked: Asked) -> None:
    first = asked.widget.graph.params
    asked.change("conv#0", "filters", 24)
    after_one = asked.widget.graph.params
    asked.change("conv#0", "use_bias", False)
    asked.change("out#0", "units", 7)
    asked.ask(type="undo")
    assert asked.picture["changes"]["changes"] == [
        "conv: filters 8 → 24",
        "conv: use_bias True → False",
    ]
    asked.ask(type="undo")
    assert asked.widget.graph.params == after_one
    asked.change("out#0", "units", 7)
    asked.ask(type="undo", all=True)
    assert asked.widget.graph.params == first
    assert asked.picture["changes"] is None
    asked.ask(type="undo")
    assert asked.widget.graph.params == first


def test_sizes_and_settings_go_together(asked: Asked) -> None:
    asked.ask(type="sizes", sizes={"image": [None, 16, None, None]})
    asked.change("conv#0", "padding", "same")
    assert asked.widget.graph.call_by_id["conv#0"].outputs[0].shape == (None, 16, None, 8)
    asked.ask(type="sizes", sizes={"image": [None, 20, None, None]})
    assert asked.widget.graph.call_by_id["conv#0"].outputs[0].shape == (None, 20, None, 8)
    asked.ask(type="undo")
    assert asked.widget.graph.call_by_id["conv#0"].outputs[0].shape == (None, 18, None, 8)
    asked.widget.update(read_graph(model(4)), keep_sizes=True)
    assert asked.widget.graph.call_by_id["conv#0"].outputs[0].shape[1] == 18
    asked.widget.update(read_graph(model(4)))
    assert asked.widget.graph.call_by_id["conv#0"].outputs[0].shape[1] is None


@pytest.mark.parametrize(
    ("id_", "setting", "value", "says"),
    [
        ("conv#0", "filters", 0, "This does not fit: conv (Conv2D) cannot be made"),
        ("conv#0", "filters", 2.5, "filters must be a whole number."),
        ("conv#0", "filters", True, "filters must be a number."),
        ("conv#0", "filters", "8", "filters must be a number."),
        ("conv#0", "filters", 10**9, "at most 1,000,000"),
        ("conv#0", "kernel_size", "3, 3, 3", "one whole number or 2 of them, such as 3, 3"),
        ("conv#0", "kernel_size", "x", "one whole number or 2 of them"),
        ("conv#0", "kernel_size", None, "one whole number or 2 of them"),
        ("conv#0", "padding", "sideways", "padding must be one of valid, same."),
        ("conv#0", "use_bias", 1, "use_bias must be True or False."),
        ("conv#0", "name", "other", "has no setting of that name"),
        ("conv#0", ["filters"], 3, "has no setting of that name"),
        ("image#0", "dtype", 3, "has no setting of that name"),
        ("gone#0", "units", 3, "not part of the newest graph"),
        (None, None, None, "not part of the newest graph"),
        ("drop#0", "rate", 1.5, "This does not fit: drop (Dropout) cannot be made"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_changes_nothing(
    asked: Asked, id_: Any, setting: Any, value: Any, says: str
) -> None:
    before = asked.widget.picture
    assert says in asked.change(id_, setting, value)["error"]
    assert asked.widget.picture == before


def test_without_leave_nothing_is_changed() -> None:
    asked = Asked(read_graph(model()))
    before = asked.widget.graph
    asked.change("conv#0", "filters", 24)
    asked.ask(type="undo")
    assert asked.widget.graph is before
    assert asked.answers == []
    assert asked.ask(type="details", id="conv#0", ticket="")["details"]["settings"] == []


def test_settings_are_numbers_bools_and_choices(asked: Asked) -> None:
    details = asked.ask(type="details", id="conv#0", ticket="")["details"]
    kinds = {one["name"]: one["kind"] for one in details["settings"]}
    assert kinds["filters"] == "number"
    assert kinds["use_bias"] == kinds["trainable"] == "bool"
    assert kinds["padding"] == kinds["activation"] == "choice"
    assert kinds["kernel_size"] == kinds["strides"] == "numbers"
    assert {"name", "dtype", "kernel_initializer"}.isdisjoint(kinds)


def test_one_number_stands_for_all(asked: Asked) -> None:
    call = asked.widget.graph.call_by_id["conv#0"]
    assert read_tweak(call, "kernel_size", " 5 ").new == (5, 5)
    assert read_tweak(call, "kernel_size", "5 × 7").new == (5, 7)


def test_a_causal_convolution_is_offered_where_there_is_one() -> None:
    x = keras.Input((9, 2))
    graph = read_graph(keras.Model(x, L.Conv1D(2, 3, name="conv")(x)))
    (padding,) = [s for s in settings_of(graph.call_by_id["conv#0"]) if s["name"] == "padding"]
    assert padding["options"] == ["valid", "same", "causal"]


def test_a_stale_picture_stays_stale(asked: Asked) -> None:
    asked.widget.stale("This setting does not build.")
    asked.change("conv#0", "filters", 24)
    assert asked.widget.status["kind"] == "stale"


def test_details_of_very_many_edges_stay_small() -> None:
    with skeleton():
        x = keras.Input((4,), name="x")
        many = [L.Dense(1, name=f"a_rather_long_name_of_a_layer_{n}")(x) for n in range(900)]
        graph = read_graph(keras.Model(x, L.Concatenate(name="all")(many)))
    asked = Asked(graph, tweaks=True)
    found = asked.ask(type="details", id="x#0", ticket="")
    assert len(json.dumps(found)) < MESSAGE_LIMIT
    assert len(found["details"]["to"]) == MOST_ENDS
    assert found["details"]["more"]["to"] == 900 - MOST_ENDS
