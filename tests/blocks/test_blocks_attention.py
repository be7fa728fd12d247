"""Attention against its formulas in numpy; what is later or padding is not seen."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)


def array(x):
    return keras.ops.convert_to_numpy(x)


def draw(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def model_of(inputs, outputs):
    """Return a model with weights far from their first values, biases too."""
    model = keras.Model(inputs, outputs)
    for weight in model.weights:
        weight.assign(RANDOM.normal(0.0, 0.5, weight.shape))
    return model


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def normalised(x, layer, epsilon=1e-6):
    gamma, beta = map(array, layer.weights)
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon) * gamma + beta


def attention(layer, q, m, causal=False):
    """Return formula (1) of Vaswani et al. 2017 for all heads, and its weights."""
    wq, bq, wk, bk, wv, bv, wo, bo = (array(w) for w in layer.weights)
    q, k = np.einsum("btd,dhk->bhtk", q, wq), np.einsum("bsd,dhk->bhsk", m, wk)
    v = np.einsum("bsd,dhk->bhsk", m, wv) + bv[:, None]
    q, k = q + bq[:, None], k + bk[:, None]
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, -np.inf)
    weights = softmax(scores)
    return np.einsum("bhtk,hkd->btd", weights @ v, wo) + bo, weights


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_self_attention_is_its_formula(pre_norm, causal):
    block = B.MultiHeadAttention(2, causal=causal, pre_norm=pre_norm)
    x = keras.Input((5, 6))
    model, data = model_of(x, block.with_scores(x)), draw(3, 5, 6)
    layer, norm = block.parts["attention"], block.parts["norm"]
    seen = normalised(data, norm) if pre_norm else data
    y, weights = attention(layer, seen, seen, causal)
    y = data + y if pre_norm else normalised(data + y, norm)
    close(array(model(data)[0]), y)
    close(array(model(data)[1]), weights)
    close(array(keras.Model(x, block(x))(data)), y)


def test_cross_attention_is_its_formula():
    block = B.MultiHeadAttention(3, key_dim=4)
    inputs = [keras.Input((5, 6)), keras.Input((7, 8))]
    model, data = model_of(inputs, block.with_scores(inputs)), [draw(2, 5, 6), draw(2, 7, 8)]
    y, weights = attention(block.parts["attention"], *data)
    close(array(model(data)[0]), normalised(data[0] + y, block.parts["norm"]))
    close(array(model(data)[1]), weights)
    assert model.output_shape == [(None, 5, 6), (None, 3, 5, 7)]


@pytest.mark.parametrize("pre_norm", [False, True])
def test_decoder_is_its_three_sub_layers(pre_norm):
    block = B.TransformerDecoder(2, 5, pre_norm=pre_norm)
    inputs = [keras.Input((4, 6)), keras.Input((3, 6))]
    model, (x, memory) = model_of(inputs, block(*inputs)), (draw(2, 4, 6), draw(2, 3, 6))

    def sub_layer(x, part, function):
        norm = block.parts[part].parts["norm"]
        if pre_norm:
            return x + function(normalised(x, norm), block.parts[part].parts)
        return normalised(x + function(x, block.parts[part].parts), norm)

    def dense(x, layer):
        kernel, bias = map(array, layer.weights)
        return x @ kernel + bias

    y = sub_layer(x, "attention", lambda x, p: attention(p["attention"], x, x, causal=True)[0])
    y = sub_layer(y, "cross", lambda x, p: attention(p["attention"], x, memory)[0])
    y = sub_layer(
        y, "feed_forward", lambda x, p: dense(np.maximum(dense(x, p["hidden"]), 0), p["output"])
    )
    close(array(model([x, memory])), y)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_decoder_sees_nothing_later(dropout):
    tower = B.Repeat(B.TransformerDecoder(2, 6, dropout=dropout), 2)
    x = keras.Input((None, 4))
    model, data = model_of(x, tower(x)), draw(2, 6, 4)
    changed = data.copy()
    changed[:, 3] += 1.0
    before, after = array(model(data)), array(model(changed))
    close(before[:, :3], after[:, :3])
    assert (np.abs(before[:, 3:] - after[:, 3:]).max(axis=(0, 2)) > 1e-3).all()


def test_encoder_sees_everything():
    x = keras.Input((None, 4))
    model, data = model_of(x, B.TransformerEncoder(2)(x)), draw(2, 6, 4)
    changed = data.copy()
    changed[:, 3] += 1.0
    moved = np.abs(array(model(data)) - array(model(changed))).max(axis=(0, 2))
    assert (moved > 1e-4).all()


def embedded(ids, positions="learned"):
    x = L.Embedding(9, 4, mask_zero=True)(ids)
    return B.Positions(positions, 20 if positions == "learned" else None)(x, ids)


@pytest.mark.parametrize("pre_norm", [False, True])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_padding_changes_nothing(positions, pre_norm):
    ids = keras.Input((None,), dtype="int32")
    tower = B.Repeat(B.TransformerEncoder(2, dropout=0.1, pre_norm=pre_norm), 3)
    model = model_of(ids, tower(embedded(ids, positions)))
    short = np.array([[3, 1, 4, 1], [5, 8, 2, 6]])
    padded = np.pad(short, ((0, 0), (0, 3)))
    close(array(model(padded))[:, :4], array(model(short)))
    if pre_norm and positions == "learned":  # as a compiled function too
        close(model.predict(padded, verbose=0)[:, :4], model.predict(short, verbose=0))


@pytest.mark.parametrize("pre_norm", [False, True])
def test_padding_of_a_memory_changes_nothing_in_any_layer_that_looks_at_it(pre_norm):
    ids, x = keras.Input((None,), dtype="int32"), keras.Input((3, 4))
    memory = B.TransformerEncoder(2, pre_norm=pre_norm)(embedded(ids))
    outputs, y = [], x
    for _ in range(3):
        y = B.TransformerDecoder(2, pre_norm=pre_norm)(y, memory)
        outputs.append(y)
    model, data = model_of([ids, x], outputs), draw(2, 3, 4)
    short = np.array([[3, 1, 4, 1], [5, 8, 2, 6]])
    padded = np.pad(short, ((0, 0), (0, 3)))
    for a, b in zip(model([short, data]), model([padded, data]), strict=True):
        close(array(a), array(b))


def test_sinusoidal_positions_are_their_formula():
    for width in (6, 7):
        x = keras.Input((None, width))
        made = array(keras.Model(x, B.Positions()(x))(np.zeros((2, 300, width), "float32")))
        rows = []
        for position in range(300):
            angles = [position / 10000 ** (2 * (c // 2) / width) for c in range(width)]
            rows.append([(np.cos if c % 2 else np.sin)(a) for c, a in enumerate(angles)])
        np.testing.assert_allclose(made, [rows, rows], atol=1e-4)


def test_learned_positions_are_the_rows_of_a_table():
    x = keras.Input((None, 3))
    block = B.Positions("learned", 5)
    model, data = model_of(x, block(x)), draw(2, 4, 3)
    close(array(model(data)), data + array(block.parts["embedding"].weights[0])[:4])


def test_positions_keep_what_is_no_padding():
    ids, x = keras.Input((None,), dtype="int32"), keras.Input((None, 4))
    made = keras.Model([ids, x], B.Positions()(x, ids))
    plain, data = keras.Model(x, B.Positions()(x)), draw(1, 3, 4)
    both = array(made([np.array([[2, 0, 1]]), data]))
    close(both[:, [0, 2]], array(plain(data))[:, [0, 2]])
    assert not both[:, 1].any()


@pytest.mark.parametrize("queries", [(), (2,)])
def test_additive_attention_is_its_formula(queries):
    block = B.AdditiveAttention(5)
    query, ids = keras.Input((*queries, 3)), keras.Input((None,), dtype="int32")
    memory = L.Embedding(9, 4, mask_zero=True)(ids)
    model = model_of([query, ids], [*block.with_scores(query, memory), memory])
    q, data = draw(2, *queries, 3), np.array([[1, 2, 3, 0], [4, 0, 0, 0]])
    context, weights, h = map(array, model([q, data]))
    w, u, v = (array(block.parts[part].weights[0]) for part in ("query", "key", "attention"))
    q = q.reshape(2, -1, 3)
    scores = np.tanh((q @ w)[:, :, None] + (h @ u)[:, None]) @ v
    expected = softmax(np.where(data[:, None] > 0, scores, -np.inf))
    close(weights.reshape(expected.shape), expected)
    close(context.reshape(2, -1, 4), expected @ h)
    assert (weights[1] == [1, 0, 0, 0]).all()


def test_scores_after_a_plain_call_share_the_weights():
    x, memory = keras.Input((5, 4)), keras.Input((None, 6))
    for block in (B.MultiHeadAttention(2), B.TransformerDecoder(2), B.AdditiveAttention(3)):
        model = keras.Model([x, memory], block(x, memory))
        scores = keras.Model([x, memory], block.scores(x, memory))
        assert {id(w) for w in scores.weights} <= {id(w) for w in model.weights}
        data = [draw(2, 5, 4), draw(2, 3, 6)]
        assert np.allclose(array(scores(data)).sum(-1), 1.0, atol=1e-5)


def inputs(*shapes):
    return [keras.Input(shape) for shape in shapes]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: B.MultiHeadAttention(0), r"MultiHeadAttention\(heads=...\).*Received: 0"),
        (lambda: B.MultiHeadAttention(2, key_dim=0), r"key_dim=...\).*Received: 0"),
        (lambda: B.MultiHeadAttention(2, dropout=1), r"dropout=...\).*below 1. Received: 1"),
        (lambda: B.MultiHeadAttention(2, epsilon=0), r"epsilon=...\).*Received: 0"),
        (lambda: B.MultiHeadAttention(3)(*inputs((5, 4))), "heads=3 must divide.*width, 4"),
        (lambda: B.MultiHeadAttention(2)(*inputs((4,))), r"the input must be.*\(None, 4\)"),
        (lambda: B.MultiHeadAttention(2)(*inputs((5, None))), "with a known width"),
        (lambda: B.MultiHeadAttention(2)(*inputs((5, 4), (4,))), r"the memory must.*\(None, 4\)"),
        (lambda: B.MultiHeadAttention(2)(*inputs((5, 4), (5, 4), (5, 4))), "Received: 3 inputs"),
        (
            lambda: B.MultiHeadAttention(2)({"query": keras.Input((5, 4))}),
            r"order of the inputs matters",
        ),
        (lambda: B.MultiHeadAttention(2, name="a__b"), "a__b"),
        (lambda: B.TransformerEncoder(0), r"TransformerEncoder\(heads=...\)"),
        (lambda: B.TransformerEncoder(2, 0), r"TransformerEncoder\(hidden=...\).*Received: 0"),
        (lambda: B.TransformerDecoder(2, activation="rely"), r"TransformerDecoder\(activation="),
        (lambda: B.TransformerDecoder(2)(*inputs((5, 4), (5, 4), (5, 4))), "Received: 3 inputs"),
        (lambda: B.Positions("relative"), r"kind=...\): must be one of 'sinusoidal', 'learned'"),
        (lambda: B.Positions("learned"), r"max_length=...\).*Received: None"),
        (lambda: B.Positions(max_length=9), r"max_length=...\).*Received: 9. Leave it out"),
        (lambda: B.Positions("learned", 4)(*inputs((5, 4))), r"max_length=4 .*Give max_length=5"),
        (lambda: B.Positions()(*inputs((5,))), r"must be \(batch, length, width\)"),
        (lambda: B.Positions()(*inputs((5, 4), (5, 4))), r"ids must be \(batch, length\)"),
        (lambda: B.AdditiveAttention(0), r"AdditiveAttention\(units=...\).*Received: 0"),
        (lambda: B.AdditiveAttention(2)(*inputs((5,))), "takes two inputs.*Received: 1"),
        (lambda: B.AdditiveAttention(2)(*inputs((5,), (4,))), r"the memory must.*\(None, 4\)"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_decoder_keeps_to_its_number_of_inputs():
    block = B.TransformerDecoder(2)
    x, memory = inputs((5, 4), (3, 4))
    block(x)
    with pytest.raises(ValueError, match="number of inputs was 1 on the first call"):
        block(x, memory)
