"""What changed between two models: matched by structure, whatever the layers are called."""

import random
import sys
import time
from html.parser import HTMLParser
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keraslab as kl
from keraslab.graph import GraphDiff, diff, read_graph

L = keras.layers
ops = keras.ops


def texts(found: GraphDiff) -> dict[str, list[str]]:
    return {change.after.name: [d.text for d in change.differences] for change in found.changed}


def names(calls: Any) -> list[str]:
    return [call.name for call in calls]


def residual(
    blocks: int = 3, width: int = 8, rate: float = 0.5, norm_at: int = -1, name: str | None = None
) -> keras.Model:
    x = inputs = keras.Input((8,))
    for number in range(blocks):
        y = L.Dense(width, activation="relu")(x)
        if number == norm_at:
            y = L.LayerNormalization()(y)
        x = L.Add()([x, L.Dense(8)(y)])
    return keras.Model(inputs, L.Dense(3)(L.Dropout(rate)(x)), name=name)


def test_the_same_network_built_twice_has_no_difference() -> None:
    found = diff(residual(), residual())
    assert not found
    assert (found.added, found.removed, found.changed, found.renamed) == ((), (), (), ())
    assert "no difference" in str(found)
    assert [total.difference for total in found.totals] == [0, 0, 0, 0]


def test_a_changed_setting_is_one_change_and_says_old_and_new() -> None:
    found = diff(residual(rate=0.5), residual(rate=0.3))
    assert found
    assert [d.text for d in found.changed[0].differences] == ["rate 0.5 → 0.3"]
    assert len(found.changed) == 1
    assert not found.added
    assert not found.removed


def test_an_added_layer_is_one_addition_and_its_neighbours_are_not_changed() -> None:
    found = diff(residual(), residual(norm_at=1))
    assert [call.type for call in found.added] == ["LayerNormalization"]
    assert not found.removed
    assert not found.changed
    back = diff(residual(norm_at=1), residual())
    assert [call.type for call in back.removed] == ["LayerNormalization"]
    assert (back.added, back.changed) == ((), ())
    assert [t.difference for t in back.totals][:2] == [-1, -16]


def test_more_blocks_in_the_middle_are_additions_alone() -> None:
    found = diff(residual(3), residual(5))
    assert sorted(call.type for call in found.added) == ["Add", "Add"] + ["Dense"] * 4
    assert not found.removed
    assert not found.changed


def test_several_changes_apart_are_each_found() -> None:
    found = diff(residual(6, rate=0.5), residual(6, rate=0.1, norm_at=2))
    assert [call.type for call in found.added] == ["LayerNormalization"]
    assert [c.after.type for c in found.changed] == ["Dropout"]
    assert not found.removed


def test_a_wider_layer_changes_and_what_follows_changes_in_size_only() -> None:
    def build(units: int) -> keras.Model:
        x = keras.Input((8,), name="x")
        y = L.ReLU(name="relu")(L.Dense(units, name="wide")(x))
        return keras.Model(x, L.Dense(2, name="out")(y))

    found = diff(build(4), build(6))
    assert texts(found) == {
        "wide": ["units 4 → 6", "shape ? × 4 → ? × 6"],
        "relu": ["shape ? × 4 → ? × 6"],
        "out": ["weights 10 → 14"],
    }
    assert [change.only_sizes for change in found.changed] == [False, True, True]


def test_layers_shared_in_one_and_separate_in_the_other_are_seen() -> None:
    def build(shared: bool) -> keras.Model:
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        one = L.Dense(3, name="one")
        two = one if shared else L.Dense(3, name="two")
        return keras.Model([a, b], L.Subtract(name="minus")([one(a), two(b)]))

    found = diff(build(True), build(False))
    assert texts(found) == {
        "one": ["shared with one#1 → with no other call"],
        "two": ["shared with one#0 → with no other call"],
    }
    back = diff(build(False), build(True))
    assert [d.kind for change in back.changed for d in change.differences] == ["sharing"] * 2
    assert not diff(build(True), build(True))


def test_which_calls_share_matters_not_only_how_many() -> None:
    def build(first: list[int]) -> keras.Model:
        x = keras.Input((4,))
        layers = [L.Dense(4), L.Dense(4)]
        y = x
        for at in first:
            y = layers[at](y)
        return keras.Model(x, y)

    assert diff(build([0, 0, 1, 1]), build([0, 1, 0, 1]))
    assert not diff(build([0, 1, 0, 1]), build([1, 0, 1, 0]))


def test_frozen_layers_are_a_change() -> None:
    def build(frozen: bool) -> keras.Model:
        x = keras.Input((4,))
        base = keras.Sequential([keras.Input((4,)), L.Dense(3), L.BatchNormalization()])
        base.trainable = not frozen
        return keras.Model(x, L.Dense(2)(base(x)))

    found = diff(build(False), build(True))
    assert texts(found) == {
        name: [f"trainable {old} → no"]
        for name, old in zip(names(c.after for c in found.changed), ("yes", "partly"), strict=True)
    }
    assert [t.difference for t in found.totals] == [0, 0, -21, 0]


def test_constants_and_call_arguments_are_compared() -> None:
    def build(scale: Any, axis: int, causal: bool, stop: int, training: bool | None) -> keras.Model:
        x = keras.Input((6, 4))
        y = L.MultiHeadAttention(2, 2)(x, x, use_causal_mask=causal) * scale
        y = L.Dropout(0.5)(ops.sum(y[:, :stop], axis=axis), training=training)
        return keras.Model(x, y)

    usual = (2.0, 1, False, 4, None)
    assert not diff(build(*usual), build(*usual))
    for other in (
        (3.0, 1, False, 4, None),
        (2.0, -2, False, 4, None),
        (2.0, 1, True, 4, None),
        (2.0, 1, False, 5, None),
        (2.0, 1, False, 4, True),
    ):
        found = diff(build(*usual), build(*other))
        assert found, other
        assert any(not change.only_sizes for change in found.changed), other
    arrays = [np.arange(4.0), np.arange(4.0), np.array([0.0, 1.0, 2.0, 4.0])]
    models = [build(array, 1, False, 4, None) for array in arrays]
    assert not diff(models[0], models[1])
    assert diff(models[0], models[2])


def test_the_same_call_by_position_and_by_keyword_is_no_change() -> None:
    def build(by_keyword: bool) -> keras.Model:
        q, v = keras.Input((3, 4)), keras.Input((5, 4))
        attention = L.MultiHeadAttention(1, 2)
        y = attention(value=v, query=q) if by_keyword else attention(q, v)
        return keras.Model([q, v], y)

    assert not diff(build(False), build(True))


def test_swapped_inputs_are_a_change_of_wiring() -> None:
    def build(swapped: bool) -> keras.Model:
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        return keras.Model([a, b], L.Subtract()([b, a] if swapped else [a, b]))

    found = diff(build(False), build(True))
    assert [d.kind for c in found.changed for d in c.differences] == ["wiring", "wiring"]
    assert "a#0 → from b#0" in str(found)


def test_a_skip_from_elsewhere_is_a_change_of_wiring() -> None:
    def build(deep: bool) -> keras.Model:
        x = keras.Input((4,))
        y = L.Dense(4, name="first")(x)
        z = L.Dense(4, activation="relu", name="second")(y)
        return keras.Model(x, L.Add(name="add")([y if deep else x, z]))

    found = diff(build(False), build(True))
    assert list(texts(found)) == ["add"]
    assert not found.added
    assert not found.removed


def test_outputs_and_their_keys_are_compared() -> None:
    def build(order: str, keys: bool = False) -> keras.Model:
        x = keras.Input((4,), name="x")
        heads = {"p": L.Dense(2, name="p")(x), "q": L.Dense(2, name="q")(x)}
        return keras.Model(x, heads if keys else [heads[k] for k in order])

    assert not diff(build("pq"), build("pq"))
    assert diff(build("pq"), build("pq", keys=True))
    assert diff(build("pq"), build("p"))
    # Both heads are alike but for their names, so the order says nothing.
    assert not diff(build("pq"), build("qp"))


def test_names_alone_are_no_change_and_hand_given_ones_are_listed() -> None:
    def build(name: str) -> keras.Model:
        x = keras.Input((4,), name="x")
        return keras.Model(x, L.Dense(2, name=name)(x))

    found = diff(build("head"), build("top"))
    assert not found
    assert [(a.name, b.name) for a, b in found.renamed] == [("head", "top")]
    assert "renamed" in str(found)
    assert not diff(build("dense_7"), build("dense_12")).renamed


def test_a_network_cut_into_nested_models_is_the_same_network() -> None:
    def build(nested: bool) -> keras.Model:
        x = keras.Input((4,))
        layers = [L.Dense(3), L.ReLU(), L.Dense(2)]
        if nested:
            return keras.Model(x, keras.Sequential([keras.Input((4,)), *layers])(x))
        y = x
        for layer in layers:
            y = layer(y)
        return keras.Model(x, y)

    assert not diff(build(False), build(True))


def test_layers_inside_wrappers_are_compared_without_their_names() -> None:
    def build(units: int) -> keras.Model:
        x = keras.Input((5, 4))
        i = keras.Input((4,))
        part = keras.Model(i, L.Dense(units)(i) + 1.0)
        y = L.Bidirectional(L.LSTM(3, return_sequences=True))(L.TimeDistributed(part)(x))
        return keras.Model(x, y)

    assert not diff(build(3), build(3))
    assert diff(build(3), build(4))


def test_every_layer_built_twice_is_alike() -> None:
    def build() -> keras.Model:
        x = inputs = keras.Input((8, 8, 3))
        for layer in (
            L.RandomFlip(),
            L.RandomContrast(0.1),
            L.Conv2D(4, 3, kernel_initializer="he_normal", kernel_regularizer="l2"),
            L.SpatialDropout2D(0.1),
            L.GaussianNoise(0.1),
            L.GroupNormalization(2),
            L.Activation(keras.activations.gelu),
            L.Lambda(_twice),
        ):
            x = layer(x)
        return keras.Model(inputs, x)

    assert not diff(build(), build())


def _twice(x: Any) -> Any:
    return x * 2.0


def test_a_model_loaded_from_its_file_is_the_same(tmp_path: Any) -> None:
    model = residual(2, norm_at=0)
    model.save(tmp_path / "m.keras")
    assert not diff(model, keras.models.load_model(tmp_path / "m.keras"))


def test_skeleton_and_real_model_are_the_same() -> None:
    with kl.skeleton():
        model = residual(2)
    assert not diff(model, residual(2))


def test_published_networks_differ_by_exactly_what_the_papers_say() -> None:
    with kl.skeleton():
        small = read_graph(keras.applications.ResNet50(weights=None))
        large = read_graph(keras.applications.ResNet101(weights=None))
        ten = read_graph(keras.applications.ResNet50(weights=None, classes=10))
        tiny = read_graph(keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3)))
    found = diff(small, large)
    # ResNet-101 has 23 blocks in stage 4 where ResNet-50 has 6 (He et al. 2015, table 1).
    assert not found.removed
    assert not found.changed
    assert {call.name.split("_")[0] for call in found.added} == {"conv4"}
    assert len(found.added) == 17 * 10
    head = diff(small, ten)
    assert list(texts(head)) == ["predictions"]
    assert head.totals[1].difference == (10 - 1000) * 2049
    sizes = diff(small, tiny)
    assert sizes.changed
    assert all(change.only_sizes for change in sizes.changed)
    assert (sizes.added, sizes.removed) == ((), ())


def ordered(graph: Any, wires: Any) -> None:
    place = {call.id: at for at, call in enumerate(graph.calls)}
    assert len(place) == len(graph.calls)
    for source, target in wires:
        assert place[source] < place[target]


def test_the_merged_graph_holds_both_and_folds_without_a_cycle() -> None:
    from keraslab import blocks as B

    def build(depth: int, gone: bool) -> keras.Model:
        x = inputs = keras.Input((16, 16, 3))
        for number in range(depth):
            x = B.Residual(8, name=f"stage{number}")(x)
            if not gone:
                x = L.Dropout(0.1)(x)
        return keras.Model(inputs, L.GlobalAveragePooling2D()(x))

    for a, b in ((build(3, False), build(2, True)), (build(2, True), build(3, False))):
        found = diff(a, b)
        graph = found.graph
        words = list(found.status.values())
        assert words.count("removed") == len(found.removed) > 0 or found.added
        assert words.count("added") == len(found.added)
        assert words.count("changed") == len(found.changed)
        assert set(found.status) == {call.id for call in graph.calls}
        assert len(graph.calls) == len(found.b.calls) + len(found.removed)
        ordered(graph, [(edge.source, edge.target) for edge in graph.edges])
        check_folding(graph)


def check_folding(graph: Any) -> None:
    """With any one group folded, and with all, the graph has no cycle."""
    inside = {None: set()} | {g.id: set() for g in graph.groups}
    for call in graph.calls:
        at = call.group
        while at is not None:
            inside[at].add(call.id)
            at = graph.group_by_id[at].parent
    for group in graph.groups:
        members = inside[group.id]
        assert set(group.calls) <= members
        reached: set[str] = set()
        for edge in sorted(graph.edges, key=lambda e: [c.id for c in graph.calls].index(e.source)):
            if (edge.source in members and edge.target not in members) or edge.source in reached:
                reached.add(edge.target)
        assert not reached & members


def test_text_and_table_escape_what_comes_from_the_model() -> None:
    def build(units: int) -> keras.Model:
        x = keras.Input((4,), name="<script>alert(1)<")
        return keras.Model(x, L.Dense(units, name="<b>\x1b[31m&")(x), name="<img src=x>")

    found = diff(build(2), build(3))
    seen: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            seen.append(tag)

    html = found._repr_html_()
    Tags().feed(html)
    assert set(seen) <= {"div", "b", "table", "thead", "tbody", "tr", "th", "td"}
    assert "\x1b" not in html + str(found)
    # Colour is never the only sign, and text takes the page's own colour.
    assert "<b>~</b>" in html
    assert "color:inherit" in html


def test_long_differences_are_cut_in_text_and_whole_as_data() -> None:
    found = diff(residual(2), residual(90))
    assert len(found.added) == 88 * 3
    assert len(str(found).splitlines()) < 80
    assert "more added" in str(found)


@st.composite
def plans(draw: Any) -> list[tuple[int, int, int]]:
    count = draw(st.integers(2, 10))
    return [
        (draw(st.integers(0, 4)), draw(st.integers(0, at)), draw(st.integers(0, at)))
        for at in range(count)
    ]


def apply(kind: int, shared: Any, a: Any, b: Any) -> Any:
    if kind == 0:
        return L.Dense(4, activation="relu")(a)
    if kind == 1:
        return shared(b)
    if kind == 2:
        return L.Add()([a, b])
    return a * 2.0 - b if kind == 3 else L.Dropout(0.25)(b)


def wired(plan: list[tuple[int, int, int]]) -> keras.Model:
    tensors = [keras.Input((4,))]
    shared = L.Dense(4)
    for kind, one, two in plan:
        tensors.append(apply(kind, shared, tensors[one], tensors[two]))
    takes = {0: (0,), 1: (1,), 2: (0, 1), 3: (0, 1), 4: (1,)}
    used = {ends[end] for kind, *ends in plan for end in takes[kind]}
    loose = [t for at, t in enumerate(tensors) if at not in used or at == len(plan)]
    return keras.Model(tensors[0], loose)


@settings(max_examples=40, deadline=None)
@given(plans(), st.data())
def test_random_networks_are_alike_and_an_edit_is_seen(plan: Any, data: Any) -> None:
    assert not diff(wired(plan), wired(plan))
    at = data.draw(st.integers(0, len(plan) - 1))
    other = list(plan)
    other[at] = ((plan[at][0] + 1) % 5, *plan[at][1:])
    found = diff(wired(plan), wired(other))
    assert found
    ordered(found.graph, [(e.source, e.target) for e in found.graph.edges])
    assert len(found.matches) + len(found.added) == len(found.b.calls)
    assert len(found.matches) + len(found.removed) == len(found.a.calls)


@pytest.mark.slow
def test_five_thousand_calls_take_seconds() -> None:
    def build(seed: int, width: int) -> Any:
        choose = random.Random(seed)
        x = inputs = keras.Input((8,))
        for _ in range(1250):
            y = L.Dense(width, activation="relu")(x)
            if seed and choose.random() < 0.1:
                y = L.Dropout(choose.choice((0.1, 0.2, 0.3)))(y)
            x = L.Add()([x, L.Dense(8)(L.LayerNormalization()(y))])
        return read_graph(keras.Model(inputs, x))

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with kl.skeleton():
            graphs = [build(0, 8), build(1, 8), build(2, 16)]
    finally:
        sys.setrecursionlimit(limit)
    start = time.process_time()
    found = diff(graphs[0], graphs[1])
    assert {call.type for call in found.added} == {"Dropout"}
    assert not found.removed
    assert not found.changed
    assert len(diff(graphs[1], graphs[2]).matches) > 4800
    assert time.process_time() - start < 20
