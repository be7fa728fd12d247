import keras
import numpy as np
import pytest

from keraslab import zoo

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

START, STOP = 10, 11


def array(x):
    return keras.ops.convert_to_numpy(x)


def randomise(model, scale=0.6):
    random = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(array(weight) + random.normal(scale=scale, size=weight.shape))


def reversed_digits(samples, seed):
    """Return numbers of 3 to 6 digits, and the same from the back, shifted and to be told."""
    random = np.random.default_rng(seed)
    source, target, wanted = (np.zeros((samples, n), "int32") for n in (6, 7, 7))
    for i in range(samples):
        digits = random.integers(1, 10, random.integers(3, 7))
        source[i, : len(digits)] = digits
        target[i, : len(digits) + 1] = [START, *digits[::-1]]
        wanted[i, : len(digits) + 1] = [*digits[::-1], STOP]
    return source, target, wanted


SETTINGS = {"recurrent": {}, "transformer": {"depth": 1, "heads": 4, "dropout": 0}}


@pytest.mark.parametrize("kind", ["recurrent", pytest.param("transformer", marks=pytest.mark.slow)])
def test_learns_to_reverse_numbers_and_shows_where_it_looks(kind):
    keras.utils.set_random_seed(0)
    made = zoo.seq2seq(kind, 10, 12, width=32, **SETTINGS[kind])
    rate = {"recurrent": 0.01, "transformer": 0.003}[kind]
    made.model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    source, target, wanted = reversed_digits(2000, seed=1)
    made.model.fit([source, target], wanted, epochs=6, batch_size=64, verbose=0)

    source, target, wanted = reversed_digits(50, seed=2)
    written = made.translate(source, start=START, stop=STOP, length=9)
    assert written.shape[1] <= 9
    written = np.pad(written, ((0, 0), (0, 9)))[:, :7]
    assert (written == wanted).all(axis=1).mean() > 0.9

    maps = array(made.attention([source, target]))
    if kind == "transformer":
        maps = maps.mean(axis=1)
    full = (source > 0).all(axis=1)
    # The nth step looks at the nth digit from the back.
    diagonal = maps[full][:, :6, ::-1].diagonal(axis1=1, axis2=2)
    assert diagonal.mean() > 0.4 > 2 / 6


@pytest.mark.parametrize("kind", SETTINGS)
def test_translate_takes_the_likeliest_id_and_ends_at_stop(kind):
    made = zoo.seq2seq(kind, 10, 12, width=8, **SETTINGS[kind])
    randomise(made.model)
    source = reversed_digits(5, seed=0)[0]
    written = made.translate(source, start=START, stop=-1, length=4)
    assert written.shape == (5, 4)
    # The training graph, told what was written, would have said the same.
    target = np.concatenate([np.full((5, 1), START), written[:, :-1]], axis=1).astype("int32")
    np.testing.assert_array_equal(array(made.model([source, target])).argmax(-1), written)
    # With an id that was written as the stop, nothing but zeros follows it.
    stop = written[0, 1]
    again = made.translate(source, start=START, stop=stop, length=4)
    for row, free in zip(again, written, strict=True):
        ends = np.flatnonzero(free == stop)
        length = ends[0] + 1 if len(ends) else 4
        np.testing.assert_array_equal(row[:length], free[: len(row)][:length])
        assert not row[length:].any()
    alone = made.translate(source[:1], start=START, stop=stop, length=9)
    assert alone.shape[1] == np.flatnonzero(written[0] == stop)[0] + 1


@pytest.mark.parametrize("kind", SETTINGS)
def test_the_models_of_seq2seq_share_every_weight(kind):
    made = zoo.seq2seq(kind, 10, 12, width=8, **SETTINGS[kind])
    own = {id(w) for w in made.model.weights}
    assert {id(w) for w in [*made.encoder.weights, *made.step.weights]} == own
    assert {id(w) for w in made.attention.weights} < own


def test_conv_recurrent_keeps_sensors_apart_until_the_recurrent_layers():
    model = zoo.conv_recurrent((12, 3), 4, filters=2, kernel_size=3, width=5)
    randomise(model)
    features = keras.Model(model.input, model.get_layer("body__convolutions__sequence").output)
    x = np.random.default_rng(0).normal(size=(2, 12, 3)).astype("float32")
    changed = x.copy()
    changed[:, :, 1] += 1
    same = np.isclose(array(features(x)), array(features(changed))).all(axis=(0, 1))
    assert features.output_shape == (None, 12 - 4 * 2, 3 * 2)
    np.testing.assert_array_equal(same, [True, True, False, False, True, True])
    # The recurrent layers see the order of moments.
    assert np.abs(array(model(x)) - array(model(x[:, ::-1].copy()))).max() > 1e-4


def document(samples=3, seed=0):
    x = np.random.default_rng(seed).integers(1, 20, (samples, 4, 6)).astype("int32")
    x[0, 3] = 0  # three sentences
    x[:, 2, 4:] = 0  # a sentence of four words
    return x


@pytest.fixture(scope="module")
def han():
    made = zoo.hierarchical(20, (4, 6), 3, embedding=8, width=5)
    randomise(made.model)
    return made


def test_hierarchical_padding_changes_nothing(han):
    x = document()
    wide = np.zeros((3, 5, 9), "int32")
    wide[:, :4, :6] = x
    other = zoo.hierarchical(20, (5, 9), 3, embedding=8, width=5)
    other.model.set_weights(han.model.get_weights())
    np.testing.assert_allclose(array(other.model(wide)), array(han.model(x)), atol=1e-5)
    filled = np.where(x == 0, 7, x)
    assert np.abs(array(han.model(filled)) - array(han.model(x))).max(axis=1).min() > 1e-4


def test_hierarchical_equals_its_levels_one_by_one(han):
    x = document()
    vectors = np.stack([array(han.sentence(x[:, i])) for i in range(4)], axis=1)
    layer = han.model.get_layer
    gru = layer("read_sentences__gru")
    real = x.any(-1)
    states = array(gru(vectors, mask=real))
    kernel, bias = map(array, layer("read_sentences__hidden").weights)
    score = np.tanh(states @ kernel + bias) @ array(layer("read_sentences__context").kernel)
    share = np.exp(score) * real[..., None]
    share /= share.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(array(han.sentences(x)), share, atol=1e-5)
    kernel, bias = map(array, layer("output").weights)
    logits = (share * states).sum(axis=1) @ kernel + bias
    wanted = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(array(han.model(x)), wanted, atol=1e-5)


def test_hierarchical_words_are_shares_of_real_words(han):
    shares = array(han.words(document()[:, 2]))[..., 0]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(shares[:, 4:], 0)
    assert shares[:, :4].std() > 0.01


def test_hierarchical_holds_one_encoder_of_sentences(han):
    assert han.model.get_layer("every_sentence").layer is han.sentence
    assert {id(w) for w in han.sentence.weights} < {id(w) for w in han.model.weights}
    empty = np.zeros((2, 4, 6), "int32")
    assert np.isfinite(array(han.model(empty))).all()


def test_wrong_settings():
    with pytest.raises(ValueError, match=r"seq2seq\(kind=.*'transformer'.*Received: 'lstm'"):
        zoo.seq2seq("lstm", 10, 12)
    with pytest.raises(ValueError, match=r"seq2seq\(heads=.*only kind='transformer'.*: 4"):
        zoo.seq2seq("recurrent", 10, 12, heads=4)
    with pytest.raises(ValueError, match=r"width=.*Received: 0"):
        zoo.seq2seq("recurrent", 10, 12, width=0)
    with pytest.raises(ValueError, match=r"conv_recurrent\(classes=.*Received: 0"):
        zoo.conv_recurrent(classes=0)
    with pytest.raises(ValueError, match=r"conv_recurrent\(input_shape=.*Received: \(24,\)"):
        zoo.conv_recurrent((24,))
    with pytest.raises(ValueError, match=r"need a length of 17 or more. Received: 16"):
        zoo.conv_recurrent((16, 113))
    with pytest.raises(ValueError, match=r"conv_recurrent\(dropout=.*Received: 1"):
        zoo.conv_recurrent(dropout=1)
    with pytest.raises(ValueError, match=r"conv_recurrent\(activation=.*Received: 'soft'"):
        zoo.conv_recurrent(activation="soft")
    with pytest.raises(ValueError, match=r"hierarchical\(vocabulary=.*Received: 0"):
        zoo.hierarchical(0)
    with pytest.raises(ValueError, match=r"hierarchical\(input_shape=.*Received: \(None, 50\)"):
        zoo.hierarchical(10, (None, 50))
