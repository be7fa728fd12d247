"""Another tensor, layer, axis or set of weights was meant than the one that stands there."""

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers, ops

# ---------------------------------------------------------------- the branch that was forgotten


def picture(join, *sizes, name="photo"):
    x = keras.Input((8, 8, 2), name=name)
    kept = layers.Conv2D(4, 3, padding="same", name="kept")(x)
    for at, size in enumerate(sizes):
        layers.Conv2D(size, 5, padding="same", activation="relu", name=f"lost_{at}")(x)
    return keras.Model(x, layers.Dense(1)(layers.GlobalMaxPooling2D()(join([kept, kept]))))


@pytest.mark.parametrize("name", ["photo", None])
@pytest.mark.parametrize("kind", ["Add", "Average", "Maximum", "Subtract", "Concatenate"])
def test_forgotten_branch_is_named(kind, name):
    finding = one(picture(getattr(layers, kind)(), 4, name=name), "KL352")
    assert "'lost_0' (? × 8 × 8 × 4)" in finding.message
    assert finding.cause.name == "kept"
    assert finding.fixes[0].code == f"x = keras.layers.{kind}()([kept, lost_0])"


def test_forgotten_branch_of_another_width_fits_a_concatenation_alone():
    assert "'lost_0'" in one(picture(layers.Concatenate(), 6), "KL352").message
    assert "lost" not in one(picture(layers.Add(), 6), "KL352").message


def test_no_branch_is_named_where_two_fit():
    assert "lost" not in one(picture(layers.Add(), 4, 4), "KL352").message


@pytest.mark.parametrize("order", ["abb", "aab", "abbc"])
def test_forgotten_branch_of_three(order):
    x = keras.Input((8,), name="x")
    parts = {name: layers.Dense(4, name=name)(x) for name in "abc"}
    joined = layers.Concatenate()([parts[name] for name in order])
    model = keras.Model(x, layers.Dense(1)(joined))
    if "c" in order:
        assert found(model, "KL352") == []
        return
    finding = one(model, "KL352")
    assert "'c' (? × 4)" in finding.message
    expected = {"abb": "[a, b, c]", "aab": "[a, c, b]"}[order]
    assert finding.fixes[0].code == f"x = keras.layers.Concatenate()({expected})"


@pytest.mark.parametrize("name", ["rows", None])
def test_what_a_cell_that_ran_twice_leaves_behind_is_no_branch(name):
    trunk = layers.Dense(8)(keras.Input((4,), name=name))
    for width in (3, 5):
        model = keras.Model(trunk, layers.Dense(width)(layers.Dense(9)(trunk)))
    assert found(model, "KL451") == []


def refined(join, step, turns=3):
    state = guess = keras.Input((8,), name="guess")
    for _ in range(turns):
        state = state + step()(join([state, guess]))
    return keras.Model(guess, state)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("join", ["Concatenate", "Average", "Subtract"])
def test_first_turn_of_a_loop(join, shared):
    step = layers.Dense(8)
    model = refined(getattr(layers, join)(), (lambda: step) if shared else lambda: layers.Dense(8))
    assert found(model, "KL352") == []


def test_loop_over_the_two_last_states():
    before = state = inputs = keras.Input((8,))
    for _ in range(3):
        joined = ops.concatenate([state, before], axis=-1)
        before, state = state, layers.Dense(8)(joined)
    assert found(keras.Model(inputs, state), "KL352") == []


def test_loop_that_joins_a_tensor_with_itself_each_time():
    x = inputs = keras.Input((8,))
    for _ in range(2):
        x = layers.Dense(8)(layers.Concatenate()([x, x]))
    assert len(found(keras.Model(inputs, x), "KL352")) == 2


# ------------------------------------------------------------- one layer where several were meant


def same(make, join, shape=(6, 4), times=3):
    part = make()
    x = keras.Input(shape, name="x")
    return keras.Model(x, join([each(x) for each in [part] * times]))


def block():
    return keras.Sequential([layers.Dense(5, activation="relu"), layers.Dense(4)], name="part")


class Expert(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 4))

    def call(self, x):
        return x @ self.kernel


class Noisy(Expert):
    def call(self, x):
        return super().call(x) + keras.random.normal((4,))


class Masking(Expert):
    def __init__(self, **more):
        super().__init__(**more)
        self.drop = layers.Dropout(0.5)

    def call(self, x):
        return self.drop(super().call(x))


PARTS = {
    "Dense": lambda: layers.Dense(4, name="part"),
    "Conv1D": lambda: layers.Conv1D(4, 3, padding="same", name="part"),
    "LSTM": lambda: layers.LSTM(4, name="part"),
    "Bidirectional": lambda: layers.Bidirectional(layers.GRU(4), name="part"),
    "Sequential": block,
    "own": lambda: Expert(name="part"),
}
JOINS = {
    "stack": lambda parts: ops.stack(parts, axis=1),
    "concatenate": layers.Concatenate(),
    "mean": layers.Average(),
    "sum": sum,
    "reshaped": lambda parts: layers.Concatenate()([layers.Reshape((1, -1))(p) for p in parts]),
    "activated": lambda parts: layers.Add()([layers.ReLU()(p) for p in parts]),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("join", ["stack", "mean"])
def test_list_of_one_layer(part, join):
    finding = one(same(PARTS[part], JOINS[join]), "KL473")
    assert finding.cause.name == "part"
    assert "3 calls of 'part' on what 'x' gives" in finding.message


@pytest.mark.parametrize("join", JOINS)
def test_ways_to_join_equal_results(join):
    assert one(same(PARTS["Dense"], JOINS[join], (4,)), "KL473").cause.name == "part"


def test_experts_with_gates_and_its_fix():
    def mix(experts):
        x = keras.Input((8,), name="x")
        gates = layers.Dense(3, activation="softmax")(x)
        return keras.Model(x, sum(gates[:, i : i + 1] * e(x) for i, e in enumerate(experts)))

    finding = one(mix([layers.Dense(4, name="expert")] * 3), "KL473")
    assert finding.cause.name == "expert"
    scope = {"keras": keras}
    exec(finding.fixes[0].code, scope)
    assert found(mix(scope["parts"]), "KL473") == []


def test_one_head_given_out_twice():
    x = keras.Input((8,))
    head = layers.Dense(2, name="head")
    assert one(keras.Model(x, [head(x), head(x)]), "KL473").cause.name == "head"
    y = head(x)
    assert found(keras.Model(x, [y, y]), "KL473") == []


@pytest.mark.parametrize("second", ["GlobalAveragePooling1D", "GlobalMaxPooling1D"])
def test_two_poolings(second):
    x = keras.Input((6, 4), name="x")
    parts = [layers.GlobalAveragePooling1D()(x), getattr(layers, second)()(x)]
    model = keras.Model(x, layers.Concatenate()(parts))
    assert len(found(model, "KL473")) == (second == "GlobalAveragePooling1D")


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([layers.Dense(4), layers.Dropout(0.5)]),
        lambda: layers.LSTM(4, dropout=0.2),
        lambda: layers.Bidirectional(layers.LSTM(4, recurrent_dropout=0.2)),
        Noisy,
        Masking,
    ],
)
def test_calls_that_depend_on_chance(make):
    assert found(same(make, layers.Average()), "KL473") == []


def test_one_layer_on_several_tensors_and_for_several_uses():
    a, b = keras.Input((8,)), keras.Input((8,))
    encoder = block()
    twins = layers.Subtract()([encoder(a), encoder(b)])
    decoded = layers.Dense(8)(encoder(a))
    residual = layers.Add()([encoder(a), layers.Dense(4)(encoder(a))])
    table = layers.Concatenate(axis=1)([layers.Reshape((1, 8))(a), layers.Reshape((1, 8))(a)])
    views = layers.Average()([encoder(a), encoder(ops.flip(a, axis=-1))])
    outputs = [twins, encoder(a), decoded, residual, table, views]
    assert found(keras.Model([a, b], outputs), "KL473") == []


def test_loop_that_starts_with_one_state_twice():
    step = layers.Dense(8)
    state = guess = keras.Input((8,))
    for _ in range(3):
        state = layers.Average()([step(state), step(guess)])
    assert found(keras.Model(guess, state), "KL473") == []


# ---------------------------------------------------------------- variables that are nobody's


def variable(*shape, **more):
    return keras.Variable(np.ones(shape), dtype="float32", name="scale", **more)


USES = [
    lambda x: x * variable(8),
    lambda x: x + variable(8),
    lambda x: ops.multiply(variable(8), x),
    lambda x: ops.matmul(x, variable(8, 3)),
    lambda x: ops.einsum("bi,ij->bj", x, variable(8, 3)),
    lambda x: ops.concatenate([x, variable(1, 8)], axis=0),
    lambda x: layers.Multiply()([x, variable(1, 8)]),
]


@pytest.mark.parametrize("use", USES)
def test_variable_in_a_call(use):
    x = keras.Input((8,))
    finding = one(keras.Model(x, layers.Dense(1)(use(x))), "KL452")
    assert finding.cause.name == "scale"
    assert finding.calls


@pytest.mark.parametrize("at", [0, 1, 3])
def test_own_layer_as_a_fix(at):
    x = keras.Input((8,))
    fix = one(keras.Model(x, USES[at](x)), "KL452").fixes[0]
    scope = {"keras": keras, "x": x}
    exec(fix.code, scope)
    model = keras.Model(x, scope["x"])
    assert len(model.trainable_weights) == 1
    assert found(model, "KL452") == []


def test_one_variable_in_two_calls_is_told_once():
    x, scale = keras.Input((8,)), variable(8)
    assert one(keras.Model(x, (x * scale) + scale), "KL452").cause.name == "scale"


def test_variables_that_need_no_layer():
    words = keras.Input((5,), dtype="int32")
    table = layers.Embedding(9, 4)
    x = table(words)
    tied = ops.einsum("bsd,vd->bsv", x, table.embeddings)
    fixed = x * variable(4, trainable=False) + np.ones(4, "float32")
    value = ops.einsum("bsd,vd->bsv", x, table.embeddings.value)
    assert found(keras.Model(words, [tied, fixed, value]), "KL452") == []


# ---------------------------------------------------------------- frozen vectors that are random


def reader(table, nested=False):
    words = keras.Input((6,), dtype="int32", name="words")
    x = table(words)
    if nested:
        x = keras.Model(words, layers.Dense(4)(x), name="encoder")(words)
    return keras.Model(words, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("start", ["uniform", "normal", "glorot_uniform"])
def test_frozen_random_embedding(start, nested):
    table = layers.Embedding(20, 4, embeddings_initializer=start, trainable=False, name="table")
    assert one(reader(table, nested), "KL857").cause.name == "table"


def test_embedding_frozen_afterwards():
    model = keras.Sequential(
        [keras.Input((6,)), layers.Embedding(20, 4, name="table"), layers.LSTM(3), layers.Dense(1)]
    )
    model.get_layer("table").trainable = False
    finding = one(model, "KL857")
    exec(finding.fixes[0].code.partition("#")[0], {"model": model, "vectors": np.ones((20, 4))})
    assert found(model, "KL857") == []


def test_embeddings_that_are_frozen_with_reason():
    loaded = layers.Embedding(20, 4, trainable=False)
    loaded.build()
    loaded.set_weights([np.random.default_rng(0).normal(size=(20, 4))])
    codes = keras.initializers.RandomNormal(seed=3)
    given = layers.Embedding(20, 4, weights=[np.ones((20, 4))], trainable=False)
    sinus = keras.initializers.Constant(np.ones((20, 4)))
    for table in (
        loaded,
        given,
        layers.Embedding(20, 4, embeddings_initializer=codes, trainable=False),
        layers.Embedding(20, 4, embeddings_initializer=sinus, trainable=False),
        layers.Embedding(20, 4),
    ):
        assert found(reader(table), "KL857") == []


def test_frozen_critic_with_an_embedding():
    words = keras.Input((6,), dtype="int32")
    critic = keras.Sequential([layers.Embedding(20, 4), layers.Flatten(), layers.Dense(1)])
    critic(words)
    critic.trainable = False
    assert found(keras.Model(words, layers.Dense(1)(critic(words))), "KL857") == []


# ---------------------------------------------------------------- weights that lie across the steps


def weighed(lay, form=(12, 1), multiply=None, gate="softmax"):
    signal = keras.Input(form, name="signal")
    scores = layers.Dense(12, activation=gate, name="scores")(layers.Flatten()(signal))
    both = [signal, lay(scores)]
    joined = both[0] * both[1] if multiply is None else multiply(both)
    return keras.Model(signal, layers.Dense(1)(layers.GlobalAveragePooling1D()(joined)))


ACROSS = [
    layers.Reshape((1, 12), name="row"),
    lambda s: ops.expand_dims(s, 1),
    layers.RepeatVector(1),
    lambda s: layers.Permute((2, 1))(layers.Reshape((12, 1))(s)),
    lambda s: s[:, None, :],
]


@pytest.mark.parametrize("multiply", [None, layers.Multiply(), lambda b: b[1] * b[0]])
@pytest.mark.parametrize("lay", ACROSS)
def test_weights_across_the_steps_and_its_fix(lay, multiply):
    finding = one(weighed(lay, multiply=multiply), "KL252")
    assert "(? × 12 × 1)" in finding.message
    assert "keras.layers.Reshape((12, 1))" in finding.fixes[0].code
    assert found(weighed(layers.Reshape((12, 1))), "KL252") == []


def test_sigmoid_across_steps_in_one_row():
    assert one(weighed(layers.Reshape((12, 1)), (1, 12), gate="sigmoid"), "KL252").calls


def test_softmax_by_itself_lies_across_too():
    signal = keras.Input((12, 1), name="signal")
    scores = layers.Dense(12)(layers.Flatten()(layers.Conv1D(4, 3)(signal)))
    row = layers.Reshape((1, 12))(layers.Softmax()(scores))
    assert one(keras.Model(signal, layers.Multiply()([signal, row])), "KL252").cause.name


def test_tables_of_products_on_purpose():
    x, other = keras.Input((12,)), keras.Input((7, 1))
    gate = layers.Dense(12, activation="sigmoid")(x)
    values = layers.Dense(12)(x)
    mask = ops.expand_dims(gate, 2) * ops.expand_dims(gate, 1)
    bilinear = layers.Reshape((12, 1))(values) * layers.Reshape((1, 12))(gate)
    spread = other * layers.Reshape((1, 12))(gate)
    plain = weighed(ACROSS[0], gate="relu")
    picture = keras.Input((8, 8, 4))
    places = layers.Conv2D(1, 1, activation="sigmoid")(picture)
    channels = layers.GlobalAveragePooling2D(keepdims=True)(picture)
    channels = layers.Dense(4, activation="sigmoid")(channels)
    both = picture * (places * channels)
    model = keras.Model([x, other, picture], [mask, bilinear, spread, both])
    assert found(model, "KL252") == found(plain, "KL252") == []


@pytest.mark.parametrize(
    ("join", "strides", "speaks"),
    [
        (layers.Add, 1, False),
        (layers.Add, 2, True),
        (layers.Concatenate, 1, True),
    ],
    ids=["counts double", "halves", "joined"],
)
def test_a_pooling_added_to_itself_counts_double(join, strides, speaks):
    # So do the cells of NASNet, which a machine searched for.
    x = keras.Input((8, 8, 4), name="x")
    pooled = [layers.AveragePooling2D(3, strides, "same")(x) for _ in range(2)]
    model = keras.Model(x, layers.Dense(2)(layers.Flatten()(join()(pooled))))
    assert bool(found(model, "KL473")) == speaks
