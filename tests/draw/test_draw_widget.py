"""What the graph widget sends and hears, without a browser."""

import json
import zlib

import keras
import pytest

from keraslab.draw import DrawingError, _engine, _graph_widget
from keraslab.draw._graph_widget import GraphWidget
from keraslab.draw._look import Look
from keraslab.graph import Graph, read_graph, skeleton

L = keras.layers


def tower(depth: int = 2, name: str = "tower") -> Graph:
    x = inputs = keras.Input((4,), name="x")
    for number in range(depth):
        y = L.Dense(4, name=f"res{number}__dense")(x)
        x = L.Add(name=f"res{number}__add")([x, y])
    return read_graph(keras.Model(inputs, x, name=name))


def seen(widget: GraphWidget) -> dict:
    return json.loads(zlib.decompress(widget.picture))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list:
    """Every state message and custom message, as they would leave the kernel."""
    messages: list = []
    monkeypatch.setattr(
        GraphWidget, "_send", lambda self, msg, buffers=None: messages.append(msg), raising=True
    )
    # ipywidgets sends state only where a comm is there.
    monkeypatch.setattr(
        GraphWidget, "send_state", lambda self, key=None: messages.append({"state": set(key)})
    )
    return messages


def test_a_picture_holds_what_is_visible_and_no_more() -> None:
    graph = tower(2)
    first, second = graph.group_by_id
    widget = GraphWidget(graph, [first])
    view = seen(widget)
    assert view["opened"] == [first]
    assert view["groups"] == [first, second]
    inside = set(graph.group_by_id[first].calls)
    hidden = set(graph.group_by_id[second].calls)
    assert inside <= view["nodes"].keys()
    assert not hidden & view["nodes"].keys()
    assert view["nodes"][second]["group"] is True
    assert all(f'data-id="{id_}"' in view["svg"] for id_ in view["nodes"])
    rows = dict(view["nodes"]["res0__dense#0"]["rows"])
    assert rows["Parameters"] == "20"
    assert rows["Output"] == "? × 4  float32"
    assert rows["MACs per sample"] == "16"


def test_one_message_for_each_picture(sent: list) -> None:
    widget = GraphWidget(tower(1))
    sent.clear()
    widget.update(tower(2))
    assert len(sent) == 1
    assert sent[0]["state"] == {"picture", "status"}


def test_the_browser_folds_and_unfolds() -> None:
    graph = tower(2)
    first, _ = graph.group_by_id
    widget = GraphWidget(graph, [])
    widget._asked(widget, {"type": "open", "opened": [first, "no such group", 7, None]}, [])
    assert widget.opened == {first}
    assert seen(widget)["opened"] == [first]
    widget._asked(widget, {"type": "open", "opened": []}, [])
    assert widget.opened == set()


def test_what_was_folded_by_hand_stays_folded() -> None:
    graph = tower(2)
    first, second = graph.group_by_id
    widget = GraphWidget(graph)
    assert widget.opened == {first, second}
    widget._asked(widget, {"type": "open", "opened": [second]}, [])
    deeper = tower(3)
    widget.update(deeper)
    assert widget.opened == set(deeper.group_by_id) - {first}
    widget.update(tower(1))
    assert widget.opened == set()
    widget.update(deeper)
    assert widget.opened == set(deeper.group_by_id) - {first}
    widget.update(deeper, [])
    assert widget.opened == set()
    widget.update(deeper)
    assert widget.opened == set()


def test_an_unknown_group_is_refused_from_python() -> None:
    with pytest.raises(ValueError, match="'nowhere'"):
        GraphWidget(tower(1), ["nowhere"])


def test_details_are_answered_with_their_ticket(sent: list) -> None:
    widget = GraphWidget(tower(1))
    sent.clear()
    widget._asked(widget, {"type": "details", "id": "res0__dense#0", "ticket": "t1"}, [])
    widget._asked(widget, {"type": "details", "id": "gone", "ticket": "t2"}, [])
    (found, missing) = (message["content"] for message in sent)
    assert found["ticket"] == "t1"
    assert found["details"]["config"]["units"] == "4"
    assert [weight["name"] for weight in found["details"]["weights"]] == ["kernel", "bias"]
    assert [end["name"] for end in found["details"]["from"]] == ["x"]
    assert missing["ticket"] == "t2"
    assert "newest graph" in missing["error"]


@pytest.mark.parametrize(
    "content", [None, [], "open", {}, {"type": "open"}, {"type": "open", "opened": "x"}]
)
def test_nonsense_from_the_browser_changes_nothing(content: object) -> None:
    widget = GraphWidget(tower(1))
    before = widget.picture
    widget._asked(widget, content, [])
    assert widget.picture == before


def test_stale_keeps_the_picture_and_the_next_one_clears_it() -> None:
    graph = tower(1)
    widget = GraphWidget(graph)
    before = widget.picture
    widget.stale("Does not build.")
    assert (widget.status["kind"], widget.status["message"]) == ("stale", "Does not build.")
    assert widget.picture == before
    widget._asked(widget, {"type": "open", "opened": []}, [])
    assert widget.status["kind"] == "stale"
    widget.update(graph)
    assert (widget.status["kind"], widget.status["message"]) == ("ok", "")


def test_every_answer_differs_so_that_it_is_sent() -> None:
    graph = tower(1)
    widget = GraphWidget(graph)
    turns = [widget.status["turn"]]
    widget._asked(widget, {"type": "open", "opened": sorted(widget.opened)}, [])
    turns.append(widget.status["turn"])
    widget.update(graph)
    turns.append(widget.status["turn"])
    assert len(set(turns)) == 3


def refuse(*_: object) -> str:
    raise DrawingError("The picture took longer than 10 seconds to lay out.")


def test_what_cannot_be_drawn_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engine, "draw", refuse)
    widget = GraphWidget(tower(1))
    assert widget.status["kind"] == "failed"
    assert "10 seconds" in widget.status["message"]
    assert "res0__dense" in widget.status["table"]


def test_unfolding_too_much_keeps_the_last_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tower(2)
    widget = GraphWidget(graph, [])
    before = widget.picture
    monkeypatch.setattr(_engine, "draw", refuse)
    widget._asked(widget, {"type": "open", "opened": list(graph.group_by_id)}, [])
    assert widget.picture == before
    assert widget.opened == set()
    assert widget.status["kind"] == "ok"
    assert "10 seconds" in widget.status["message"]


def test_size_of_a_large_model() -> None:
    x = inputs = keras.Input((8,))
    for number in range(300):
        x = L.Dense(8, name=f"part{number // 10}__dense{number}")(x)
    graph = read_graph(keras.Model(inputs, x))
    folded, whole = GraphWidget(graph, []), GraphWidget(graph, list(graph.group_by_id))
    assert whole.status["kind"] == "ok"
    assert len(folded.picture) < 10_000
    assert len(whole.picture) < 100_000
    assert len(whole._esm) < 60_000


def test_the_table_is_sent_only_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tower(3)
    widget = GraphWidget(graph, [])
    packed: list = []
    monkeypatch.setattr(widget, "send", lambda content, buffers: packed.append((content, buffers)))
    widget._asked(widget, {"type": "rows", "ticket": "t"}, [])
    ((content, (rows,)),) = packed
    assert content == {"type": "rows", "ticket": "t"}
    found = json.loads(zlib.decompress(rows))
    assert [row[0] for row in found["calls"]] == list(graph.call_by_id)
    assert [row[5] for row in found["calls"]] == [call.params for call in graph.calls]
    groups = [row[0] for row in found["groups"]]
    assert groups == list(graph.group_by_id)
    inside = [None if row[9] is None else groups[row[9]] for row in found["calls"]]
    assert inside == [call.group for call in graph.calls]


def test_the_browser_changes_the_look_and_nonsense_does_not() -> None:
    widget = GraphWidget(tower(1))
    widget._asked(widget, {"type": "look", "look": {"overlay": "macs", "shapes": True}}, [])
    assert seen(widget)["look"] == {
        "overlay": "macs",
        "shapes": True,
        "once": False,
        "status": False,
    }
    assert "MACs" in seen(widget)["svg"]
    for nonsense in ({"overlay": "<b>"}, {"shapes": 3}, {"once": "x", "status": {"a": "added"}}):
        widget._asked(widget, {"type": "look", "look": nonsense}, [])
        assert widget.look == Look(overlay="macs", shapes=True)
    widget._asked(widget, {"type": "look", "look": {"overlay": None}}, [])
    assert widget.look == Look(shapes=True)
    widget.update(tower(2))
    assert widget.look == Look(shapes=True)


def test_another_graph_has_another_version() -> None:
    widget = GraphWidget(tower(1))
    versions = [seen(widget)["version"]]
    widget._asked(widget, {"type": "open", "opened": []}, [])
    versions.append(seen(widget)["version"])
    widget.update(tower(2))
    versions.append(seen(widget)["version"])
    assert versions[0] == versions[1] != versions[2]


def open_graph() -> Graph:
    image, words = keras.Input((None, None, 3), name="image"), keras.Input((5,), name="words")
    flat = L.GlobalAveragePooling2D(name="pool")(image)
    return read_graph(keras.Model([image, words], L.Concatenate(name="both")([flat, words])))


def test_only_open_sizes_can_be_changed() -> None:
    asked: list = []

    def resized(sizes: dict) -> Graph:
        asked.append(sizes)
        return tower(1)

    widget = GraphWidget(open_graph(), on_sizes=resized)
    fields = seen(widget)["sizes"]["fields"]
    assert [f["label"] for f in fields] == ["batch", "image height", "image width"]
    wanted = {"image": [2, 32, None, 99], "words": [2, 7]}
    widget._asked(widget, {"type": "sizes", "sizes": wanted}, [])
    assert asked == [{"image": (2, 32, None, 3), "words": (2, 5)}]
    assert seen(widget)["name"] == "tower"


@pytest.mark.parametrize(
    "sizes",
    [
        None,
        [],
        {"image": 3},
        {"nowhere": [None]},
        {"image": [1, 2]},
        {"image": [0, 1, 1, 3]},
        {"image": [1, 1.5, 1, 3]},
        {"image": [1, True, 1, 3]},
        {"image": [1, 10**9, 1, 3]},
        {"image": ["2", 1, 1, 3]},
    ],
)
def test_senseless_sizes_are_a_sentence(sizes: object) -> None:
    widget = GraphWidget(open_graph(), on_sizes=lambda _: pytest.fail("asked for them"))
    before = widget.picture
    widget._asked(widget, {"type": "sizes", "sizes": sizes}, [])
    assert widget.picture == before
    assert widget.status["message"].startswith("These sizes do not fit: ")


def test_sizes_that_a_layer_refuses_are_a_sentence() -> None:
    def refuse(_: object) -> Graph:
        raise RuntimeError("\n  Not that <b>small</b>.\nmore")

    widget = GraphWidget(open_graph(), on_sizes=refuse)
    widget._asked(widget, {"type": "sizes", "sizes": {}}, [])
    assert widget.status["message"] == "These sizes do not fit: Not that <b>small</b>."
    assert widget.status["kind"] == "ok"


def test_without_a_way_to_change_sizes_none_are_offered() -> None:
    widget = GraphWidget(open_graph())
    before = widget.picture
    assert seen(widget)["sizes"] is None
    widget._asked(widget, {"type": "sizes", "sizes": {}}, [])
    assert widget.picture == before


def test_what_is_too_large_to_send_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tower(3)
    widget = GraphWidget(graph, [])
    before = widget.picture
    monkeypatch.setattr(_graph_widget, "MESSAGE_LIMIT", len(before) + 10)
    widget._asked(widget, {"type": "open", "opened": list(graph.group_by_id)}, [])
    assert widget.picture == before
    assert widget.opened == set()
    assert widget.status["message"] == "The picture is too large to be sent; fold some groups."


@pytest.mark.slow
def test_a_thousand_open_calls_are_sent_within_the_limit() -> None:
    with skeleton():
        graph = read_graph(keras.applications.NASNetLarge(weights=None))
    widget = GraphWidget(graph, list(graph.group_by_id))
    assert (widget.status["kind"], widget.status["message"]) == ("ok", "")
    assert 50_000 < len(widget.picture) <= _graph_widget.MESSAGE_LIMIT
