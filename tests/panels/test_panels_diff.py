"""What a notebook shows of a difference: the table, and one picture with the calls of both."""

import keras

import keraslab as kl
from keraslab.graph import GraphDiff

L = keras.layers


def build(units: int, extra: bool) -> keras.Model:
    x = keras.Input((8,), name="x")
    y = L.Dense(units, name="hidden")(x)
    y = L.LayerNormalization(name="norm")(y) if extra else L.Dropout(0.5, name="drop")(y)
    return keras.Model(x, L.Dense(2, name="out")(y), name="tiny<b>")


def test_a_notebook_shows_the_table_and_the_picture() -> None:
    found = kl.diff(build(4, False), build(6, True))
    assert isinstance(found, GraphDiff)
    assert found
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == str(found)
    html = bundle["text/html"]
    assert "units 4 → 6" in html
    assert "<svg" in html
    for name in ("hidden", "norm", "drop", "out"):
        assert name in html.partition("<svg")[2]
    assert "tiny<b>" not in html


def test_an_empty_difference_still_shows() -> None:
    found = kl.diff(build(4, True), build(4, True))
    assert not found
    assert "no difference" in found._repr_mimebundle_()["text/html"]


def test_the_picture_is_saved(tmp_path) -> None:
    kl.diff(build(4, False), build(6, True)).save(tmp_path / "diff.svg")
    assert "norm" in (tmp_path / "diff.svg").read_text()


def in_a_notebook(monkeypatch) -> None:
    monkeypatch.setattr("keraslab.panels._diff.in_terminal", lambda: False)


def test_a_notebook_gets_the_live_picture_and_a_page_the_still_one(monkeypatch) -> None:
    in_a_notebook(monkeypatch)
    found = kl.diff(build(4, False), build(6, True))
    bundle = found._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<svg" in bundle["text/html"]
    assert bundle["text/plain"] == str(found)
    table, view = found.widget.children
    assert "units 4 → 6" in table.value
    assert view.graph is found.graph
    assert view.look.status == found.status


def test_a_terminal_gets_text_alone(monkeypatch) -> None:
    monkeypatch.setattr("keraslab.panels._diff.in_terminal", lambda: True)
    found = kl.diff(build(4, False), build(6, True))
    assert set(found._repr_mimebundle_()) == {"text/plain"}


def test_what_was_folded_by_hand_is_saved_so(tmp_path) -> None:
    def two(drop: bool) -> keras.Model:
        x = keras.Input((4,), name="x")
        y = L.Dense(4, name="res__one")(x)
        y = L.Dense(4, activation="relu", name="res__two")(y)
        return keras.Model(x, L.Dropout(0.5, name="res__drop")(y) if drop else y, name="two")

    found = kl.diff(two(False), two(True))
    assert found.picture.opened
    view = found.widget.children[1]
    view._asked(view, {"type": "open", "opened": []}, [])
    assert found.picture.opened == frozenset()
    assert found.picture.look.status == found.status
    found.save(tmp_path / "folded.txt")
    assert "res__drop" not in (tmp_path / "folded.txt").read_text()
    # Its settings are those of two models: there is nothing to try.
    view.send = lambda *_: None
    before = view.graph
    view._asked(view, {"type": "what_if", "id": "res__one#0", "setting": "units", "value": 9}, [])
    assert view.graph is before


def test_the_line_over_the_picture_and_the_cards_are_of_both() -> None:
    found = kl.diff(build(4, False), build(6, True))
    assert found._look.headline.startswith("4 calls · 46 → 80 parameters".replace("80", _params()))
    assert found._look.word("hidden#0") == "changed: units 4 → 6; shape ? × 4 → ? × 6"
    assert found._look.word("norm#0") == "added"
    assert found._look.word("x#0") is None


def _params() -> str:
    return str(build(6, True).count_params())
