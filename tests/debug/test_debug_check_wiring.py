"""Inputs, branches, hidden weights and sharing: what fires, and what must not."""

import functools

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers, ops

import keraslab as kl


def dense(*sizes, **more):
    return keras.Sequential([keras.Input((8,)), *[layers.Dense(s, **more) for s in sizes]])


# ---------------------------------------------------------------- inputs


def test_unused_input_in_a_dict():
    inputs = {"day": keras.Input((4,), name="day"), "hour": keras.Input((4,), name="hour")}
    model = keras.Model(inputs, {"out": layers.Dense(1)(inputs["hour"])})
    finding = one(model, "KL351")
    assert finding.cause.name == "day"
    assert "'day'" in finding.message
    assert '{"hour": hour}' in finding.fixes[0].code


def test_unused_input_whose_branch_ends_nowhere():
    class Pair(layers.Layer):
        def call(self, pair):
            left, right = pair
            ops.sum(right)
            return left * 2.0

    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model([a, b], layers.Dense(1)(Pair()([a, b])))
    assert one(model, "KL351").cause.name == "b"


def test_input_of_which_only_the_shape_is_used():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model([a, b], layers.Add()([a, ops.ones_like(b)]))
    assert "Only the shape" in one(model, "KL351").cause.sentence


def test_joining_fix_is_right():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    fix = one(keras.Model([a, b], layers.Dense(1)(a)), "KL351").fixes[1]
    scope = {"keras": keras, "a": a, "b": b}
    exec(fix.code, scope)
    assert kl.graph.TensorSpec(scope["x"].shape, "").text == fix.result == "? × 7"


def test_used_inputs_are_silent():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    assert found(keras.Model([a, b], [layers.Dense(1)(a), b]), "KL351") == []
    inner = keras.Model([a, b], layers.Concatenate()([a, b]))
    c, d = keras.Input((4,), name="c"), keras.Input((4,), name="d")
    assert found(keras.Model({"c": c, "d": d}, inner([c, d])), "KL351") == []


@pytest.mark.parametrize("kind", ["Subtract", "Average", "Maximum", "Add", "Concatenate"])
def test_merge_with_itself(kind):
    x = layers.Dense(4, name="twice")(keras.Input((8,), name="x"))
    model = keras.Model(x._keras_history.operation.input, getattr(layers, kind)()([x, x]))
    assert one(model, "KL352").cause.name == "twice"


def test_input_listed_twice():
    a = keras.Input((8,), name="a")
    model = keras.Model([a, a], layers.Dense(1)(a))
    assert one(model, "KL352").cause.name == "a"


def test_same_tensor_on_purpose():
    grey, x = keras.Input((8, 8, 1)), keras.Input((8, 8))
    colour = layers.Concatenate()([grey, grey, grey])
    attended = layers.MultiHeadAttention(2, 4)(x, x)
    squares = layers.Multiply()([x, x])
    model = keras.Model([grey, x], [colour, attended, squares, x + x])
    assert found(model, "KL352") == []


# ---------------------------------------------------------------- dead branches


def test_dead_convolution_in_the_middle():
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, name="stem")(inputs)
    layers.Conv2D(16, 3, name="lost")(x)
    x = layers.GlobalAveragePooling2D()(x)
    finding = one(keras.Model(inputs, layers.Dense(2)(x)), "KL451")
    assert finding.cause.name == "lost"
    assert finding.calls == ("stem#0",)


def test_dead_chain_is_one_finding():
    inputs = keras.Input((8,))
    x = layers.Dense(8, name="stem")(inputs)
    y = layers.Dense(6, name="one")(x)
    y = layers.BatchNormalization(name="two")(y)
    x = layers.Dense(4)(x)
    finding = one(keras.Model(inputs, layers.Dense(2)(x)), "KL451")
    assert "'one' and 'two'" in finding.message


def test_parts_of_other_models_are_not_dead():
    inputs = keras.Input((8,))
    features = layers.Dense(8, activation="relu")(inputs)
    side = layers.Dense(6)(features)
    main = layers.Dense(3)(layers.Dense(4, activation="relu")(features))
    other = keras.Model(inputs, side)
    model = keras.Model(inputs, main)
    assert found(model, "KL451") == []
    assert found(other, "KL451") == []


def test_a_cell_run_again_leaves_nothing_dead():
    inputs = keras.Input((8,))
    features = layers.Dense(8, activation="relu")(inputs)
    for width in (16, 32):
        x = layers.Dense(width, activation="relu")(features)
        model = keras.Model(inputs, layers.Dense(3)(x))
    assert found(model, "KL451") == []


def test_last_turn_of_a_loop_is_not_dead():
    rest = inputs = keras.Input((8,))
    forecasts = []
    for _ in range(3):
        hidden = layers.Dense(16, activation="relu")(rest)
        rest = layers.Subtract()([rest, layers.Dense(8)(hidden)])
        forecasts.append(layers.Dense(2)(hidden))
    assert found(keras.Model(inputs, layers.Add()(forecasts)), "KL451") == []


def test_layer_called_once_more_is_not_dead():
    inputs = keras.Input((8,))
    layer = layers.Dense(8)
    x = layers.Dense(8)(inputs)
    layer(x)
    model = keras.Model(inputs, layers.Dense(2)(layer(layers.ReLU()(x))))
    assert found(model, "KL451") == []


# ---------------------------------------------------------------- hidden weights


def built(units=4):
    layer = layers.Dense(units, name="inner")
    layer.build((None, 8))
    return layer


def through(function, x):
    return layers.Lambda(function, output_shape=(4,), name="function")(x)


def with_closure(x):
    projection = built()
    return through(lambda t: projection(t) * 2, x)


def with_partial(x):
    return through(functools.partial(lambda t, projection: projection(t), projection=built()), x)


def with_default(x):
    projection = built()
    return through(lambda t, projection=projection: projection(t), x)


def with_list(x):
    parts = [built(), built()]
    return through(lambda t: parts[0](t) + parts[1](t), x)


def with_helper(x):
    projection = built()

    def helper(t):
        return projection(t)

    return through(lambda t: helper(t), x)


def with_variable(x):
    scale = keras.Variable(np.ones(8, "float32"), name="scale")
    return through(lambda t: t[:, :4] * scale[:4], x)


@pytest.mark.parametrize(
    "make", [with_closure, with_partial, with_default, with_list, with_helper, with_variable]
)
def test_weights_in_a_lambda(make):
    inputs = keras.Input((8,))
    finding = one(keras.Model(inputs, make(inputs)), "KL452")
    assert finding.severity == "error"
    assert "'function'" in finding.message


def test_the_variable_of_the_code_is_named():
    inputs = keras.Input((8,))
    finding = one(keras.Model(inputs, with_closure(inputs)), "KL452")
    assert finding.cause.name == "projection"
    assert finding.fixes[0].code == "x = projection(x)"


def test_weights_in_a_plain_object():
    class Bag:
        def __init__(self):
            self.projection = built()

    class Uses(layers.Layer):
        def __init__(self):
            super().__init__(name="uses")
            self.bag = Bag()

        def call(self, x):
            return self.bag.projection(x)

    inputs = keras.Input((8,))
    finding = one(keras.Model(inputs, Uses()(inputs)), "KL452")
    assert finding.cause.name == "projection"
    assert "Uses" in finding.cause.sentence


def test_tracked_weights_are_silent():
    class Keeps(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = {"one": [layers.Dense(4)]}

        def call(self, x):
            return self.parts["one"][0](x)

    inputs = keras.Input((8,))
    shared = layers.Dense(4)
    own = shared(inputs)
    again = layers.Lambda(lambda t: t @ ops.transpose(shared.kernel), output_shape=(8,))(own)
    number = 3
    scaled = layers.Lambda(lambda t: t * number)(again)
    model = keras.Model(inputs, [Keeps()(inputs), scaled])
    assert found(model, "KL452") == []


# ---------------------------------------------------------------- sharing


def difference(a, b):
    return layers.Subtract()([a, b])


def distance(a, b):
    return ops.sqrt(ops.sum(ops.square(a - b), axis=-1, keepdims=True) + 1e-9)


def largest_less_smallest(a, b):
    return layers.Maximum()([a, b]) - layers.Minimum()([a, b])


def cosine(a, b):
    return layers.Dot(axes=1, normalize=True)([a, b])


def product(a, b):
    return ops.sum(a * b, axis=-1)


def in_a_lambda(a, b):
    def euclidean_distance(pair):
        return pair[0] - pair[1]

    return layers.Lambda(euclidean_distance, output_shape=(4,))([a, b])


COMPARISONS = [difference, distance, largest_less_smallest, cosine, product, in_a_lambda]


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("shared", [False, True])
def test_towers(compare, shared):
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    encoder = dense(16, 4, activation="relu")
    other = encoder if shared else dense(16, 4, activation="relu")
    model = keras.Model([left, right], compare(encoder(left), other(right)))
    if shared:
        assert found(model, "KL471") == []
    else:
        finding = one(model, "KL471")
        assert finding.cause.name == other.layers[0].name


def test_towers_of_pictures_and_its_fix():
    a, b = keras.Input((16, 16, 1), name="a"), keras.Input((16, 16, 1), name="b")

    def tower(x):
        x = layers.Conv2D(4, 3, activation="relu")(x)
        return layers.Dense(5)(layers.Flatten()(x))

    model = keras.Model([a, b], layers.Subtract()([tower(a), tower(b)]))
    fix = one(model, "KL471").fixes[0]
    scope = {"keras": keras, "a": a, "b": b}
    exec(fix.code, scope)
    mended = keras.Model([a, b], layers.Subtract()([scope["encoded_a"], scope["encoded_b"]]))
    assert mended.count_params() * 2 == model.count_params()
    assert found(mended, "KL471") == []


def test_towers_shared_in_part():
    a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
    last = layers.Dense(4, name="last")
    one_, two = layers.Dense(6, name="one"), layers.Dense(6, name="two")
    model = keras.Model([a, b], layers.Subtract()([last(one_(a)), last(two(b))]))
    finding = one(model, "KL471")
    assert finding.cause.name == "two"
    assert "last" not in finding.message.split("share no weights")[1]


def test_what_is_no_comparison_of_towers():
    a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
    joined = layers.Concatenate()([layers.Dense(4)(a), layers.Dense(4)(b)])
    ensemble = layers.Average()([layers.Dense(4)(a), layers.Dense(4)(a)])
    advantage = layers.Dense(4)(a)
    centred = advantage - ops.mean(advantage, axis=1, keepdims=True)
    unequal = layers.Subtract()([layers.Dense(4)(a), layers.Dense(4, activation="relu")(b)])
    raw = layers.Subtract()([a, b])
    model = keras.Model([a, b], [joined, ensemble, centred, unequal, raw])
    assert found(model, "KL471") == []


def test_towers_of_two_kinds_may_differ():
    user, film = keras.Input((1,), dtype="int32", name="user"), keras.Input((1,), dtype="int32")
    vectors = [layers.Flatten()(layers.Embedding(9, 4)(x)) for x in (user, film)]
    assert found(keras.Model([user, film], layers.Dot(1)(vectors)), "KL471") == []
    query, document = keras.Input((8,), name="query"), keras.Input((8,), name="document")
    score = layers.Dot(1)([layers.Dense(4)(query), layers.Dense(4)(document)])
    assert found(keras.Model([query, document], score), "KL471") == []


def test_attention_is_no_comparison():
    x, y = keras.Input((5, 8), name="a"), keras.Input((5, 8), name="b")
    scores = layers.Dot(axes=2)([layers.Dense(4)(x), layers.Dense(4)(y)])
    assert found(keras.Model([x, y], layers.Softmax()(scores)), "KL471") == []


def repeated(layer, times=2, between=lambda: layers.ReLU()):
    inputs = keras.Input((8,))
    x = inputs
    for _ in range(times):
        x = between()(layer(x))
    return keras.Model(inputs, layers.Dense(1)(x))


def test_one_dense_along_a_chain():
    finding = one(repeated(layers.Dense(8, name="hidden"), times=4), "KL472")
    assert finding.cause.name == "hidden"
    assert "4 calls" in finding.message
    assert finding.fixes[0].code == "x = keras.layers.Dense(8)(x)"


def test_one_batch_norm_at_two_depths():
    norm = layers.BatchNormalization(name="norm")
    x = inputs = keras.Input((8, 8, 3))
    for _ in range(2):
        x = layers.ReLU()(norm(layers.Conv2D(4, 3, padding="same")(x)))
    finding = one(keras.Model(inputs, layers.GlobalAveragePooling2D()(x)), "KL472")
    assert finding.cause.name == "norm"


def test_one_batch_norm_through_a_residual():
    norm = layers.LayerNormalization(name="norm")
    x = inputs = keras.Input((5, 8))
    for _ in range(2):
        x = layers.Add()([x, layers.Dense(8)(norm(x))])
    assert one(keras.Model(inputs, x), "KL472").cause.name == "norm"


def test_sharing_on_purpose():
    step = keras.Sequential([keras.Input((8,)), layers.Dense(8, activation="tanh")])
    assert found(repeated(step, times=3), "KL472") == []
    activation = layers.ReLU()
    x = inputs = keras.Input((8,))
    for _ in range(3):
        x = activation(layers.Dense(8)(x))
    assert found(keras.Model(inputs, x), "KL472") == []


def test_a_block_repeated_as_a_whole_is_recurrent():
    first, norm = layers.Dense(8), layers.BatchNormalization()
    x = inputs = keras.Input((8,))
    for _ in range(3):
        x = layers.ReLU()(norm(first(x)))
    assert found(keras.Model(inputs, x), "KL472") == []


def test_a_cell_unrolled_with_its_input_is_recurrent():
    cell = layers.Dense(8, activation="tanh")
    steps = keras.Input((4, 3))
    state = ops.zeros_like(steps[:, 0, :1]) * ops.ones((1, 8))
    for step in range(4):
        state = cell(layers.Concatenate()([steps[:, step], state]))
    assert found(keras.Model(steps, state), "KL472") == []


def test_twin_is_shared_beside_not_along():
    a, b = keras.Input((8,)), keras.Input((8,))
    encoder = layers.Dense(4)
    model = keras.Model([a, b], layers.Concatenate()([encoder(a), encoder(b)]))
    assert found(model, "KL472") == []
