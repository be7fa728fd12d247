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
