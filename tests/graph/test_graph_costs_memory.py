"""Memory by hand, and against what TensorFlow itself keeps for the gradients."""

import keras
import pytest

from keraslab.graph import build_skeleton, read_graph, skeleton

L = keras.layers
ops = keras.ops


def costs(function, *shapes, dtype="float32"):
    with skeleton():
        inputs = [keras.Input(shape, dtype=dtype, name=f"in{i}") for i, shape in enumerate(shapes)]
        model = keras.Model(inputs, function(*inputs))
    return read_graph(model).costs


def kept_by_tensorflow(model) -> int:
    """Bytes of the tensors that the gradient function of TensorFlow takes from the forward pass."""
    import tensorflow as tf

    specs = [tf.TensorSpec((1, *t.shape[1:]), t.dtype) for t in model.inputs]
    function = tf.function(lambda *x: model(x[0] if len(x) == 1 else list(x), training=True))
    made = function.get_concrete_function(*specs)._delayed_rewrite_functions.forward_backward()[0]
    sizes = {}
    for tensor in made.graph.outputs:
        # Another shape, name or cast-less copy of a tensor is the same memory.
        while tensor.op.type in ("Reshape", "ExpandDims", "Squeeze", "Identity"):
            tensor = tensor.op.inputs[0]
        if tensor.op.type not in ("ReadVariableOp", "Const") and tensor.dtype != tf.resource:
            sizes[tensor.ref()] = tensor.shape.num_elements() * tensor.dtype.size
    return sum(sizes.values())


def mlp():
    x = keras.Input((16,))
    y = L.Dropout(0.5)(L.Dense(64, activation="relu")(x))
    return keras.Model(x, L.Dense(3)(L.Dense(32, activation="tanh")(y)))


def small_residual():
    x = keras.Input((16, 16, 3))
    y = L.MaxPooling2D()(L.Conv2D(8, 3, activation="relu", padding="same")(x))
    z = L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(y))
    y = L.ReLU()(L.Add()([y, z]))
    return keras.Model(x, L.Dense(4)(L.GlobalAveragePooling2D()(y)))


def attention():
    x = keras.Input((12, 8))
    y = L.MultiHeadAttention(2, 4)(x, x)
    return keras.Model(x, L.LayerNormalization()(L.Add()([x, y])))


@pytest.mark.parametrize(
    ("build", "least", "most"),
    [
        (mlp, 0.9, 1.01),
        (small_residual, 0.93, 1.02),
        # TensorFlow also keeps the scores before softmax.
        (attention, 0.6, 1.01),
        (lambda: keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=5),
         0.999, 1.001),
    ],
    ids=["mlp", "residual", "attention", "VGG16"],
)  # fmt: skip
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow")
def test_what_training_keeps_is_what_tensorflow_keeps(build, least, most) -> None:
    model = build()
    found = read_graph(model).costs
    ratio = found.training_sum / kept_by_tensorflow(model)
    assert least <= ratio <= most
    assert sum(found.kept.values()) == found.training_sum


# -- by hand


def test_the_outputs_of_each_call() -> None:
    model = small_residual()
    graph = read_graph(model)
    for call in graph.calls:
        shape = graph.call_by_id[call.id].operation.output.shape
        assert graph.costs.memory[call.id] == 4 * int(ops.prod(ops.array(shape[1:])))


@pytest.mark.parametrize(
    ("dtype", "size"), [("float16", 2), ("bfloat16", 2), ("float64", 8), ("int8", 1), ("bool", 1)]
)
def test_the_dtype_counts(dtype, size) -> None:
    found = costs(lambda x: ops.cast(ops.reshape(x, (3, 4)), dtype), (12,))
    assert list(found.memory.values()) == [48, 48, 12 * size]


def test_the_peak_of_a_chain_and_of_a_skip() -> None:
    def chain(x):
        return L.Dense(5)(L.Dense(100)(L.Dense(10)(x)))

    # 10 and 100 values at once; and 100 and 5, which are fewer.
    assert costs(chain, (7,)).inference_peak == 4 * 110
    # The 7 values wait beside them until they are added.
    assert costs(lambda x: L.Add()([x, L.Dense(7)(chain(x))]), (7,)).inference_peak == 4 * 117


def test_views_and_what_only_training_does_take_no_memory_of_their_own() -> None:
    def idle(x):
        x = L.Reshape((4, 5))(L.Dense(20)(x))
        return L.Flatten()(L.Activation("linear")(L.GaussianNoise(1.0)(L.Dropout(0.5)(x))))

    assert costs(idle, (7,)).inference_peak == 4 * 27
    assert costs(lambda x: L.ReLU()(L.Dense(20)(x)), (7,)).inference_peak == 4 * 40


def test_what_is_frozen_keeps_nothing() -> None:
    def build(frozen):
        x = keras.Input((6, 6, 1))
        y = L.Conv2D(3, 3, activation="relu", trainable=not frozen)(x)
        return read_graph(keras.Model(x, L.Dense(2)(L.Flatten()(y)))).costs.training_sum

    # The input and the convolution's output for both kernels' gradients; and the output.
    assert build(frozen=False) == 4 * (36 + 48 + 2)
    assert build(frozen=True) == 4 * (48 + 2)


def test_values_inside_a_layer() -> None:
    # queries, keys, values and what is gathered, 2 heads of 3 each; scores of both heads
    attention = 5 * 6 + 7 * 6 + 7 * 6 + 5 * 6 + 2 * 5 * 7
    found = costs(lambda q, v: L.MultiHeadAttention(2, 3)(q, v), (5, 4), (7, 4))
    assert found.training_sum == 4 * (attention + 5 * 4 + 7 * 4 + 5 * 4)
    assert found.inference_peak == 4 * (5 * 4 + 7 * 4 + 5 * 4 + attention - 5 * 6)
    # four gates, the cell, its tanh and the state, at each of 9 steps
    assert costs(L.LSTM(6), (9, 4)).training_sum == 4 * (9 * 4 + 9 * 7 * 6 + 6)
    both = costs(L.Bidirectional(L.SimpleRNN(6)), (9, 4))
    assert both.training_sum == 4 * (9 * 4 + 2 * 9 * 6 + 12)
    # what goes into a smooth activation, and between the two parts of a separable convolution
    assert costs(L.Dense(6, activation="gelu"), (4,)).training_sum == 4 * (4 + 6 + 6)
    assert costs(L.SeparableConv1D(5, 3), (9, 4)).training_sum == 4 * (36 + 7 * 4 + 7 * 5)


def test_inside_time_distributed_every_step_counts() -> None:
    found = costs(L.TimeDistributed(L.Dense(5)), (9, 4))
    assert found.training_sum == 4 * (9 * 4 + 9 * 5)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (L.Dense(4), (None, 3)),
        (L.LSTM(4), (None, 3)),
        (L.Lambda(lambda x: x), (3,)),
    ],
)
def test_unknown_is_none_and_what_is_known_is_still_counted(function, shape) -> None:
    found = costs(lambda x, y: [function(x), L.Dense(2)(y)], shape, (4,))
    assert found.inference_peak is None
    assert found.training_sum is None
    assert found.known_training >= 4 * (4 + 2)
    assert found.unknown_memory
    assert all(found.kept[call] is None for call in found.unknown_memory)


def test_large_models_are_known() -> None:
    build = keras.applications.EfficientNetV2B0
    graph = read_graph(build_skeleton(build, weights=None).model)
    assert graph.costs.unknown_memory == ()
    assert graph.costs.unknown_field == ()
    assert (
        0 < graph.costs.inference_peak < graph.costs.training_sum < sum(graph.costs.memory.values())
    )
