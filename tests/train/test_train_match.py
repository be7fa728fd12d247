import pickle
from bisect import bisect

import cloudpickle
import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keraslab as kl
from keraslab.graph import ModelError
from keraslab.train._nearest import Search

L = keras.layers


def tower(filters=8, depth=2, groups=1):
    x = keras.Input((8, 8, 3))
    y = L.Conv2D(filters, 3, padding="same")(x)
    for _ in range(depth):
        y = L.Conv2D(filters, 3, padding="same", groups=groups)(y)
    return keras.Model(x, L.Dense(10)(L.GlobalAveragePooling2D()(y)))


def mlp(units=8):
    x = keras.Input((10,))
    return keras.Model(x, L.Dense(1)(L.Dense(units)(x)))


# The search on its own.


@given(
    costs=st.lists(st.integers(1, 10**6), min_size=1, max_size=300, unique=True),
    low=st.integers(-20, 40),
    budget=st.integers(1, 2 * 10**6),
    falls=st.booleans(),
)
@settings(deadline=None)
def test_nearest_of_all_where_costs_only_grow_or_fall(costs, low, budget, falls):
    costs.sort(reverse=falls)
    search = Search(lambda n: costs[n - low], low, low + len(costs) - 1)
    found = search.nearest(budget)
    if min(costs) <= budget <= max(costs):
        assert abs(costs[found - low] - budget) == min(abs(cost - budget) for cost in costs)
    assert len(search.tried) <= 80


@given(
    step=st.sampled_from([2, 3, 8, 32, 64]),
    power=st.sampled_from([1, 2]),
    budget=st.integers(1, 10**6),
    high=st.integers(64, 3000),
)
@settings(deadline=None)
def test_numbers_that_do_not_build_are_passed_over(step, power, budget, high):
    def cost(n):
        return None if n % step else n**power

    search = Search(cost, 1, high)
    found = search.nearest(budget)
    builds = range(step, high + 1, step)
    assert abs(found**power - budget) == min(abs(n**power - budget) for n in builds)


def test_nothing_much_larger_than_needed_is_built():
    search = Search(lambda n: n, 1, 10**9)
    assert search.nearest(1000) == 1000
    assert max(search.tried) <= 2000
    assert len(search.tried) <= 2 * 10 + 4


@given(st.lists(st.none() | st.integers(1, 1000), max_size=60), st.integers(1, 1000))
@settings(deadline=None)
def test_any_costs_end_with_one_that_was_tried(costs, budget):
    search = Search(lambda n: costs[n], 0, len(costs) - 1)
    found = search.nearest(budget)
    assert (found is None) == all(cost is None for cost in costs)
    if found is not None:
        assert abs(costs[found] - budget) == min(abs(cost - budget) for _, cost in search.known)


def test_a_plateau_at_the_begin_is_crossed():
    search = Search(lambda n: max(32, n), 1, 4096)
    assert search.nearest(100) == 100


def test_what_never_changes_is_soon_given_up():
    search = Search(lambda n: 7, 1, 4096)
    assert search.nearest(100) == 1
    assert max(search.tried) <= 128


def test_steady():
    search = Search([3, 1, 2].__getitem__, 0, 2)
    search.nearest(2)
    assert not search.steady


# On models.


def test_params_are_met_as_well_as_can_be():
    found = kl.match(tower, params=50_000)
    all_params = [tower(filters).count_params() for filters in range(44, 60)]
    place = bisect(all_params, 50_000)
    nearest = min(all_params[place - 1 : place + 1], key=lambda count: abs(count - 50_000))
    assert found.params == nearest == found().count_params()
    assert found.off == pytest.approx(nearest / 50_000 - 1)
    assert abs(found.off) < 0.05
    assert found.said == ""
    assert found.settings == {"filters": found.value}
    assert found.macs == kl.read_graph(found()).macs


def test_macs_are_met():
    found = kl.match(tower, macs=1_000_000)
    assert abs(found.off) < 0.1
    others = [kl.read_graph(tower(found.value + step)).macs for step in (-1, 1)]
    assert abs(found.macs - 1e6) <= min(abs(macs - 1e6) for macs in others)


def test_the_same_capacity_as_another_model():
    wide = tower(filters=20, depth=1)
    by_model = kl.match(lambda depth=3, filters=8: tower(filters, depth), params=wide)
    by_build = kl.match(
        lambda depth=3, filters=8: tower(filters, depth), params=lambda: tower(20, 1)
    )
    by_graph = kl.match(
        lambda depth=3, filters=8: tower(filters, depth), params=kl.read_graph(wide)
    )
    assert by_model.value == by_build.value == by_graph.value
    assert abs(by_model.params / wide.count_params() - 1) < 0.1
    assert kl.match(mlp, params=by_model, by="units").value > 0


def test_no_weight_is_allocated():
    # Ten billion weights would take 40 GB.
    found = kl.match(
        lambda units=8: keras.Model(x := keras.Input((100_000,)), L.Dense(units)(x)),
        params=10**10,
        by="units",
        high=10**6,
    )
    assert found.value == 99_999
    assert found.params == 99_999 * 100_001


def test_builds_that_need_real_weights():
    def real(units=4):
        model = mlp(units)
        model.set_weights([weight * 2 for weight in model.get_weights()])
        return model

    assert kl.match(real, params=1201, by="units").value == 100


def test_settings_that_do_not_build_are_passed_over_and_said():
    found = kl.match(lambda filters=8: tower(filters, groups=8), params=20_000)
    assert found.value % 8 == 0
    assert "do not build" in found.said
    sizes = {n: tower(n, groups=8).count_params() for n in range(8, 160, 8)}
    assert found.value == min(sizes, key=lambda n: abs(sizes[n] - 20_000))


def test_what_does_not_grow_steadily_is_said():
    def saw(units=8):
        return mlp(units if units % 3 else 2 * units)

    found = kl.match(saw, params=2000, by="units")
    assert "does not grow steadily" in found.said


def test_a_setting_that_makes_the_model_smaller():
    def strided(stride=1):
        x = keras.Input((64,))
        y = L.Reshape((64 // stride, stride))(x) if 64 % stride == 0 else None
        return keras.Model(x, L.Dense(10)(L.Flatten()(y[:, :, :1])))

    found = kl.match(strided, params=170, by="stride", high=64)
    assert found.value == 4
    assert "steadily" not in found.said


def test_compiled_builds_and_travelling():
    def compiled(units=8):
        model = mlp(units)
        model.compile("adam", "mse")
        return model

    found = kl.match(compiled, params=1201, by="units")
    back = pickle.loads(cloudpickle.dumps(found))
    assert back().compiled
    assert back().count_params() == found.params == 1201
    assert back.__name__ == "units=100"
    assert repr(back) == (
        "<units=100: 1,201 parameters, 1,100 multiply-accumulates; exactly the budget>"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({}, TypeError, "either params"),
        ({"params": 10, "macs": 10}, TypeError, "not both"),
        ({"params": 1000, "by": "filtres"}, TypeError, "has no such parameter"),
        ({"params": "many"}, TypeError, "needs a number"),
        ({"params": True}, TypeError, "needs a number"),
        ({"params": [1]}, TypeError, "Received: a list"),
        ({"params": L.Dropout(0.1)}, ModelError, "A Keras model is needed"),
        ({"params": 0}, ValueError, "above 0"),
        ({"macs": -1}, ValueError, "above 0"),
        ({"params": float("nan")}, ValueError, "above 0"),
        ({"params": float("inf")}, ValueError, "above 0"),
        ({"params": 1000, "low": 5, "high": 2}, ValueError, "the smaller first"),
        ({"params": 1000, "low": 1.5}, ValueError, "whole numbers"),
        ({"params": 50}, ValueError, "the nearest is 1 with 68 parameters"),
        ({"params": 10**6, "high": 20}, ValueError, "no filters from 1 to 20 gets there"),
    ],
)
def test_what_cannot_be_matched(arguments, error, said):
    with pytest.raises(error, match=said):
        kl.match(tower, **arguments)


def test_a_parameter_that_changes_nothing():
    def dropped(percent=5):
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(3)(L.Dropout(percent / 10_000)(x)))

    with pytest.raises(ValueError, match="does not change the number of parameters, which is 15"):
        kl.match(dropped, params=100, by="percent")


def test_a_build_that_always_fails_says_why():
    def broken(filters=8):
        raise RuntimeError("no such layer")

    with pytest.raises(ValueError, match="RuntimeError: no such layer") as caught:
        kl.match(broken, params=1000)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_coarse_steps_are_said():
    found = kl.match(lambda depth=1: tower(16, depth), params=6500, by="depth")
    assert found.value == 3
    assert "its steps are coarse" in found.said


def test_unknown_costs_are_said():
    class Odd(L.Layer):
        def call(self, x):
            return keras.ops.fft2((x, x))[0]

    def odd(units=4):
        x = keras.Input((4, 4))
        return keras.Model(x, L.Dense(units)(Odd()(x)))

    if kl.read_graph(odd()).macs is not None:
        pytest.skip("what this layer costs is known")
    with pytest.raises(ValueError, match="is unknown"):
        kl.match(odd, macs=1000, by="units")
    with pytest.raises(ValueError, match="of that model is unknown"):
        kl.match(mlp, macs=odd(), by="units")
    assert kl.match(odd, params=50, by="units").params == 50
