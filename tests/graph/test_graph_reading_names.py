"""A canary: which private name of Keras moved, of those the reading half needs."""

import keras
import pytest

from keraslab.graph import keras_internals as internals

L = keras.layers


@pytest.fixture(scope="module")
def model() -> keras.Model:
    x = keras.Input((4,), name="x")
    dense = L.Dense(4, name="dense")
    return keras.Model({"x": x}, {"y": dense(dense(x)) + 1.0}, name="canary")


def test_nodes_by_depth(model) -> None:
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    assert {n.operation.name for n in nodes} >= {"x", "dense"}
    assert len(nodes) == 4


def test_node_attributes(model) -> None:
    node = next(n for n in internals.nodes_of(model) if n.operation.name.startswith("add"))
    assert [type(t) for t in node.input_tensors] == [keras.KerasTensor]
    assert [type(t) for t in node.outputs] == [keras.KerasTensor]
    assert node.arguments.args[1] == 1.0
    assert node.arguments.kwargs == {}
    assert node.arguments._single_positional_tensor is None
    assert node.arguments.fill_in({id(node.input_tensors[0]): "put"}) == (("put", 1.0), {})


def test_inbound_nodes_are_in_the_order_of_the_calls(model) -> None:
    first, second = model.get_layer("dense")._inbound_nodes
    assert second.input_tensors[0] is first.outputs[0]


def test_a_plain_call_has_one_positional_tensor(model) -> None:
    node = model.get_layer("dense")._inbound_nodes[0]
    assert node.arguments._single_positional_tensor is node.input_tensors[0]


def test_structures(model) -> None:
    assert list(model._inputs_struct) == ["x"]
    assert list(model._outputs_struct) == ["y"]


def test_functional_of_a_sequential() -> None:
    late = keras.Sequential([L.Dense(2)])
    assert late._functional is None
    late.build((None, 3))
    assert internals.functional_of(late) is late._functional
    assert late._functional._nodes_by_depth


def test_shape_of_a_variable(model) -> None:
    kernel = model.get_layer("dense").kernel
    assert kernel._shape == (4, 4)
    assert internals.shape_of(kernel) == tuple(kernel.shape)


def test_settings_of_an_operation() -> None:
    mean = keras.ops.mean(keras.Input((3, 4)), axis=1, keepdims=True)._keras_history.operation
    assert internals.settings_of(mean) == {"axis": [1], "keepdims": True}


def test_outputs_for_other_inputs(model) -> None:
    node = model.get_layer("dense")._inbound_nodes[0]
    other = keras.KerasTensor((None, 7, 4))
    (output,) = internals.outputs_for(node, {id(node.input_tensors[0]): other})
    assert output.shape == (None, 7, 4)
    assert len(model.get_layer("dense")._inbound_nodes) == 2


def test_the_mask_of_a_tensor() -> None:
    ids = keras.Input((5,), dtype="int32")
    embedded = L.Embedding(9, 2, mask_zero=True)(ids)
    assert embedded._keras_mask.shape == (None, 5)
    assert (internals.is_masked(embedded), internals.is_masked(ids)) == (True, False)


def test_the_history_of_a_tensor(model) -> None:
    history = model.outputs[0]._keras_history
    node = history.operation._inbound_nodes[history.node_index]
    assert node.outputs[history.tensor_index] is model.outputs[0]
    assert not hasattr(keras.KerasTensor((2,)), "_keras_history")


def test_the_shapes_a_layer_was_built_for() -> None:
    layer = L.Dense(2)
    layer.build((None, 3))
    assert internals.shapes_built_for(layer) == {"input_shape": (None, 3)}
    assert internals.shapes_built_for(L.Dense(2)) is None


def test_what_is_eased_while_a_bidirectional_is_followed() -> None:
    layer = L.Bidirectional(L.LSTM(2))
    assert hasattr(layer, "_can_attempt_fused_lstm")
    assert hasattr(layer, "_can_attempt_fused_gru")


def test_nothing_unsafe_is_made_from_a_config() -> None:
    config = keras.saving.serialize_keras_object(L.Lambda(lambda x: x))
    with internals.safe_mode(), pytest.raises(ValueError, match=r"safe_mode"):
        keras.saving.deserialize_keras_object(config)
