import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def dense_encoder(width=3):
    return B.Chain({"dense": lambda *, name: L.Dense(width, name=name)})


def triplet_model(**settings):
    block = B.Triplet(dense_encoder(), **settings)
    inputs = [keras.Input((4,)) for _ in range(3)]
    return block, keras.Model(inputs, block(inputs))


def three_of(samples=6, seed=1):
    random = np.random.default_rng(seed)
    return [random.normal(size=(samples, 4)).astype("float32") for _ in range(3)]


def distances(block, data):
    kernel, bias = (array(w) for w in block.parts["encoder"].parts["dense"].weights)
    a, p, n = (x @ kernel + bias for x in data)
    a, p, n = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, p, n))
    return ((a - p) ** 2).sum(-1), ((a - n) ** 2).sum(-1)


class TestTriplet:
    @pytest.mark.parametrize("margin", [0.2, 1.0])
    def test_equals_numpy(self, margin):
        block, model = triplet_model(margin=margin)
        data = three_of()
        near, far = distances(block, data)
        loss = np.maximum(near - far + margin, 0)
        assert 0 < (loss == 0).sum() < len(loss)  # both sides of the corner are there
        np.testing.assert_allclose(array(model(data))[:, 0], loss, rtol=1e-4, atol=1e-6)

    def test_distances_equal_numpy(self):
        block, model = triplet_model(output="distances")
        data = three_of()
        np.testing.assert_allclose(
            array(model(data)), np.stack(distances(block, data), -1), rtol=1e-4, atol=1e-6
        )

    def test_embedding_is_the_encoders_and_of_length_one(self):
        block, model = triplet_model()
        x = keras.Input((4,))
        encoder = keras.Model(x, block.embed(x))
        assert {id(w) for w in encoder.weights} == {id(w) for w in model.weights}
        lengths = np.linalg.norm(array(encoder(three_of()[0])), axis=-1)
        np.testing.assert_allclose(lengths, 1, rtol=1e-5)

    @pytest.mark.parametrize("data", ["zeros", "same"])
    def test_identical_images_give_finite_gradients(self, data):
        _, model = triplet_model()
        x = np.zeros((2, 4), "float32") if data == "zeros" else three_of(2)[0]
        model.compile("sgd", "mean_absolute_error")
        before = [array(w).copy() for w in model.weights]
        assert model.train_on_batch([x, x, x], np.zeros(2)) == pytest.approx(0.2)
        # Three equal images leave nothing to learn from.
        for weight, old in zip(model.weights, before, strict=True):
            np.testing.assert_allclose(array(weight), old, atol=1e-6)

    def test_a_blank_image_does_not_throw_the_weights_away(self):
        _, model = triplet_model()
        model.compile("sgd", "mean_absolute_error")
        a, p, n = three_of(2)
        model.train_on_batch([np.zeros_like(a), p, n], np.zeros(2))
        assert all(np.abs(array(w)).max() < 10 for w in model.weights)

    def test_fit_with_zeros_pulls_the_classes_apart(self):
        random = np.random.default_rng(3)
        centres = np.array([[1, 1, 1, 1], [1, 1, 1, -1]])

        def near(label):
            return (centres[label] + 0.2 * random.normal(size=(64, 4))).astype("float32")

        block, model = triplet_model()
        model.compile(keras.optimizers.Adam(0.03), "mean_absolute_error")
        data = [near(0), near(0), near(1)]
        history = model.fit(data, np.zeros(64), epochs=15, verbose=0).history["loss"]
        assert history[-1] < 0.1 * history[0]
        close, far = distances(block, data)
        assert (close < far).mean() > 0.95

    @pytest.mark.parametrize(
        ("make", "error", "message"),
        [
            (lambda: B.Triplet("x"), TypeError, r"Triplet\(encoder=.*Received: 'x'"),
            (lambda: B.Triplet(B.Residual), TypeError, r"the class Residual; write Residual\("),
            (
                lambda: B.Triplet(L.Dense(2), 0),
                ValueError,
                r"margin=.*above 0 and below 4. Received: 0\.",
            ),
            (lambda: B.Triplet(L.Dense(2), 4.0), ValueError, r"margin=.*Received: 4.0"),
            (lambda: B.Triplet(L.Dense(2), output="x"), ValueError, r"output=.*'distances'.*'x'"),
            (lambda: B.Triplet(L.Dense(2), name="a__b"), ValueError, r"Try: 'a_b'"),
        ],
    )
    def test_wrong_settings(self, make, error, message):
        with pytest.raises(error, match=message):
            make()

    def test_wrong_inputs(self):
        x, image = keras.Input((4,)), keras.Input((8, 8, 3))
        with pytest.raises(ValueError, match=r"takes three inputs.*Received: 2"):
            B.Triplet(dense_encoder())(x, x)
        with pytest.raises(ValueError, match=r"vectors \(batch, d\).*8, 8, 3\).*GlobalAverage"):
            B.Triplet(dense_encoder())(image, image, image)
        with pytest.raises(ValueError, match=r"Triplet.*order of the inputs matters"):
            B.Triplet(dense_encoder())({"a": x, "b": x, "c": x})
        with pytest.raises(TypeError, match="one symbolic tensor"):
            B.Triplet(dense_encoder()).embed(np.ones((2, 4)))


class TestSharedEmbedding:
    def test_average_leaves_padding_out(self):
        block = B.SharedEmbedding(9, 4, "average")
        x = keras.Input((None,), dtype="int32")
        model = keras.Model(x, block(x))
        table = array(block.parts["embedding"].weights[0])
        assert np.abs(table[0]).max() > 0  # id 0 has a vector, which must not count
        found = array(model(np.array([[1, 2, 0, 0], [5, 0, 7, 7], [0, 0, 0, 0]])))
        expected = [(table[1] + table[2]) / 2, (table[5] + 2 * table[7]) / 3, np.zeros(4)]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)

    def test_padding_learns_nothing_and_shared_ids_learn_from_both(self):
        block = B.SharedEmbedding(6, 2, "average")
        inputs = [keras.Input((3,), dtype="int32"), keras.Input((1,), dtype="int32")]
        model = keras.Model(inputs, block(inputs))
        model.compile("sgd", "mse")
        table = block.parts["embedding"].weights[0]
        before = array(table).copy()
        data = [np.array([[1, 0, 0]]), np.array([[2]])]
        model.train_on_batch(data, [np.ones((1, 2)), np.ones((1, 2))])
        moved = np.abs(array(table) - before).max(-1) > 0
        assert moved.tolist() == [False, True, True, False, False, False]

    def test_a_single_id_needs_no_length(self):
        block = B.SharedEmbedding(6, 2, "average")
        assert block(keras.Input((), dtype="int32")).shape == (None, 2)

    def test_form_of_the_answer_is_that_of_the_call(self):
        block, x = B.SharedEmbedding(6, 2), keras.Input((3,), dtype="int32")
        assert isinstance(block([x, x]), list)
        assert isinstance(block(x, x), list)
        assert list(block({"z": x, "a": x})) == ["z", "a"]
        assert block(x).shape == (None, 3, 2)

    def test_mask_reaches_the_next_layer(self):
        x = keras.Input((4,), dtype="int32")
        model = keras.Model(x, L.GlobalAveragePooling1D()(B.SharedEmbedding(6, 2, mask=True)(x)))
        padded = array(model(np.array([[3, 4, 0, 0]])))
        full = array(model(np.array([[3, 4, 3, 4]])))
        np.testing.assert_allclose(padded, full, rtol=1e-6)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: B.SharedEmbedding(0, 4), r"SharedEmbedding\(ids=.*Received: 0"),
            (lambda: B.SharedEmbedding(9, 0), r"SharedEmbedding\(width=.*Received: 0"),
            (lambda: B.SharedEmbedding(9, 4, "sum"), r"pooling=.*'average'.*Received: 'sum'"),
            (lambda: B.SharedEmbedding(9, 4, "average", mask=True), r"Leave mask out"),
        ],
    )
    def test_wrong_settings(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()

    def test_wrong_inputs(self):
        ids = keras.Input((3,), dtype="int32")
        with pytest.raises(ValueError, match=r"input 2 must be .*dtype='int32'.*float32"):
            B.SharedEmbedding(9, 4)([ids, keras.Input((3,))])
        with pytest.raises(ValueError, match=r"input 'a' must be \(batch,\).*\(None, 3, 2\)"):
            B.SharedEmbedding(9, 4)({"a": keras.Input((3, 2), dtype="int32")})
        with pytest.raises(ValueError, match="one input or more"):
            B.SharedEmbedding(9, 4)([])


class TestUnitLength:
    def test_equals_numpy_and_keras(self):
        x = keras.Input((5, 3))
        data = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
        found = array(keras.Model(x, B.UnitLength()(x))(data))
        np.testing.assert_allclose(
            found, data / np.linalg.norm(data, axis=-1, keepdims=True), rtol=1e-5
        )
        np.testing.assert_allclose(found, array(L.UnitNormalization()(data)), rtol=1e-5)

    def test_half_precision_is_left(self):
        block = B.UnitLength()
        x = keras.Input((2,), dtype="float16")
        model = keras.Model(x, block(x))
        found = array(model(np.array([[3e-4, 4e-4]], "float16")))
        np.testing.assert_allclose(found, [[0.6, 0.8]], rtol=1e-2)

    def test_wrong_input(self):
        with pytest.raises(ValueError, match=r"vectors \(batch, ..., d\).*Received: \(None,\)"):
            B.UnitLength()(keras.Input(()))
