"""Rebuilding and redrawing over and over leaves nothing behind."""

import gc
from collections import Counter

import keras
from keras import layers as L

import keraslab as kl


def held():
    """How many layers, models, tensors and widgets there are."""
    gc.collect()
    kinds = (L.Layer, keras.KerasTensor, keras.Variable, kl.graph.Call, kl.graph.Graph)
    found = Counter()
    for each in gc.get_objects():
        kind = type(each)
        found[next((one.__name__ for one in kinds if issubclass(kind, one)), None)] += 1
    return found


def test_rebuilds_and_redraws_round_captured_layers_do_not_pile_up():
    base = keras.Sequential([keras.Input((8,)), L.Dense(6, name="kept")], name="base")
    shared = L.Dense(4, name="shared")

    def build(units=3, depth=1):
        x = inputs = keras.Input((8,), name="x")
        y = base(x)
        for number in range(depth):
            y = L.Dense(units, name=f"step{number}")(y)
        return keras.Model(inputs, shared(L.Dense(5)(y)))

    lab = kl.explore(build, units=(1, 40), depth=(1, 4))
    view = lab._view
    view.send = lambda *_: None

    def moves(numbers):
        for number in numbers:
            lab.controls["units"].value = 1 + number % 40
            lab.controls["depth"].value = 1 + number % 4
            look = {"overlay": ["params", "macs", None][number % 3]}
            view._asked(view, {"type": "look", "look": look}, [])
            assert lab.error is None

    # As many as there are positions, so that all that is remembered on purpose is there.
    moves(range(40))
    before = held()
    moves(range(40, 80))
    after = held()
    assert view.status["kind"] == "ok"
    grown = {kind: after[kind] - before[kind] for kind in after if kind is not None}
    assert max(grown.values()) <= 0, grown
    assert after[None] - before[None] < 500
    assert len(base.layers[0]._inbound_nodes) == 1
    assert shared._inbound_nodes == []
