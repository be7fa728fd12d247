"""The forms of a picture that are text: Mermaid for a README, a tree for a terminal."""

import re

import keras
import pytest
from keras import layers as L

from keraslab.draw import Picture
from keraslab.graph import read_graph, skeleton


@pytest.fixture(scope="module")
def twin():
    with skeleton():
        a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
        first = L.Dense(6, name="encoder__dense1")
        second = L.Dense(4, name="encoder__dense2")
        merged = L.Concatenate(name="both")([second(first(a)), second(first(b))])
        return read_graph(keras.Model([a, b], L.Dense(1, name="same")(merged), name="pair"))


def mermaid_parts(text):
    nodes = re.findall(r"^\s*(\w+)(?:\[\[|\[|\()\"(.*?)\"(?:\]\]|\]|\))$", text, re.MULTILINE)
    edges = re.findall(r"^\s*(\w+) (?:-->|==>)(?:\|\".*?\"\|)? (\w+)$", text, re.MULTILINE)
    return dict(nodes), edges


def test_mermaid_has_every_call_and_every_edge(twin):
    text = Picture(twin, twin.group_by_id).mermaid()
    assert text.startswith("flowchart TB\n")
    nodes, edges = mermaid_parts(text)
    assert len(nodes) == len(twin.calls)
    assert len(edges) == len(twin.edges)
    assert text.count("subgraph") == text.count("  end\n") == len(twin.groups)
    named = {label.split("<br/>")[0]: node for node, label in nodes.items()}
    assert (named["Concatenate both"], named["Dense same"]) in edges


def test_mermaid_folds(twin):
    nodes, edges = mermaid_parts(Picture(twin, []).mermaid())
    assert len(nodes) == 2 + 2 + 2  # inputs, two calls of the encoder, what follows
    assert len(edges) == 5
    assert sum("shared" in label for label in nodes.values()) == 2


def test_mermaid_takes_no_markup_from_names():
    x = keras.Input((4,), name='"]; click n0 "javascript:alert(1)" <img src=x>')
    graph = read_graph(keras.Model(x, L.Dense(2, name="a`b#c|d[e]{f}&lt;")(x)))
    text = Picture(graph).mermaid()
    labels = re.findall(r'"(.*?)"', text)
    assert len(labels) == 2
    for label in labels:
        rest = re.sub(r"#\d+;|<br/>", "", label)
        assert not set(rest) & set('"<>&`#|[]{};')
    nodes, edges = mermaid_parts(text)
    assert len(nodes) == 2
    assert len(edges) == 1


def test_the_tree_tells_groups_calls_and_sources(twin):
    assert Picture(twin, []).tree() == (
        "pair\n"
        "├─ a                        Input        ? × 8\n"
        "├─ b                        Input        ? × 8\n"
        "├─ ▸ encoder (call 1 of 2)  2 calls      ? × 4  82 params\n"
        "├─ ▸ encoder (call 2 of 2)  2 calls      ? × 4  82 params\n"
        "├─ both ← dense2, dense2    Concatenate  ? × 8\n"
        "└─ same ← both              Dense        ? × 1  9 params"
    )


def test_an_open_group_shows_its_inside_indented(twin):
    first = next(group.id for group in twin.groups if group.index == 0)
    lines = Picture(twin, [first]).tree().split("\n")
    inside = [line for line in lines if line.startswith("│  ")]
    assert [line.split()[2] for line in inside] == ["dense1", "dense2"]


def test_the_tree_of_a_large_network_is_short_when_folded():
    with skeleton():
        graph = read_graph(keras.applications.MobileNetV2(weights=None))
    folded = Picture(graph).tree()
    assert len(folded.split("\n")) < 40
    assert "×" in folded
    everything = Picture(graph, graph.group_by_id).tree()
    for call in graph.calls:
        assert call.name.rsplit("__", 1)[-1] in everything


def test_the_tree_has_no_control_characters():
    x = keras.Input((4,), name="a\x1b[31mred")
    text = Picture(read_graph(keras.Model(x, L.Dense(2)(x)))).tree()
    assert "\x1b" not in text


@pytest.mark.parametrize(("suffix", "start"), [(".mmd", "flowchart TB"), (".txt", "pair\n")])
def test_they_are_saved_by_their_suffix(twin, tmp_path, suffix, start):
    Picture(twin).save(tmp_path / f"model{suffix}")
    assert (tmp_path / f"model{suffix}").read_text(encoding="utf-8").startswith(start)
