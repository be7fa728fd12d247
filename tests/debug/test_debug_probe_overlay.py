"""What a probe measured as the colours and numbers of a graph."""

import json
import re
import xml.etree.ElementTree as ET
import zlib

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.debug import probe
from keraslab.draw import Picture
from keraslab.draw._look import Look
from keraslab.graph import read_graph

RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(8, 6)), RNG.normal(size=(8, 1))
SVG = "{http://www.w3.org/2000/svg}"
PLAIN = "#ffffff"


def stack(skip):
    keras.utils.set_random_seed(2)
    x = keras.Input((6,), name="x")
    h = L.Dense(8, name="first")(x)
    for number in range(10):
        y = L.Dense(8, "sigmoid", name=f"d{number}")(h)
        h = L.Add(name=f"add{number}")([h, y]) if skip else y
    model = keras.Model(x, L.Dense(1, name="out")(h), name="residual" if skip else "plain")
    model.compile("sgd", "mse")
    return model


@pytest.fixture(scope="module")
def plain():
    return probe(stack(False), X, Y)


@pytest.fixture(scope="module")
def residual():
    return probe(stack(True), X, Y)


def boxes(svg):
    """The fill and the text of every box, by id, and the text of the legend."""
    found = {}
    root = ET.fromstring(svg)
    for group in root.iter(f"{SVG}g"):
        if "node" in (group.get("class") or "").split() and group.get("data-id"):
            text = " ".join("".join(t.itertext()) for t in group.iter(f"{SVG}text"))
            found[group.get("data-id")] = (group.find(f".//{SVG}path").get("fill"), text)
    (legend,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "legend"]
    return found, " ".join("".join(t.itertext()) for t in legend.iter(f"{SVG}text"))


def lightness(fill):
    return sum(w * int(fill[n : n + 2], 16) for w, n in ((0.21, 1), (0.72, 3), (0.07, 5)))


def test_the_fading_is_to_be_seen(plain, residual):
    faded, legend = boxes(plain.picture().svg())
    shades = [lightness(faded[f"d{n}#0"][0]) for n in range(10)]
    assert shades == sorted(shades, reverse=True)
    assert shades[0] - shades[-1] > 40
    kept, _ = boxes(residual.picture().svg())
    same = [lightness(kept[f"d{n}#0"][0]) for n in range(10)]
    assert max(same) - min(same) < (shades[0] - shades[-1]) / 3
    assert "Gradient" in legend
    assert f"{plain.fade:.3g} times the last's" in legend


def test_the_number_stands_in_its_box(plain):
    found, _ = boxes(plain.picture().svg())
    for name in ("first", "d4", "out"):
        assert f"gradient {plain[name].gradient:.3g}" in found[f"{name}#0"][1]
    spread, legend = boxes(plain.picture("spread").svg())
    assert f"std {plain['d4'].std:.3g}" in spread["d4#0"][1]
    assert "Spread" in legend


def test_dead_units_are_a_share():
    x = keras.Input((6,), name="x")
    low = L.Dense(4, "relu", name="low", bias_initializer=keras.initializers.Constant(-50))
    model = keras.Model(x, L.Dense(1, name="out")(low(x)))
    found, legend = boxes(probe(model, X).picture("dead").svg())
    assert "dead 100 %" in found["low#0"][1]
    assert found["low#0"][0] != PLAIN
    assert found["out#0"][0] == PLAIN
    assert "no ReLU" in found["out#0"][1]
    assert "no ReLU" in legend


def test_a_gradient_of_zero_is_no_gradient():
    x = keras.Input((6,), name="x")
    h = keras.ops.stop_gradient(L.Dense(4, name="cut")(x))
    model = keras.Model(x, L.Dense(1, name="out")(h))
    model.compile("sgd", "mse")
    found, legend = boxes(probe(model, X, Y).picture().svg())
    assert found["cut#0"][0] == PLAIN
    assert "no gradient" in found["cut#0"][1]
    assert "no gradient" in legend
    assert found["out#0"][0] != PLAIN


def test_a_closed_group_goes_from_low_to_high():
    inner = [keras.Input((6,))] + [L.Dense(6, "sigmoid", name=f"i{n}") for n in range(6)]
    x = keras.Input((6,), name="x")
    model = keras.Model(x, L.Dense(1)(keras.Sequential(inner, name="inner")(x)))
    model.compile("sgd", "mse")
    found = probe(model, X, Y)
    closed, _ = boxes(found.picture(opened=[]).svg())
    (group,) = found.graph.groups
    fill, text = closed[group.id]
    assert f"gradient {found['i0'].gradient:.3g} to {found['i5'].gradient:.3g}" in text
    opened, _ = boxes(found.picture().svg())
    ends = sorted(lightness(opened[found[f"i{n}"].call][0]) for n in (0, 5))
    assert ends[0] < lightness(fill) < ends[1]


def test_saturation_is_a_share():
    x = keras.Input((6,), name="x")
    model = keras.Model(x, L.Dense(4, "tanh", name="flat")(x))
    found, _ = boxes(probe(model, 1e4 * X).picture("saturated").svg())
    assert re.search(r"saturated (9\d|100) %", found["flat#0"][1])
    assert "nothing to saturate" in found["x#0"][1]


def test_what_cannot_be_shown_is_refused(plain):
    with pytest.raises(ValueError, match=r"'gradient', 'spread'.*Received: 'loss'"):
        plain.picture("loss")
    x = keras.Input((6,), name="x")
    alone = probe(keras.Model(x, L.Dense(2)(x)), X)
    with pytest.raises(ValueError, match=r"is not compiled.*spread"):
        alone.picture()
    bundle = alone._repr_mimebundle_()
    assert "Spread" in bundle["text/html"].partition("<table")[0]


def test_a_notebook_shows_the_graph_beside_the_curves(plain):
    above = plain._repr_mimebundle_()["text/html"].partition("<table")[0]
    assert above.count("<svg") == 2
    assert f"gradient {plain['d3'].gradient:.3g}" in above


def test_the_widget_shows_the_values_and_lets_one_choose_others(plain):
    view = plain.show()
    assert json.loads(zlib.decompress(view.picture))["look"]["measured"] == "Gradient"
    view._asked(view, {"type": "look", "look": {"overlay": "params"}}, [])
    assert view.look.overlay == "params"
    svg = Picture.in_look(view.graph, view.opened, view.look).svg()
    assert "params" in svg
    assert "gradient" not in svg
    view._asked(view, {"type": "look", "look": {"overlay": None}}, [])
    assert "gradient" in Picture.in_look(view.graph, view.opened, view.look).svg()


def test_a_page_keeps_the_values_when_it_draws_anew(plain):
    script = '<script type="application/json" id="keraslab-data">'
    data = plain.picture().html().partition(script)[2].partition("</script>")[0]
    assert json.loads(data)["look"]["values"]["calls"]["d3#0"][1].startswith("gradient ")


def test_values_of_any_kind_colour_a_graph():
    x = keras.Input((4,), name="x")
    graph = read_graph(keras.Model(x, L.Dense(2, name="<b>")(L.Dense(3, name="a")(x))))
    values = {"title": "Mine", "calls": {"a#0": [0.5, "half"], "<b>#0": [None, "0 <i>"]}}
    found, legend = boxes(Picture(graph, values=values).svg())
    assert "half" in found["a#0"][1]
    assert found["a#0"][0] != PLAIN
    assert "0 <i>" in found["<b>#0"][1]
    assert "not measured" in found["x#0"][1]
    assert "Mine" in legend
    marked = Look(status={"a#0": "changed"}, values=values)
    assert "half" not in Picture.in_look(graph, None, marked).svg()


@pytest.mark.parametrize("place", [-0.1, 1.5, float("nan")])
def test_places_lie_between_little_and_much(place):
    with pytest.raises(ValueError, match="from 0"):
        Look(values={"title": "t", "calls": {"a": [place, "x"]}})
