"""Layers whose authors say what they cost."""

import gc
import math
import weakref

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab.graph import Cost, CostError, cost_of, read_graph

L = keras.layers


def gate_class():
    class Gate(L.Layer):
        def call(self, x):
            return keras.ops.sigmoid(x) * x

    return Gate


def graph_with(kind, shape=(8, 3)):
    x = keras.Input(shape)
    return read_graph(keras.Model(x, kind(name="gate")(L.Conv1D(3, 3)(x))))


def test_macs_memory_and_field_are_those_declared() -> None:
    gate = gate_class()
    # Unless its cost is declared, a layer is opened where it can be.
    assert "gate#0" not in graph_with(gate).call_by_id

    @cost_of(gate)
    def cost(layer, inputs, outputs):
        assert layer.name == "gate"
        assert inputs == outputs == ((1, 6, 3),)
        return Cost(macs=7, memory=11, window=2)

    graph = graph_with(gate)
    assert graph.call_by_id["gate#0"].macs == 7
    assert graph.macs == 6 * 3 * 3 * 3 + 7
    assert graph.costs.receptive_field["gate#0"] == (4,)
    # The input of each, the output, and what is inside.
    assert graph.costs.training_sum == 4 * (24 + 18 + 18) + 11


def test_a_number_is_the_macs_and_the_rest_stays_unknown() -> None:
    gate = gate_class()
    cost_of(gate)(lambda layer, inputs, outputs: np.int64(5))
    graph = graph_with(gate)
    assert graph.call_by_id["gate#0"].macs == 5
    assert graph.costs.training_sum is None
    assert graph.costs.receptive_field["gate#0"] is None


def test_an_unknown_size_may_make_the_function_fail() -> None:
    gate = gate_class()
    cost_of(gate)(lambda layer, inputs, outputs: math.prod(outputs[0]))
    assert graph_with(gate, (None, 3)).call_by_id["gate#0"].macs is None
    cost_of(gate)(lambda layer, inputs, outputs: outputs[0].missing)
    assert graph_with(gate, (None, 3)).call_by_id["gate#0"].macs is None
    with pytest.raises(CostError, match=r"cost_of\(Gate\) failed on the layer 'gate'.*missing"):
        graph_with(gate)


@pytest.mark.parametrize("value", ["many", 1.5, -1, True, {"macs": 1}, [1], float("nan")])
def test_what_is_no_cost_is_refused_with_a_sentence(value) -> None:
    gate = gate_class()
    cost_of(gate)(lambda layer, inputs, outputs: value)
    with pytest.raises(CostError, match=r"cost_of\(Gate\) returned .* 'gate': return the number"):
        graph_with(gate)


@pytest.mark.parametrize(
    "settings",
    [{"macs": -1}, {"macs": 1.0}, {"memory": "1"}, {"window": 0}, {"window": (1, -2)},
     {"window": ()}, {"stride": None}],
)  # fmt: skip
def test_a_cost_takes_whole_numbers(settings) -> None:
    with pytest.raises(CostError, match=rf"Cost\({next(iter(settings))}=.*whole number"):
        Cost(**settings)


@pytest.mark.parametrize("value", [3, int, "Gate", L.Dense(2)])
def test_it_is_a_class_of_layers_that_is_needed(value) -> None:
    with pytest.raises(TypeError, match="cost_of needs a class of layers"):
        cost_of(value)
    with pytest.raises(TypeError, match=r"decorates a function"):
        cost_of(gate_class())(3)


def test_a_subclass_costs_the_same_unless_it_computes_something_else() -> None:
    gate = gate_class()
    cost_of(gate)(lambda layer, inputs, outputs: 5)
    same = type("Same", (gate,), {})
    other = type("Other", (gate,), {"call": lambda self, x: x})
    assert graph_with(same).call_by_id["gate#0"].macs == 5
    assert graph_with(other).call_by_id["gate#0"].macs is None
    cost_of(gate)(lambda layer, inputs, outputs: 6)
    assert graph_with(same).call_by_id["gate#0"].macs == 6


def test_a_class_defined_anew_replaces_the_old_one_which_goes_away() -> None:
    def cell():
        gate = gate_class()

        @cost_of(gate)
        def cost(layer, inputs, outputs):
            return Cost(macs=len(gate.__name__), memory=0, window=1)

        assert graph_with(gate).costs.training_sum
        return weakref.ref(gate)

    old = cell()
    keras.backend.clear_session()
    gc.collect()
    assert old() is None
    assert "gate#0" not in graph_with(gate_class()).call_by_id


def test_it_is_among_the_public_names() -> None:
    assert kl.cost_of is cost_of
    assert kl.Cost is Cost
