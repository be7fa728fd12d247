"""The exported page as text: whole, and nothing in it that a hostile name could use."""

import html.parser
import json

import keras
import pytest

from keraslab.draw import Picture
from keraslab.draw._html import page
from keraslab.graph import read_graph

HOSTILE = [
    "<script>alert(1)<script>",
    '"><img src=x onerror=alert(1)>',
    "a\u2028b\u2029c",
    "{{constructor}}",
    "</script",  # Keras refuses the slash in names; configs and arguments may hold it
    "<!--",
]


class Elements(html.parser.HTMLParser):
    """Every element of a page and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.scripts: dict[str, str] = {}
        self._open: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id", "main") if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.scripts[self._open] = self.scripts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = None


def graph_named(name: str):
    x = keras.Input((4,), name="x")
    layer = keras.layers.Dense(2, name=name.replace("/", ""))
    layer.get_config = lambda: {"units": name}
    return read_graph(keras.Model(x, layer(x), name=name.replace("/", "")))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str) -> None:
    graph = graph_named(name)
    plain = [tag for tag, _ in Elements(page(graph_named("plain"), [])).elements]
    found = Elements(page(graph, []))
    assert [tag for tag, _ in found.elements] == plain
    raw = found.scripts["keraslab-data"]
    assert not set("<>&\u2028\u2029") & set(raw)
    data = json.loads(raw)
    assert data["name"] == graph.name
    assert data["details"][graph.calls[1].id]["config"]["units"] == " ".join(name.split())


def test_the_page_wants_nothing_from_the_network() -> None:
    found = Elements(page(graph_named("plain"), []))
    policies = [a["content"] for _, a in found.elements if "http-equiv" in a]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'")
    assert "http" not in policies[0]
    assert not [a for _, a in found.elements if "src" in a or "href" in a]


def test_saving_a_picture_keeps_its_folds(tmp_path) -> None:
    x = keras.Input((4,))
    y = keras.layers.Dense(2, name="a__two")(keras.layers.Dense(2, name="a__one")(x))
    graph = read_graph(keras.Model(x, y))
    for opened in ([], list(graph.group_by_id)):
        Picture(graph, opened).save(tmp_path / "model.html")
        text = (tmp_path / "model.html").read_text(encoding="utf-8")
        data = json.loads(Elements(text).scripts["keraslab-data"])
        assert data["opened"] == opened
        assert set(data["cards"]) == {*graph.group_by_id, *graph.call_by_id}
        assert len(text) < 2_000_000
