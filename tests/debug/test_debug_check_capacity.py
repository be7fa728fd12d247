"""Capacity and style: what fires, and what must not."""

import keras
import pytest
from checking import found, one
from keras import layers, ops

import keraslab as kl


def chain(shape, *rows, name=None):
    inputs = keras.Input(shape, name="x")
    x = inputs
    for row in rows:
        x = row(x)
    return keras.Model(inputs, x, name=name)


def dense(units, activation=None, **more):
    return layers.Dense(units, activation=activation, **more)


# ---------------------------------------------------------------- linear layers


@pytest.mark.parametrize(
    "rows",
    [
        lambda: [dense(32, name="flat"), dense(4)],
        lambda: [dense(32, name="flat"), layers.Dropout(0.2), dense(4)],
        lambda: [dense(32, name="flat"), layers.BatchNormalization(), dense(4)],
        lambda: [dense(32, "linear", name="flat"), dense(4, "relu")],
        lambda: [dense(8, "relu"), dense(16, name="flat"), dense(16, "softmax")],
    ],
)
def test_linear_layers_in_a_row(rows):
    finding = one(chain((16,), *rows()), "KL951")
    assert finding.cause.name == "flat"
    assert "no activation" in finding.cause.sentence


def test_linear_layers_in_sequential_and_nested_models():
    sequential = keras.Sequential([keras.Input((8,)), dense(8), dense(8)])
    assert len(found(sequential, "KL951")) == 1
    inputs = keras.Input((8,))
    assert len(found(keras.Model(inputs, sequential(inputs)), "KL951")) == 1


@pytest.mark.parametrize(
    "rows",
    [
        lambda: [dense(32, "relu"), dense(4)],
        lambda: [dense(32), layers.ReLU(), dense(4)],
        lambda: [dense(32), layers.PReLU(), dense(4)],
        lambda: [dense(32), layers.LayerNormalization(), dense(4)],
        lambda: [dense(32), ops.tanh, dense(4)],
        lambda: [dense(4), dense(32)],
        lambda: [dense(32), layers.Reshape((4, 8)), dense(8)],
    ],
)
def test_layers_that_are_no_linear_row(rows):
    assert found(chain((16,), *rows()), "KL951") == []


def test_linear_parts_of_their_own():
    encoder = keras.Sequential([keras.Input((16,)), dense(32)])
    assert found(chain((16,), encoder, dense(4)), "KL951") == []
    inputs = keras.Input((16,))
    code = dense(32)(inputs)
    assert found(keras.Model(inputs, [code, dense(4)(code)]), "KL951") == []
    separable = chain((8, 8, 3), layers.SeparableConv2D(8, 3), layers.Conv2D(4, 1))
    assert found(separable, "KL951") == []


def test_narrow_middle_is_style():
    model = chain((64,), dense(4, name="low"), dense(64))
    assert found(model, "KL951") == []
    assert one(model, "KL971").severity == "style"


# ---------------------------------------------------------------- flattening


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ((96, 96, 3), lambda: [layers.Conv2D(8, 3), layers.Flatten(name="flat"), dense(32)]),
        ((4096, 8), lambda: [layers.Flatten(name="flat"), dense(64), layers.ReLU(), dense(2)]),
        ((32, 32, 32, 2), lambda: [layers.Flatten(name="flat"), layers.Dropout(0.5), dense(32)]),
        ((64, 64, 16), lambda: [layers.Reshape((-1,), name="flat"), dense(64)]),
    ],
)
def test_flatten_explodes(shape, rows):
    with kl.skeleton():
        model = chain(shape, *rows())
    finding = one(model, "KL952")
    assert finding.cause.name == "flat"
    assert found(model, "KL974") == []


def test_pooling_instead_gives_what_it_says():
    with kl.skeleton():
        model = chain((96, 96, 3), layers.Conv2D(8, 3), layers.Flatten(), dense(32))
    fixes = one(model, "KL952").fixes
    assert len(fixes) == 2
    for fix in fixes:
        scope = {"keras": keras, "x": keras.KerasTensor((None, 94, 94, 8))}
        exec(fix.code, scope)
        assert kl.graph.TensorSpec(scope["x"].shape, "").text == fix.result
        assert f"{scope['x'].shape[-1] * 32 + 32:,} weights" in fix.title


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ((28, 28, 1), lambda: [layers.Conv2D(8, 3), layers.Flatten(), dense(32)]),
        ((28, 28), lambda: [layers.Flatten(), dense(128), layers.ReLU(), dense(10)]),
        ((96, 96, 3), lambda: [layers.Conv2D(8, 3), layers.GlobalMaxPooling2D(), dense(32)]),
        ((96, 96, 3), lambda: [layers.Conv2D(8, 3), layers.Flatten()]),
    ],
)
def test_flatten_that_is_fine(shape, rows):
    with kl.skeleton():
        model = chain(shape, *rows())
    assert found(model, "KL952") == []


def test_heavy_flatten_is_style():
    with kl.skeleton():
        model = keras.applications.VGG16(weights=None)
    assert one(model, "KL974").severity == "style"
    assert found(model, "KL952") == []


# ---------------------------------------------------------------- narrow and wide


@pytest.mark.parametrize(
    "model",
    [
        lambda: chain((16,), dense(8, "relu"), dense(1, "relu", name="one"), dense(4)),
        lambda: chain((16,), dense(1, name="one"), layers.ReLU(), layers.Dropout(0.1), dense(4)),
        lambda: chain(
            (8, 8, 3), layers.Conv2D(8, 3), layers.Conv2D(1, 1, name="one"), layers.Conv2D(8, 3)
        ),
    ],
)
def test_one_number_in_the_middle(model):
    assert one(model(), "KL953").cause.name == "one"


def test_one_number_with_a_purpose():
    inputs = keras.Input((6, 8))
    scores = layers.Softmax(axis=1)(dense(1)(dense(4, "tanh")(inputs)))
    pooled = ops.sum(scores * inputs, axis=1)
    gate = layers.Multiply()([pooled, dense(1, "sigmoid")(pooled)])
    assert found(keras.Model(inputs, dense(3)(gate)), "KL953") == []
    board = chain(
        (8, 8, 4), layers.Conv2D(1, 1), layers.ReLU(), layers.Flatten(), dense(16, "relu"), dense(1)
    )
    assert found(board, "KL953") == []
    code = chain((16,), dense(8, "relu"), dense(1), dense(8, "relu"), dense(16))
    assert found(code, "KL953") == []
    assert found(chain((16,), dense(8, "relu"), dense(1)), "KL953") == []


def concatenated(times, width):
    x = inputs = keras.Input((8, 8, 4))
    for _ in range(times):
        y = layers.Conv2D(width or x.shape[-1], 3, padding="same", activation="relu")(x)
        x = layers.ReLU()(layers.Concatenate()([x, y]))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x))


def test_widths_double():
    finding = one(concatenated(4, None), "KL954")
    assert "4 channels grow to 64" in finding.message
    assert len(finding.calls) == 4


def test_widths_that_do_not_double():
    assert found(concatenated(6, 4), "KL954") == []
    assert found(concatenated(2, None), "KL954") == []


# ---------------------------------------------------------------- dropout, softmax


@pytest.mark.parametrize(
    "rows",
    [
        lambda: [layers.Dropout(0.5), layers.Dropout(0.2, name="again")],
        lambda: [layers.Dropout(0.5), layers.Flatten(), layers.Dropout(0.2, name="again")],
        lambda: [layers.Dropout(0.5), layers.ReLU(), layers.GaussianDropout(0.2, name="again")],
    ],
)
def test_dropout_twice(rows):
    model = chain((16,), dense(8, "relu"), *rows(), dense(2))
    finding = one(model, "KL955")
    assert finding.cause.name == "again"
    assert "40% of" in finding.message


def test_dropouts_that_are_fine():
    rows = [dense(8, "relu"), layers.Dropout(0.5), dense(8, "relu"), layers.Dropout(0.5), dense(2)]
    assert found(chain((16,), *rows), "KL95") == []
    still = [dense(8, "relu"), layers.Dropout(0.0), layers.Dropout(0.5), dense(2)]
    assert found(chain((16,), *still), "KL955") == []


def test_dropout_on_the_output():
    model = chain((16,), dense(8, "relu"), dense(1), layers.Dropout(0.5, name="late"))
    assert found(model, "KL956") == []
    model.compile("adam", loss="mse")
    assert one(model, "KL956").cause.name == "late"
    softmax = chain((16,), dense(3), layers.Dropout(0.5, name="late"), layers.Softmax())
    assert one(softmax, "KL956").cause.name == "late"


def test_features_may_end_in_dropout():
    model = chain((16,), dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(0.5))
    assert found(model, "KL956") == []
    before = chain((16,), dense(8, "relu"), layers.Dropout(0.5), dense(1, "sigmoid"))
    before.compile("adam", loss="binary_crossentropy")
    assert found(before, "KL956") == []


@pytest.mark.parametrize(
    "rows",
    [
        lambda: [dense(8, "softmax", name="early"), dense(3)],
        lambda: [dense(8), layers.Softmax(name="early"), layers.Dropout(0.2), dense(3)],
        lambda: [dense(8), layers.Activation("softmax", name="early"), dense(3)],
    ],
)
def test_softmax_inside(rows):
    assert one(chain((16,), *rows()), "KL957").cause.name == "early"


def test_softmax_that_weighs():
    inputs = keras.Input((6, 8))
    weights = layers.Softmax(axis=1)(dense(1)(inputs))
    x = layers.Dot(axes=1)([weights, inputs])
    gates = dense(4, "softmax")(layers.Flatten()(x))
    experts = ops.stack([dense(5)(layers.Flatten()(x)) for _ in range(4)], axis=1)
    mixed = ops.sum(ops.expand_dims(gates, -1) * experts, axis=1)
    assert found(keras.Model(inputs, dense(3)(layers.ReLU()(mixed))), "KL957") == []


def test_activation_twice():
    assert one(chain((8,), dense(8, "relu"), layers.ReLU(), dense(2)), "KL973").severity == "style"
    assert len(found(chain((8,), dense(8, "sigmoid"), ops.relu, dense(2)), "KL973")) == 1
    assert found(chain((8,), dense(8), layers.ReLU(), dense(2)), "KL973") == []
    assert found(chain((8,), dense(8, "relu"), dense(8), layers.Softmax()), "KL973") == []


# ---------------------------------------------------------------- chains


def nested_chain():
    base = keras.Sequential([keras.Input((8,)), dense(4, "relu")], name="base")
    return chain((8,), base, dense(2))


CHAINS = {
    "dense": lambda: chain((8,), dense(16, "relu"), dense(1)),
    "named": lambda: chain((8,), dense(16, "relu", name="hidden"), dense(1), name="mine"),
    "picture": lambda: chain(
        (16, 16, 3),
        layers.Conv2D(4, (3, 1), padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.GlobalAveragePooling2D(),
        dense(2, kernel_regularizer=keras.regularizers.L2(0.01)),
    ),
    "text": lambda: chain(
        (None,),
        layers.Embedding(9, 4, mask_zero=True),
        layers.Bidirectional(layers.LSTM(3)),
        dense(1),
    ),
    "nested": nested_chain,
}


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_sequential_code_builds_an_equal_model(make):
    model = make()
    finding = one(model, "KL972")
    scope = {}
    exec(finding.fixes[0].code, scope)
    assert isinstance(scope["model"], keras.Sequential)
    difference = kl.graph.diff(model, scope["model"])
    assert not difference, str(difference)
    assert scope["model"].count_params() == model.count_params()


def test_frozen_chain_stays_frozen():
    model = chain((8,), dense(4, "relu", trainable=False), dense(1))
    scope = {}
    exec(one(model, "KL972").fixes[0].code, scope)
    assert len(scope["model"].trainable_weights) == 2


def not_a_chain():
    inputs = keras.Input((8,))
    other = keras.Input((8,))
    x = dense(8, "relu")(inputs)
    twice = dense(8)
    yield keras.Model(inputs, layers.Add()([x, inputs]))
    yield keras.Model([inputs, other], layers.Add()([x, other]))
    yield keras.Model(inputs, [x, dense(2)(x)])
    yield keras.Model(inputs, twice(layers.ReLU()(twice(inputs))))
    yield keras.Model(inputs, dense(2)(x * 2.0))
    yield keras.Model(inputs, layers.BatchNormalization()(x, training=False))
    yield keras.Model(inputs, {"out": dense(2)(x)})
    yield keras.Model(inputs, x)
    yield keras.Sequential([keras.Input((8,)), dense(4), dense(2)])


def test_what_is_no_chain_is_left_alone():
    for model in not_a_chain():
        assert found(model, "KL972") == [], model.summary()
