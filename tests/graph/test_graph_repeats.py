"""Repeats: alike parts in a row, found in names and wiring; folding them makes no cycle."""

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_graph_groups import assert_sound, assert_sound_groups

from keraslab.graph import Graph, build_skeleton, read_graph, skeleton
from keraslab.graph._data import Edge, TensorSpec
from keraslab.graph._groups import Item, Scope, find_groups
from keraslab.graph._repeats import find_repeats
from keraslab.graph._tandem import tandem_repeats

L = keras.layers
apps = keras.applications


def application(name: str) -> Graph:
    return read_graph(build_skeleton(getattr(apps, name), weights=None).model)


def repeats(graph: Graph) -> list[tuple[str, int]]:
    return [(group.label, group.times) for group in graph.groups if group.kind == "repeat"]


def top(graph: Graph) -> list[str]:
    """What is seen with every group folded."""
    texts = {group.id: f"{group.label} ×{group.times}" for group in graph.groups}
    seen: dict[str, None] = {}
    for call in graph.calls:
        at, shown = call.group, call.name
        while at is not None:
            group = graph.group_by_id[at]
            at, shown = group.parent, texts[group.id] if group.times > 1 else group.label
        seen[shown] = None
    return list(seen)


def test_resnet50_is_stages_of_a_first_block_and_alike_ones() -> None:
    graph = application("ResNet50")
    assert [label for label in top(graph) if label.startswith("conv")] == [
        *["conv1", "conv2", "conv3", "conv4", "conv5"]
    ]
    # Depths 3, 4, 6, 3 of the paper; the first block of each stage has another shortcut.
    assert repeats(graph) == [("conv3_block", 3), ("conv4_block", 5)]
    stages = [g for g in graph.groups if g.parent is None and g.label in top(graph)[4:8]]
    assert [graph.group_by_id[stage.children[0]].label for stage in stages] == [
        f"conv{number}_block1" for number in (2, 3, 4, 5)
    ]
    assert_sound(graph)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The numbers are those of the papers, less the blocks that are unlike their neighbours.
        ("MobileNetV2", [("block", 2), ("block", 3), ("block", 2), ("block", 2)]),
        ("Xception", [("block", 8)]),
        ("DenseNet121", [(f"conv{n}_block", k) for n, k in ((2, 6), (3, 12), (4, 24), (5, 16))]),
        ("VGG16", []),
    ],
)
def test_repeats_of_published_networks(name, expected) -> None:
    graph = application(name)
    assert repeats(graph) == expected
    assert len(top(graph)) <= 25
    assert_sound(graph)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *["ConvNeXtTiny", "EfficientNetB7", "EfficientNetV2B0", "InceptionResNetV2"],
        *["MobileNet", "MobileNetV3Small", "NASNetMobile", "ResNet101V2"],
    ],
)
def test_large_networks_fold_to_what_fits_a_page(name) -> None:
    graph = application(name)
    assert len(top(graph)) <= 30
    assert_sound(graph)


def test_networks_without_names_are_cut_where_one_tensor_is_alive() -> None:
    graph = application("InceptionV3")
    found = repeats(graph)
    assert {("mixed", 3), ("mixed", 4), ("mixed", 2)} <= set(found)
    three = next(g for g in graph.groups if (g.label, g.times) == ("mixed", 3))
    assert [graph.group_by_id[c].label for c in three.children] == ["mixed0", "mixed1", "mixed2"]


def residual_tower(depth: int, width=lambda i: 8) -> Graph:
    with skeleton():
        x = y = keras.Input((8,), name="x")
        for i in range(depth):
            z = L.Dense(width(i), activation="relu")(y)
            z = L.Dense(8)(z)
            y = L.LayerNormalization()(L.Add()([y, z]))
        return read_graph(keras.Model(x, L.Dense(2, name="out")(y)))


def test_a_tower_of_unnamed_blocks_is_one_repeat_of_whole_blocks() -> None:
    graph = residual_tower(6)
    (repeat, *parts) = graph.groups
    assert (repeat.kind, repeat.times, repeat.label) == (
        "repeat",
        6,
        "Dense + Add + LayerNormalization",
    )
    assert [part.label for part in parts] == [f"{number} of 6" for number in range(1, 7)]
    types = [[graph.call_by_id[call].type for call in part.calls] for part in parts]
    assert types == [["Dense", "Dense", "Add", "LayerNormalization"]] * 6
    assert top(graph) == ["x", "Dense + Add + LayerNormalization ×6", "out"]
    assert_sound(graph)


def test_other_settings_make_other_parts_and_other_widths_do_not() -> None:
    assert repeats(residual_tower(6, width=lambda i: 8 + i)) == [
        ("Dense + Add + LayerNormalization", 6)
    ]
    with skeleton():
        x = y = keras.Input((8, 8, 4), name="x")
        for i in range(10):
            y = L.Conv2D(4, 3 if i < 5 else 5, padding="same")(y)
            y = L.BatchNormalization()(y)
        graph = read_graph(keras.Model(x, y))
    assert [times for _, times in repeats(graph)] == [5, 5]


def test_small_models_and_short_rows_are_left_as_they_are() -> None:
    assert residual_tower(2).groups == ()
    with skeleton():
        x = y = keras.Input((8,), name="x")
        kinds = [L.ReLU, L.LayerNormalization, L.PReLU, L.Softmax, L.LeakyReLU, L.ELU]
        for layer in kinds:
            y = layer()(y)
            y = L.Dense(4)(L.Dense(4)(y))
        graph = read_graph(keras.Model(x, y))
    assert len(graph.calls) > 16
    assert graph.groups == ()


def test_calls_of_one_block_keep_their_groups_inside_the_repeat() -> None:
    with skeleton():
        x = y = keras.Input((4,), name="x")
        parts = [L.Dense(4, name=f"cell__{k}") for k in range(3)]
        for _ in range(8):
            for part in parts:
                y = part(y)
        graph = read_graph(keras.Model(x, y))
    (repeat, *cells) = graph.groups
    assert (repeat.label, repeat.kind, repeat.times, repeat.parent) == ("cell", "repeat", 8, None)
    assert [(cell.index, cell.count, cell.parent) for cell in cells] == [
        (k, 8, repeat.id) for k in range(8)
    ]
    assert graph.params == 3 * 20
    assert_sound(graph)


def test_a_mask_that_passes_every_part_does_not_hide_them() -> None:
    with skeleton():
        x, mask = keras.Input((6, 8), name="x"), keras.Input((6, 1), name="keep")
        y, wide = x, mask * 2.0
        for i in range(30):
            z = L.Dense(8, name=f"layer_{i}_in")(y)
            z = L.Multiply(name=f"layer_{i}_mask")([z, wide])
            y = L.Add(name=f"layer_{i}_add")([y, L.Dense(8, name=f"layer_{i}_out")(z)])
        graph = read_graph(keras.Model([x, mask], y))
    # The first part is unlike the others: what is made of the mask is made in it.
    assert repeats(graph) == [("layer", 29)]
    assert_sound(graph)


def test_ids_do_not_depend_on_how_often_a_part_comes() -> None:
    ids = [{g.id for g in residual_tower(depth).groups} for depth in (6, 7)]
    assert ids[0] < ids[1]


def test_reading_twice_finds_the_same() -> None:
    first, second = residual_tower(9), residual_tower(9)
    assert first.groups == second.groups


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=60))
def test_runs_are_true_repeats_and_do_not_overlap(tokens) -> None:
    end = 0
    for run in tandem_repeats(tokens, [1] * len(tokens), [False] * len(tokens)):
        assert end <= run.start < run.stop <= len(tokens)
        assert run.times >= 2
        end = run.stop
        part = tokens[run.start : run.start + run.period]
        assert tokens[run.start : run.stop] == part * run.times


def test_the_largest_run_is_found() -> None:
    tokens = [7, *[1, 2, 1, 2, 3] * 4, 9]
    assert tandem_repeats(tokens, [1] * 22, [False] * 22) == [(1, 5, 4)]


class Named:
    """As much of a layer as its groups depend on."""

    def __init__(self, name: str) -> None:
        self.name = name


class Plain:
    """A call as it was read."""

    def __init__(self, item: Item) -> None:
        self.id, self.kind, self.macs = item.id, item.kind, 1
        self.inputs = item.tensors_in
        self.operation = Named(item.name)


PREFIXES = ["", "", "", "block_1_", "block_2_", "s1_b1_", "s1_b2_", "s2_b1_", "a__", "a__b__"]


@st.composite
def scopes(draw) -> Scope:
    """A random motif several times in a row, with stray wires and stray calls."""
    motif = draw(
        st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=2), min_size=1, max_size=5)
    )
    names = draw(st.lists(st.sampled_from(PREFIXES), min_size=5, max_size=5))
    items: list[Item] = []
    for turn in range(draw(st.integers(3, 12))):
        for number, steps in enumerate(motif):
            place = len(items)
            sources = {max(0, place - back) for back in steps} if place else set()
            if place and draw(st.integers(0, 9)) == 0:
                sources.add(draw(st.integers(0, place - 1)))
            name = f"{names[number]}l{number}_{turn if draw(st.booleans()) else 0}"
            taken = tuple(sorted(sources))
            items.append(Item(f"i{place}", name, place, "layer", taken, (place,), False))
    return Scope(None, 0, tuple(items))


@settings(max_examples=250, deadline=None)
@given(scopes(), st.data())
def test_no_mix_of_folded_and_open_repeats_has_a_cycle(scope, data) -> None:
    spec = TensorSpec((None, 4), "float32")
    edges = [
        Edge(f"i{tensor}", 0, item.id, slot, spec)
        for item in scope.items
        for slot, tensor in enumerate(item.tensors_in)
    ]
    calls = [Plain(item) for item in scope.items]
    groups, inner = find_repeats(calls, edges, *find_groups([scope]))
    links = [(edge.source, edge.target) for edge in edges]
    ids = [group.id for group in groups]
    opened = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    names = [item.id for item in scope.items]
    assert_sound_groups(names, links, groups, inner)
    assert_sound_groups(names, links, groups, inner, opened)
    for group in groups:
        if group.kind == "repeat":
            assert group.times >= 2
            assert len(group.children) + len(group.calls) == group.times
