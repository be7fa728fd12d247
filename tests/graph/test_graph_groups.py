"""Groups from names, connections and call order; folding them never makes a cycle."""

from collections import Counter

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraslab.graph import Graph, read_graph, skeleton
from keraslab.graph._groups import Item, Scope, find_groups

L = keras.layers


class Parts:
    """Layers remembered under one prefix, as a block does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.made: dict[str, L.Layer] = {}

    def use(self, part, kind, *args, **kwargs):
        if part not in self.made:
            self.made[part] = kind(*args, name=f"{self.name}__{part}", **kwargs)
        return self.made[part]


class Residual(Parts):
    def __call__(self, x):
        y = self.use("first", L.Dense, 4)(x)
        y = self.use("second", L.Dense, 4)(self.use("relu", L.ReLU)(y))
        return self.use("add", L.Add)([y, x])


class Twin(Parts):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.encoder = Residual(f"{name}__encoder")

    def __call__(self, a, b):
        return self.use("minus", L.Subtract)([self.encoder(a), self.encoder(b)])


def tree(graph: Graph) -> dict[str, tuple[str | None, int, int, list[str]]]:
    return {
        g.id: (g.parent, g.index, g.count, [c.split("#")[0] for c in g.calls]) for g in graph.groups
    }


def test_a_twin_called_twice_has_two_groups_of_two_encoders() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    twin = Twin("twin")
    graph = read_graph(keras.Model([a, b], [twin(a, b), twin(b, a)]))
    found = {id_: entry[:3] for id_, entry in tree(graph).items()}
    assert found == {
        "twin__#0": (None, 0, 2),
        "twin__#0/encoder__#0": ("twin__#0", 0, 4),
        "twin__#0/encoder__#1": ("twin__#0", 1, 4),
        "twin__#1": (None, 1, 2),
        "twin__#1/encoder__#0": ("twin__#1", 2, 4),
        "twin__#1/encoder__#1": ("twin__#1", 3, 4),
    }
    second = graph.group_by_id["twin__#1/encoder__#0"]
    assert [graph.call_by_id[c].index for c in second.calls] == [2, 2, 2, 2]
    assert graph.group_by_id["twin__#0"].label == "twin"


def test_a_residual_called_in_a_chain_is_two_groups() -> None:
    x = keras.Input((4,), name="x")
    block = Residual("res")
    graph = read_graph(keras.Model(x, block(block(x))))
    members = ["res__first", "res__relu", "res__second", "res__add"]
    assert tree(graph) == {
        "res__#0": (None, 0, 2, members),
        "res__#1": (None, 1, 2, members),
    }


def test_operations_between_the_layers_of_a_block_belong_to_it() -> None:
    x = keras.Input((4,), name="x")
    parts = Parts("scaled")
    y = keras.ops.relu(parts.use("in", L.Dense, 4)(x)) * 2.0
    graph = read_graph(keras.Model(x, parts.use("out", L.Dense, 4)(y) + 1.0))
    (group,) = graph.groups
    kinds = [graph.call_by_id[call].type for call in group.calls]
    assert kinds == ["Dense", "Relu", "Multiply", "Dense"]


def test_heads_hang_together_by_their_common_input() -> None:
    x = keras.Input((4,), name="x")
    parts = Parts("heads")
    outputs = [parts.use(task, L.Dense, 2)(x) for task in ("digit", "colour")]
    (group,) = read_graph(keras.Model(x, outputs)).groups
    assert group.calls == ("heads__digit#0", "heads__colour#0")


def test_what_makes_no_sense_stays_ungrouped() -> None:
    x = keras.Input((4,), name="x")
    alone = L.Dense(4, name="alone__dense")(x)
    far = L.Dense(4, name="far__out")(L.Dense(4, name="mid")(L.Dense(4, name="far__in")(alone)))
    odd = Parts("odd")
    twice = odd.use("a", L.Dense, 4)
    thrice = odd.use("b", L.Dense, 4)
    y = thrice(thrice(twice(thrice(twice(far)))))
    strange = L.Dense(4, name="__init__")(L.Dense(4, name="a____b")(y))
    graph = read_graph(keras.Model(x, strange))
    assert graph.groups == ()
    assert all(call.group is None for call in graph.calls)


def test_a_u_net_level_around_the_rest_is_dissolved_but_its_inner_block_stays() -> None:
    x = keras.Input((4,), name="x")
    down = L.Dense(4, name="level__down")(x)
    inner = Residual("level__block")(down)
    deep = L.Dense(4, name="deep")(inner)
    model = keras.Model(x, L.Add(name="level__up")([deep, down]))
    graph = read_graph(model)
    assert [(g.id, g.parent) for g in graph.groups] == [("level__block__#0", None)]


def test_two_blocks_that_feed_each_other_do_not_both_fold() -> None:
    x = keras.Input((4,), name="x")
    a1 = L.Dense(4, name="a__1")(x)
    b1 = L.Dense(4, name="b__1")(x)
    a2 = L.Add(name="a__2")([a1, b1])
    b2 = L.Add(name="b__2")([a1, b1])
    a3, b3 = L.Dense(4, name="a__3")(a2), L.Dense(4, name="b__3")(b2)
    assert_sound(read_graph(keras.Model(x, [a3, b3])))


def test_groups_inside_a_nested_model_and_around_it() -> None:
    i = keras.Input((4,))
    inner = keras.Model(i, Residual("res")(i), name="pair__tower")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    out = L.Subtract(name="pair__minus")([inner(a), inner(b)])
    graph = read_graph(keras.Model([a, b], out))
    assert [(g.id, g.parent, g.kind, g.label) for g in graph.groups] == [
        ("pair__#0", None, "block", "pair"),
        ("pair__tower#0", "pair__#0", "model", "tower"),
        ("pair__tower#0/res__#0", "pair__tower#0", "block", "res"),
        ("pair__tower#1", "pair__#0", "model", "tower"),
        ("pair__tower#1/res__#0", "pair__tower#1", "block", "res"),
    ]
    assert_sound(graph)


def test_names_that_look_like_group_ids_do_not_clash() -> None:
    x = keras.Input((4,), name="x")
    y = L.Dense(4, name="b__")(Residual("b")(x))
    graph = read_graph(keras.Model(x, y))
    ids = [c.id for c in graph.calls] + [g.id for g in graph.groups]
    assert len(ids) == len(set(ids))
    assert len(graph.groups) == 1


def assert_sound(graph: Graph, opened: frozenset[str] | None = None) -> None:
    calls = tuple(call.id for call in graph.calls)
    inner = {call.id: call.group for call in graph.calls}
    links = [(edge.source, edge.target) for edge in graph.edges]
    assert_sound_groups(calls, links, graph.groups, inner, opened)


def assert_sound_groups(calls, links, groups, inner, opened=None) -> None:
    """Every call in exactly one place, parents first, and no cycle for this set of open groups."""
    by_id = {group.id: group for group in groups}
    assert len(by_id) == len(groups)
    placed = Counter(call for group in groups for call in group.calls)
    assert all(times == 1 for times in placed.values())
    for call in calls:
        group = inner.get(call)
        assert placed[call] == (0 if group is None else 1)
        assert group is None or call in by_id[group].calls
    seen = set()
    for group in groups:
        assert group.parent is None or group.parent in seen
        assert group.parent is None or group.id in by_id[group.parent].children
        assert all(by_id[child].parent == group.id for child in group.children)
        seen.add(group.id)
    for fold in [opened] if opened is not None else [set(), set(by_id)]:
        assert_no_cycle(calls, links, by_id, inner, fold)


def assert_no_cycle(calls, links, by_id, inner, opened) -> None:
    def shown(call):
        """The outermost folded group a call lies in, or the call."""
        result, group = call, inner.get(call)
        while group is not None:
            if group not in opened:
                result = group
            group = by_id[group].parent
        return result

    after: dict[str, set[str]] = {shown(call): set() for call in calls}
    for source, target in links:
        if shown(source) != shown(target):
            after[shown(source)].add(shown(target))
    left = dict(after)
    while left:
        free = [n for n in left if not any(n in left[m] for m in left)]
        assert free, f"cycle among {sorted(left)}"
        for node in free:
            del left[node]


PREFIXES = ["", "", "a__", "a__b__", "a__b__c__", "a__c__", "b__", "b__a__"]


@st.composite
def scopes(draw) -> Scope:
    """Items that take earlier items' tensors; layers are called up to four times."""
    size = draw(st.integers(1, 22))
    layers = [
        draw(st.sampled_from(PREFIXES)) + f"l{number}"
        for number in range(draw(st.integers(1, size)))
    ]
    items = []
    for position in range(size):
        layer = draw(st.integers(0, len(layers) - 1))
        sources = draw(st.lists(st.integers(0, position - 1), max_size=3)) if position else []
        plain = "__" not in layers[layer] and draw(st.booleans())
        items.append(
            Item(
                f"i{position}",
                layers[layer],
                layer,
                "operation" if plain else "layer",
                tuple(sources),
                (position,),
                False,
            )
        )
    return Scope(None, 0, tuple(items))


@settings(max_examples=300, deadline=None)
@given(scopes(), st.data())
def test_no_mix_of_folded_and_open_groups_has_a_cycle(scope, data) -> None:
    groups, inner = find_groups([scope])
    calls = [item.id for item in scope.items]
    links = [(f"i{t}", item.id) for item in scope.items for t in item.tensors_in]
    assert_sound_groups(calls, links, groups, inner)
    ids = [group.id for group in groups]
    opened = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    assert_sound_groups(calls, links, groups, inner, opened)
    # What is not a prefixed layer's is in a group only as an operation between its layers.
    by_id = {group.id: group for group in groups}
    for item in scope.items:
        group = inner.get(item.id)
        if group is not None and item.kind == "layer":
            assert by_id[group].label in item.name.split("__")[:-1]


@st.composite
def recipes(draw, depth: int = 2) -> list:
    """How to wire a random model: (name, kind, sources), a nested recipe as kind."""
    size = draw(st.integers(1, 7))
    steps = []
    for position in range(size):
        kinds = ["dense", "add", "op", "again"] + (["model"] if depth else [])
        kind = draw(st.sampled_from(kinds))
        nested = draw(recipes(depth=depth - 1)) if kind == "model" else None
        prefix = draw(st.sampled_from(PREFIXES))
        sources = draw(st.lists(st.integers(0, position), min_size=2, max_size=2))
        steps.append((f"{prefix}s{position}", kind, nested, sources))
    return steps


def wire(steps: list, name: str) -> keras.Model:
    x = keras.Input((2,), name="x")
    tensors, last = [x], None
    for label, kind, nested, (first, second) in steps:
        a, b = tensors[first], tensors[second]
        if kind == "add":
            y = L.Add(name=label)([a, b])
        elif kind == "op":
            y = a * b
        elif kind == "again" and last is not None:
            y = last(a)
        else:
            last = wire(nested, label) if kind == "model" else L.Dense(2, name=label)
            y = last(a)
        tensors.append(y)
    return keras.Model(x, tensors[-1] + tensors[-2], name=name)


@settings(max_examples=30, deadline=None)
@given(recipes(), st.data())
def test_no_cycle_in_real_models_with_nested_ones(steps, data) -> None:
    with skeleton():
        model = wire(steps, "whole")
    graph = read_graph(model)
    assert_sound(graph)
    ids = [group.id for group in graph.groups]
    assert_sound(graph, data.draw(st.sets(st.sampled_from(ids))) if ids else set())
    assert graph.params == model.count_params()
    place = {call.id: number for number, call in enumerate(graph.calls)}
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)


@pytest.mark.parametrize("count", [1, 40])
def test_a_long_chain_of_shared_calls_is_dealt_out(count) -> None:
    x = y = keras.Input((4,), name="x")
    block = Residual("res")
    with skeleton():
        for _ in range(count):
            y = block(y)
        model = keras.Model(x, y)
    graph = read_graph(model)
    blocks = [group for group in graph.groups if group.kind == "block"]
    assert [group.index for group in blocks] == list(range(count))
    assert all(group.count == count for group in blocks)
