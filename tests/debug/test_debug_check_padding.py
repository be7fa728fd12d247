"""Rows of ids filled up with zeros that no mask leaves out, and rows where 0 is a token."""

import keras
import numpy as np
import pytest
from checking import found, one
from keras import layers, ops

LENGTH, WORDS = 12, 40


def ids(side="post", rows=24):
    rng = np.random.default_rng(0)
    texts = [rng.integers(1, WORDS, size=n).tolist() for n in rng.integers(3, LENGTH + 1, rows)]
    return keras.utils.pad_sequences(texts, maxlen=LENGTH, padding=side)


def model_of(read, mask_zero=False):
    text = keras.Input((LENGTH,), name="text", dtype="int32")
    look = layers.Embedding(WORDS, 8, mask_zero=mask_zero, name="look")
    return keras.Model(text, layers.Dense(1, name="score")(read(text, look)))


def attended(h):
    h = layers.MultiHeadAttention(2, 4, name="attend")(h, h)
    return layers.Flatten()(h)


READERS = {
    "lstm": lambda text, look: layers.LSTM(8, name="read")(look(text)),
    "gru-both-ways": lambda text, look: layers.Bidirectional(layers.GRU(4), name="read")(
        look(text)
    ),
    "simple-in-two-layers": lambda text, look: layers.SimpleRNN(4, name="last")(
        layers.SimpleRNN(4, return_sequences=True, name="read")(look(text))
    ),
    "average": lambda text, look: layers.GlobalAveragePooling1D(name="read")(look(text)),
    "after-a-norm-and-dropout": lambda text, look: layers.GlobalAveragePooling1D(name="read")(
        layers.Dropout(0.2)(layers.LayerNormalization()(look(text)))
    ),
    "two-readers": lambda text, look: layers.concatenate(
        [
            layers.LSTM(3, name="read")(h := look(text)),
            layers.GlobalAveragePooling1D(name="mean")(h),
        ]
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_padding_read_as_words(name):
    model = model_of(READERS[name])
    finding = one(model, "KL790", x=ids())
    assert "'look' has no mask_zero=True" in finding.message
    assert "'read'" in finding.message
    assert "mask_zero=True" in finding.fixes[0].code
    assert finding.fixes[0].tried
    assert found(model_of(READERS[name], mask_zero=True), "KL790", x=ids()) == []


def test_zeros_in_front_and_numbers_as_floats():
    model = model_of(READERS["lstm"])
    assert "begin in zeros" in one(model, "KL790", x=ids("pre")).message
    one(model, "KL790", x=ids().astype("float32"))


def test_attention_reads_the_zeros():
    finding = one(model_of(lambda text, look: attended(look(text))), "KL790", x=ids())
    assert "'attend'" in finding.message


def test_each_of_two_inputs_has_its_own_mask():
    ask, answer = (keras.Input((LENGTH,), name=name) for name in ("ask", "answer"))
    look = layers.Embedding(WORDS, 8, name="look")
    other = layers.Embedding(WORDS, 8, mask_zero=True, name="other")
    both = layers.concatenate([layers.LSTM(4)(look(ask)), layers.LSTM(4)(other(answer))])
    model = keras.Model([ask, answer], layers.Dense(1)(both))
    assert "x['ask']" in one(model, "KL790", x={"ask": ids(), "answer": ids()}).message


def test_a_dataset_of_batches():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a dataset of TensorFlow")
    data = tf.data.Dataset.from_tensor_slices((ids(), np.zeros((24, 1)))).batch(24)
    one(model_of(READERS["lstm"]), "KL790", x=data)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="text of TensorFlow")
def test_text_that_the_model_fills_up():
    texts = ["a bc", "bc", "d e f a", "e e a", "f", "a b d f e", "b b"] * 2
    reads = layers.TextVectorization(output_sequence_length=8)
    reads.adapt(texts)
    text = keras.Input((1,), dtype="string", name="text")
    h = layers.Embedding(20, 4, name="look")(reads(text))
    model = keras.Model(text, layers.Dense(1)(layers.GlobalAveragePooling1D(name="mean")(h)))
    finding = one(model, "KL790", x=np.array(texts)[:, None])
    assert "'mean'" in finding.message
    assert found(model, "KL790", x=np.array(["a b c d e f a b c"] * 9)[:, None]) == []


@pytest.mark.parametrize("name", READERS)
def test_the_fix_makes_padding_without_effect(name):
    model = model_of(READERS[name], mask_zero=True)
    short = ids()[:, : LENGTH - 2]
    model_short = keras.models.clone_model(model, input_tensors=keras.Input((LENGTH - 2,)))
    model_short.set_weights(model.get_weights())
    longer = np.pad(short, ((0, 0), (0, 2)))
    np.testing.assert_allclose(
        model.predict(longer, verbose=0), model_short.predict(short, verbose=0), atol=1e-5
    )


def masked_by_hand(text, look):
    seen = ops.cast(ops.expand_dims(ops.not_equal(text, 0), -1), "float32")
    return layers.GlobalAveragePooling1D()(look(text) * seen)


def masked_call(text, look):
    return layers.LSTM(4)(look(text), mask=ops.not_equal(text, 0))


def convolved(text, look):
    h = layers.Conv1D(4, 3, activation="relu")(look(text))
    return layers.GlobalMaxPooling1D()(h)


def scaled(text, look):
    return layers.LSTM(4)(look(text) * 2.0)  # an operation hands on no mask


def convolved_and_read(text, look):
    return layers.LSTM(4)(layers.Conv1D(4, 3)(look(text)))


@pytest.mark.parametrize(
    "read", [masked_by_hand, masked_call, convolved, scaled, convolved_and_read]
)
def test_what_no_mask_zero_is_for(read):
    assert found(model_of(read), "KL790", x=ids()) == []


def test_flattened_rows_have_no_steps():
    assert found(model_of(lambda t, look: layers.Flatten()(look(t))), "KL790", x=ids()) == []


def _tokens():
    return np.random.default_rng(1).integers(0, WORDS, (64, LENGTH))


def _one_length():
    rows = np.random.default_rng(1).integers(1, WORDS, (64, LENGTH))
    rows[:, -1] = 0
    return rows


def _with_a_start():
    return np.where(np.arange(LENGTH) == 0, 0, _tokens().clip(1))


def _yes_or_no():
    return (np.arange(LENGTH) < np.arange(24)[:, None] % LENGTH + 1).astype(int)


@pytest.mark.parametrize("rows", [_tokens, _one_length, _with_a_start, _yes_or_no])
def test_zeros_that_fill_nothing_up(rows):
    assert found(model_of(READERS["lstm"]), "KL790", x=rows()) == []


def test_no_zeros_and_no_data():
    model = model_of(READERS["lstm"])
    assert found(model, "KL790", x=_tokens().clip(1)) == []
    assert found(model, "KL790") == []
