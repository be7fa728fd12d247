"""Pictures of real models, as files and in a notebook."""

import io
import json
import os
import stat
import xml.etree.ElementTree as ET

import keras
import numpy as np
import pytest
from keras import layers as L
from PIL import Image

from keraslab.draw import DrawingError, Picture, _engine, _png
from keraslab.draw._json import details, graph_json
from keraslab.graph import read_graph, skeleton


@pytest.fixture(scope="module")
def graph():
    with skeleton():
        inner_in = keras.Input((8, 8, 2), name="pixels")
        y = L.Conv2D(3, 3, activation="relu", name="look")(inner_in)
        encoder = keras.Model(inner_in, L.Flatten(name="flat")(y), name="encoder")
        a, b = keras.Input((8, 8, 2), name="a"), keras.Input((8, 8, 2), name="b")
        z = L.Subtract(name="difference")([encoder(a), encoder(b)])
        model = keras.Model({"a": a, "b": b}, {"same": L.Dense(1, name="dense")(z)}, name="pair")
        return read_graph(model)


def tower(blocks):
    with skeleton():
        x = y = keras.Input((4,), name="x")
        for i in range(blocks):
            z = L.Dense(4, name=f"block{i}__one")(y)
            z = L.ReLU(name=f"block{i}__two")(z)
            y = L.Add(name=f"block{i}__add")([z, y])
        return read_graph(keras.Model(x, y, name="tower"))


def test_a_small_graph_opens_and_a_large_one_stays_folded(graph):
    assert Picture(graph).opened == frozenset(graph.group_by_id)
    large = tower(20)
    assert Picture(large).opened == frozenset()
    assert Picture(large).svg().count('class="node') == 2  # the input, and a stack of 20 blocks


def test_an_unknown_group_is_refused(graph):
    with pytest.raises(ValueError, match="Received: 'nowhere'"):
        Picture(graph, ["nowhere"])


def test_the_png_shows_something_at_the_size_of_the_svg(graph):
    picture = Picture(graph)
    root = ET.fromstring(picture.svg())
    image = Image.open(io.BytesIO(picture.png()))
    assert image.width == pytest.approx(float(root.get("width")), abs=2)
    assert image.height == pytest.approx(float(root.get("height")), abs=2)
    grey = np.asarray(image.convert("L"))
    # Dark pixels are text: with no font at all there would be outlines only.
    assert 0.01 < (grey < 80).mean() < 0.2
    double = Image.open(io.BytesIO(picture.png(dpi=192)))
    assert double.width == pytest.approx(2 * image.width, abs=2)


@pytest.mark.parametrize("dpi", [0, -1, float("nan"), float("inf"), "96", True, None])
def test_a_senseless_dpi_is_refused(graph, dpi):
    with pytest.raises(ValueError, match="dpi must be a number above 0"):
        Picture(graph).png(dpi)


def test_a_huge_png_is_scaled_down(graph, monkeypatch):
    monkeypatch.setattr(_png, "MAX_PIXELS", 90_000)
    image = Image.open(io.BytesIO(Picture(graph).png(dpi=1400)))
    assert 80_000 < image.width * image.height < 91_000


def test_saving_goes_by_the_suffix(graph, tmp_path):
    picture = Picture(graph)
    starts = {"m.svg": b"<svg", "m.PNG": b"\x89PNG", "m.dot": b"digraph", "m.html": b"<!DOCTYPE"}
    for name, start in starts.items():
        picture.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(starts)


def test_a_saved_file_has_ordinary_rights_and_replaces_the_old_one(graph, tmp_path):
    path = tmp_path / "m.svg"
    path.write_text("old")
    Picture(graph).save(os.fspath(path))
    assert path.read_text().startswith("<svg")
    (tmp_path / "other").write_text("")
    rights = stat.S_IMODE((tmp_path / "other").stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == rights


def test_a_failed_save_leaves_the_old_file(graph, tmp_path, monkeypatch):
    path = tmp_path / "m.svg"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        Picture(graph).save(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["m.svg"]


def test_errors_of_saving_name_the_way_out(graph, tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, .*\.txt\. Received: 'm\.pdf'"):
        Picture(graph).save("m.pdf")
    with pytest.raises(FileNotFoundError, match="folder must exist already"):
        Picture(graph).save(tmp_path / "nowhere" / "m.svg")


def test_in_a_notebook_it_is_a_picture_and_a_table(graph):
    bundle = Picture(graph)._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "difference" in bundle["text/plain"]
    assert set(Picture(graph)._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert "text/plain" not in Picture(graph)._repr_mimebundle_(exclude=["text/plain"])


def test_where_drawing_fails_the_table_and_the_reason_are_shown(graph, monkeypatch):
    def fail(*_):
        raise DrawingError("No <V8> here.")

    monkeypatch.setattr(_engine, "draw", fail)
    bundle = Picture(graph)._repr_mimebundle_()
    assert "image/svg+xml" not in bundle
    assert bundle["text/plain"].startswith("No <V8> here.")
    assert "difference" in bundle["text/plain"]
    assert "No &lt;V8&gt; here." in bundle["text/html"]
    assert "difference" in bundle["text/html"]


@pytest.mark.parametrize("broken", ["draw", "graph_json", "table_text"])
def test_a_display_never_raises(graph, monkeypatch, broken):
    def fail(*_):
        raise RuntimeError("a bug")

    from keraslab.draw import _picture

    monkeypatch.setattr(_engine if broken == "draw" else _picture, broken, fail)
    assert Picture(graph)._repr_mimebundle_()["text/plain"]


def test_the_json_is_json_and_counts_what_the_graph_counts(graph):
    data = json.loads(json.dumps(graph_json(graph)))
    assert [call["id"] for call in data["calls"]] == list(graph.call_by_id)
    assert len(data["edges"]) == len(graph.edges)
    assert data["totals"]["params"] == graph.params == 3 * 3 * 2 * 3 + 3 + 6 * 6 * 3 + 1
    one, two = data["groups"]
    assert one["params"] == two["params"] == 3 * 3 * 2 * 3 + 3
    assert one["macs"] == 6 * 6 * 3 * 3 * 3 * 2
    assert data["skeleton"] is True
    assert {port["key"] for port in data["inputs"]} == {"a", "b"}


def test_details_of_a_call_and_of_a_group(graph):
    (dense,) = (call for call in graph.calls if call.layer == "dense")
    found = details(graph, dense.id)
    assert json.dumps(found)
    assert found["config"]["units"] == "1"
    assert found["config"]["kernel_initializer"] == "GlorotUniform"
    assert found["config"]["dtype"] == "float32"
    assert [weight["shape"] for weight in found["weights"]] == [[108, 1], [1]]
    assert [source["name"] for source in found["from"]] == ["difference"]
    group = details(graph, graph.groups[0].id)
    assert group["to"][0]["shape"] == [None, 108]
    assert len(group["weights"]) == 2
    with pytest.raises(KeyError, match="no call or group of that id"):
        details(graph, "nowhere")


@pytest.mark.parametrize("blocks", [1, 16])
def test_a_tower_of_blocks_folds_and_unfolds(blocks):
    graph = tower(blocks)
    assert sum(group.kind == "block" for group in graph.groups) == blocks
    everything = Picture(graph, graph.group_by_id).svg()
    assert everything.count('class="node') == 3 * blocks + 1
    assert everything.count('class="edge"') == len(graph.edges)
