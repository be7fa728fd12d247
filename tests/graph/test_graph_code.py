"""Source that builds the same model: run, compared by its structure and by what it computes."""

import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from code_checks import check, run, tidy

import keraslab as kl
from keraslab.graph import ModelError, diff, to_code

L = keras.layers
ops = keras.ops


def awkward() -> Iterator[tuple[str, keras.Model]]:
    """Models that are hard to write down, by what is hard about them."""
    conv = L.Conv2D(4, 3, name="conv")
    a, b = keras.Input((16, 16, 3), name="a"), keras.Input((32, 32, 3), name="class")
    yield "shared-at-two-sizes", keras.Model([a, b], [conv(a), conv(b)])

    p, q = keras.Input((4,), name="p"), keras.Input((4,), name="q")
    enc = keras.Model({"p": p, "q": q}, {"s": p + q, "d": p - q}, name="enc")
    a, b = keras.Input((4,), name="a b"), keras.Input((4,), name="b")
    one, two = enc({"p": a, "q": b}), enc({"p": b, "q": a})
    outputs = {"z": L.Dense(2, name="z")(one["s"]), "y y": L.Dense(2)(two["d"])}
    yield "dict-ports", keras.Model([a, b], outputs, name='it\'s "so"')

    tail = keras.Sequential([L.Dense(3), L.Dense(3)], name="tail")
    i = keras.Input((3,))
    middle = keras.Model(i, tail(tail(i)), name="middle")
    j = keras.Input((3,))
    outer = keras.Model(j, middle(j) + 1.0, name="outer")
    k = keras.Input((3,))
    yield "nested-twice", keras.Model(k, L.Add()([outer(k), middle(k)]))

    s = keras.Input((7, 5))
    y, h, c = L.LSTM(4, return_state=True, return_sequences=True)(s)
    last = L.LSTM(4)(y, initial_state=[h, c])
    states = L.Bidirectional(L.GRU(3, return_state=True))(s)
    yield "states", keras.Model(s, [last, h, states[2]])

    i = keras.Input((5,), dtype="int32")
    x = L.Embedding(10, 4, mask_zero=True)(i)
    y = L.Add()([x, L.LSTM(4, return_sequences=True)(x)])
    z = L.MultiHeadAttention(2, 3)(y, y, use_causal_mask=True)
    z = L.MultiHeadAttention(2, 3, dropout=0.1)(query=z, value=y, key=x)
    yield "masks", keras.Model(i, L.GlobalAveragePooling1D()(z))

    q, v = keras.Input((5, 8), name="query"), keras.Input((6, 8), name="value")
    attention = L.MultiHeadAttention(2, 4, value_dim=3, output_shape=5)
    mask = np.ones((1, 5, 6), dtype="bool")
    o, scores = attention(q, v, return_attention_scores=True, attention_mask=mask)
    yield "attention-scores", keras.Model({"query": q, "value": v}, {"o": o, "scores": scores})

    a = keras.Input((4,))
    yield "the-same-tensor-twice", keras.Model(a, L.Multiply()([a, a]) * a)
    a = keras.Input((4,))
    yield "one-output-twice", keras.Model(a, [t := L.Dense(3)(a), t])
    a = keras.Input((4,))
    yield "training", keras.Model([a], [L.Dropout(0.2)(L.Dense(3)(a), training=True)])
    a, b = keras.Input((), name="scalar"), keras.Input((3,), name="3x")
    yield "scalar", keras.Model([a, b], [ops.expand_dims(a, 1) * b, a])

    a = keras.Input((6, 4), batch_size=2)
    part = keras.Sequential([keras.Input((4,)), L.Dense(3, name="in")])
    x = L.TimeDistributed(L.Dense(3))(L.TimeDistributed(part)(a))
    back = L.LSTM(3, return_sequences=True, go_backwards=True, activation="relu")
    lstm = L.LSTM(3, return_sequences=True)
    x = L.Bidirectional(lstm, merge_mode="sum", backward_layer=back)(x)
    yield "wrappers", keras.Model(a, L.RNN([L.LSTMCell(3), L.GRUCell(5)])(x))

    base = keras.Model(a := keras.Input((4,)), L.BatchNormalization()(L.Dense(3)(a)), name="import")
    base.trainable = False
    yield "frozen", keras.Sequential([base, L.Dense(3, name="for")], name="while")
    frozen = keras.Sequential([keras.Input((4,)), L.Dense(3), keras.Sequential([L.Dense(2)])])
    frozen.trainable = False
    yield "all-frozen", frozen

    w = L.Dense(4)
    inner = keras.Model(a := keras.Input((4,)), w(a))
    b = keras.Input((4,))
    yield "shared-across-models", keras.Model(b, w(inner(b)) + inner(w(b)))

    names = ["layers", "lambda", "é ü: |", "<script>\"'`\u202e\n\\", "x", "model", "keras", "λ"]
    x = a = keras.Input((4,))
    for name in names:
        x = L.Dense(3, name=name)(x)
    yield "hostile-names", keras.Model(a, L.Concatenate()([x, a]), name="print")
    x = a = keras.Input((4,))
    for name in names:
        x = L.Dense(4, name=name + "_")(x) + x
    yield "hostile-variables", keras.Model(a, x)

    x = keras.Input((4,))
    heads = [L.Dense(2, name=f"a_rather_long_name_for_layer_number_{i}")(x) for i in range(9)]
    yield "long-lines", keras.Model(x, L.Concatenate(name="a_rather_long_name_for_all")(heads))
    yield "many-outputs", keras.Model(x, dict(zip("abcdefghi", heads, strict=True)))


def with_settings() -> keras.Model:
    a = keras.Input((4,))
    x = L.Dense(
        3,
        kernel_regularizer="l2",
        kernel_initializer=keras.initializers.HeNormal(seed=3),
        bias_constraint=keras.constraints.NonNeg(),
        activity_regularizer=keras.regularizers.L1L2(0.1, 0.2),
        kernel_constraint=keras.constraints.MaxNorm(3),
        dtype="mixed_float16",
        activation=keras.activations.gelu,
    )(a)
    # Named as Keras would name a Dense layer, which must keep its own name then.
    x = L.BatchNormalization(trainable=False, name="dense")(x)
    x = L.Dense(2, name="outer__inner__dense")(L.Activation("silu")(x))
    x = L.LeakyReLU(negative_slope=0.1)(L.Dense(2)(x))
    x = L.Normalization(mean=[1.0, 2.0], variance=[1.0, 4.0])(x)
    x = L.Permute((2, 1))(L.Reshape((2, 1))(L.GaussianNoise(1.0, seed=4)(x)))
    x = L.Conv1D(3, 2, padding="causal", dilation_rate=2)(L.ZeroPadding1D((1, 2))(x))
    x = L.MaxPooling1D(3, padding="same")(L.UpSampling1D(3)(x))
    return keras.Model(a, L.MaxPooling1D(3, strides=1)(x))


def with_operations() -> keras.Model:
    a = keras.Input((8, 4))
    random_array = np.random.default_rng(0).random((8, 4)).astype("float32")
    made = [a[:, 0], a[:, 1:3, ...], a[..., -1], a[:, ::2], a[:, None], 1 - a, 2.0**a, a**2]
    made += [-a, abs(a), a > 0, a < 0, a != 0, ops.equal(a, 1), a / 2, a // 2, a % 2, (-2.0) ** a]
    made += [a @ ops.transpose(a, (0, 2, 1)), ops.clip(a, 0, 1), keras.activations.relu(a, 0.1)]
    made += [ops.split(a, 2, axis=1)[1], *ops.split(a, 4, axis=1), ops.split(a, 8, axis=1)[3]]
    made += [ops.stack([a, a], axis=-1), ops.einsum("bij,bij->bi", a, a), ops.where(a > 0, a, 0.0)]
    made += [ops.multiply(a, np.arange(4.0)), ops.add(a, random_array), ops.add(1.0, a)]
    made += [ops.multiply(np.float32(3), a), ops.full_like(a, 3.0), a * float("inf")]
    made += [ops.image.resize(ops.expand_dims(a, -1), (4, 4)), ops.norm(a, axis=1)]
    made += [ops.top_k(a, 2)[0], ops.one_hot(ops.argmax(a, -1), 4), ops.cast(a, "float16")]
    made += [ops.sum(a, axis=(1, 2), keepdims=True), ops.max(a, 1), ops.reshape(a, (-1, 4))]
    made += [ops.take(a, np.array([0, 1]), axis=1), ops.pad(a, ((0, 0), (1, 1), (0, 0)))]
    made += [ops.unstack(a, axis=2)[0], ops.logical_and(a > 0, a < 1), ops.average(a, axis=1)]
    made += [
        ops.nn.moments(a, axes=1)[0],
        ops.softmax(a),
        ops.linalg.norm(a),
        ops.layer_normalization(a),
    ]
    return keras.Model(a, made)


CASES = dict(awkward())


@pytest.mark.parametrize("name", CASES)
def test_awkward_models(name: str) -> None:
    check(CASES[name])


def test_settings_are_kept_and_defaults_left_out() -> None:
    code = check(with_settings())
    assert "kernel_initializer=initializers.HeNormal(seed=3)," in code
    assert "layers.MaxPooling1D(pool_size=3, strides=1)" in code
    assert 'name="outer__inner__dense"' in code
    assert "bias_initializer" not in code
    assert "use_bias" not in code


def test_operations_with_their_constants() -> None:
    code = check(with_operations())
    for text in ("= 1 - inputs", "= inputs[:, ::2]", "= 2.0**inputs", 'ops.einsum("bij,bij->bi"'):
        assert text in code


def test_the_code_is_what_formatters_leave_and_linters_pass(tmp_path: Path) -> None:
    codes = {name: to_code(model) for name, model in CASES.items()}
    codes |= {"settings": to_code(with_settings()), "operations": to_code(with_operations())}
    tidy(codes, tmp_path)


def test_a_chain_reads_as_people_write_it() -> None:
    x = keras.Input((28, 28, 1), name="image")
    y = L.Conv2D(8, 3, activation="relu")(x)
    y = L.Flatten()(L.MaxPooling2D()(y))
    model = keras.Model(x, L.Dense(10, name="digits")(y), name="tiny")
    assert to_code(model) == (
        "import keras\n"
        "from keras import layers\n"
        "\n"
        'image = keras.Input((28, 28, 1), name="image")\n'
        'x = layers.Conv2D(8, 3, activation="relu")(image)\n'
        "x = layers.MaxPooling2D()(x)\n"
        "x = layers.Flatten()(x)\n"
        'x = layers.Dense(10, name="digits")(x)\n'
        'model = keras.Model(image, x, name="tiny")\n'
    )


@pytest.mark.parametrize("name", ["masks", "dict-ports", "nested-twice", "wrappers", "states"])
def test_what_the_code_builds_computes_the_same(name: str) -> None:
    model = CASES[name]
    made = run(to_code(model))
    made.set_weights(model.get_weights())
    rng = np.random.default_rng(0)
    sizes = [(2, *t.shape[1:]) for t in model.inputs]
    whole = [t.dtype == "int32" for t in model.inputs]
    batch = [
        rng.integers(0, 3, size) if numbers else rng.random(size)
        for size, numbers in zip(sizes, whole, strict=True)
    ]
    batch = batch if isinstance(model.input, list) else batch[0]
    for one, other in zip(
        keras.tree.flatten(model(batch)), keras.tree.flatten(made(batch)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_loaded_model_with_masks(tmp_path: Path) -> None:
    CASES["masks"].save(tmp_path / "m.keras")
    check(keras.models.load_model(tmp_path / "m.keras"))


def test_writing_changes_nothing() -> None:
    model = with_settings()
    random.seed(7)
    expected = random.random()
    random.seed(7)
    before = kl.read_graph(model)
    assert to_code(model) == to_code(model)
    assert random.random() == expected
    assert [call.id for call in kl.read_graph(model).calls] == [call.id for call in before.calls]
    assert not diff(before, model)


def test_a_skeleton_stays_one() -> None:
    with kl.skeleton():
        model = keras.Sequential([keras.Input((8,)), L.Dense(2, name="out")])
    code = to_code(model)
    assert kl.read_graph(model).skeleton
    assert not diff(model, run(code))


class Scale(keras.layers.Layer):
    """A layer of a module that can be imported."""

    def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return x * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


def test_a_custom_layer_is_imported_or_named_as_missing() -> None:
    class Local(Scale):
        pass

    x = keras.Input((4,))
    model = keras.Model(x, Local(4.0, name="loc")(Scale()(Scale(3.0)(x))))
    code = to_code(model)
    assert f"from {__name__} import Scale\n" in code
    assert "= Scale()(x)" in code
    assert "= Scale(factor=3.0)(" in code
    assert list(code.needs) == ["Local"]
    assert code.startswith("# To be defined before this code runs:\n#   Local: a class")
    sys.modules.setdefault(__name__, importlib.import_module(__name__))
    assert not diff(model, run(code, Local=Local))


def test_a_lambda_is_named_as_missing() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, L.Lambda(lambda t: t * 2.0, name="twice")(x))
    code = to_code(model)
    assert list(code.needs) == ["function"]
    assert run(code, function=lambda t: t * 2.0).output_shape == (None, 4)


def test_code_shows_as_code() -> None:
    x = keras.Input((4,))
    code = to_code(keras.Model(x, L.Dense(2, name="```")(x)))
    assert isinstance(code, str)
    markdown = code._repr_markdown_()
    assert markdown.startswith("````python\nimport keras\n")
    assert markdown.endswith("\n````\n")


def test_what_cannot_be_written_says_so() -> None:
    class Own(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    own = Own(name="own")
    own(np.zeros((1, 2)))
    with pytest.raises(ModelError, match="'own' is of the subclass Own, whose code is its class"):
        to_code(own)
    with pytest.raises(ModelError, match="A Keras model is needed, but 3"):
        to_code(3)
    with pytest.raises(ModelError, match="does not know its input shape"):
        to_code(keras.Sequential([L.Dense(2)]))
