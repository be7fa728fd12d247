"""The first part of a row often has another name, or none but the others' without a number."""

import keras
import pytest

import keraslab as kl
from keraslab.graph import read_graph
from keraslab.graph._part_names import stems


@pytest.mark.parametrize(
    ("name", "size"),
    # The layers that keras.applications itself names expanded_conv_* without a number, with
    # what stands between them.
    [("MobileNetV2", 5), ("MobileNetV3Small", 14), ("MobileNetV3Large", 6)],
)
def test_the_first_block_of_a_mobilenet_is_a_group(name: str, size: int) -> None:
    with kl.skeleton():
        model = getattr(keras.applications, name)(weights=None)
    graph = read_graph(model)
    (first,) = [group for group in graph.groups if group.label == "expanded_conv"][:1]
    assert first.kind == "block"
    assert len(first.calls) == size
    named = {
        layer.name
        for layer in model.layers
        if layer.name.startswith("expanded_conv_") and not layer.name.split("_")[2].isdigit()
    }
    assert named <= {graph.call_by_id[id_].name for id_ in first.calls}
    assert not any(label.startswith("expanded_conv_squeeze") for label in _labels(graph))


def _labels(graph) -> set[str]:
    return {group.label for group in graph.groups}


def names(text: str) -> list[str]:
    return text.split()


def test_a_first_part_by_another_name_must_be_like_the_others() -> None:
    block = "{0}_grow {0}_norm {0}_act {0}_shrink"
    alike = names(f"in {block.format('start')} {block.format('part_1')} {block.format('part_2')}")
    assert [label for _, _, label in next(stems(alike))] == ["start", "part_1", "part_2"]
    # Three layers alike are too few to tell, and other tails are another thing.
    few = names(f"in start_norm start_act start_shrink {block.format('part_1')}")
    few += names(block.format("part_2"))
    assert [label for _, _, label in next(stems(few))] == ["part_1", "part_2"]
    other = names(f"in start_a start_b start_c start_d {block.format('part_1')}")
    other += names(block.format("part_2"))
    assert [label for _, _, label in next(stems(other))] == ["part_1", "part_2"]
