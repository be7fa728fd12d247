import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DISTANCES = {
    "absolute": lambda a, b: np.abs(a - b),
    "squared": lambda a, b: (a - b) ** 2,
    "euclidean": lambda a, b: np.linalg.norm(a - b, axis=-1, keepdims=True),
    "cosine": lambda a, b: (
        1
        - (a * b).sum(-1, keepdims=True)
        / (np.linalg.norm(a, axis=-1, keepdims=True) * np.linalg.norm(b, axis=-1, keepdims=True))
    ),
    "concat": lambda a, b: np.concatenate([a, b], -1),
}


def identity_twin(distance, width=6):
    """A twin whose encoder does nothing, so that only the distance is seen."""
    a, b = keras.Input((width,)), keras.Input((width,))
    return keras.Model([a, b], B.Twin(L.Activation("linear"), distance)(a, b))


@pytest.mark.parametrize("distance", DISTANCES)
def test_equals_numpy(distance):
    a, b = np.random.default_rng(0).normal(size=(2, 50, 6)).astype("float32")
    model = identity_twin(distance)
    np.testing.assert_allclose(model([a, b]), DISTANCES[distance](a, b), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("distance", sorted(DISTANCES.keys() - {"concat"}))
def test_symmetric(distance):
    a, b = np.random.default_rng(0).normal(size=(2, 50, 6)).astype("float32")
    model = identity_twin(distance)
    np.testing.assert_allclose(model([a, b]), model([b, a]), rtol=1e-6)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("distance", DISTANCES)
def test_a_step_on_identical_and_on_empty_pairs_stays_finite(distance, policy):
    keras.config.set_dtype_policy(policy)
    try:
        encoder = L.Dense(5, use_bias=False)
        a, b = keras.Input((3,)), keras.Input((3,))
        model = keras.Model([a, b], B.Twin(encoder, distance)(a, b))
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    finally:
        keras.config.set_dtype_policy("float32")
    same = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    empty = np.zeros_like(same)  # embeddings of zeros
    for pair in ([same, same], [empty, empty], [empty, same], [same, empty], [same * 1e-9, empty]):
        target = np.ones((4, model.output_shape[-1]), "float32")
        assert np.isfinite(model.train_on_batch(pair, target))
        assert np.isfinite(np.array(encoder.kernel)).all()


def test_euclidean_and_cosine_at_their_ends():
    a = np.array([[3.0, 0, 0, 0, 0, 0]], "float32")
    assert float(identity_twin("euclidean")([a, a])[0, 0]) == pytest.approx(1e-6)
    cosine = identity_twin("cosine")
    assert float(cosine([a, a])[0, 0]) == pytest.approx(0, abs=1e-6)
    assert float(cosine([a, -a])[0, 0]) == pytest.approx(2, abs=1e-6)
    assert float(cosine([a, 0 * a])[0, 0]) == 1


def test_the_encoder_is_one():
    encoder = B.Residual(4)
    twin = B.Twin(encoder, "squared", name="pair")
    a, b = keras.Input((8, 8, 4)), keras.Input((8, 8, 4))
    model = keras.Model([a, b], twin([a, b]))
    alone = keras.Model(a, B.Residual(4)(a))
    assert model.count_params() == alone.count_params()
    assert encoder.name == "pair__encoder"
    assert encoder.parts["conv1"].name == "pair__encoder__conv1"


def test_sizes_may_differ_where_the_encoder_allows():
    encoder = keras.Sequential(
        [keras.Input((None, None, 1)), L.Conv2D(4, 3), L.GlobalAveragePooling2D()]
    )
    twin = B.Twin(encoder, "cosine")
    assert twin(keras.Input((28, 28, 1)), keras.Input((14, 20, 1))).shape == (None, 1)


@pytest.mark.parametrize("encoder", [None, "dense", L.Dense, B.Residual, abs])
def test_wrong_encoders(encoder):
    with pytest.raises(
        TypeError, match=r"Twin\(encoder=\.\.\.\): must be a .*block, layer or model"
    ):
        B.Twin(encoder)


def test_wrong_calls():
    dense = L.Dense(4)
    with pytest.raises(ValueError, match=r"Twin\(distance=.*'euclidean'.*Received: 'manhattan'"):
        B.Twin(dense, "manhattan")
    a = keras.Input((3,))
    for inputs in ([a], [[a]], [a, a, a], [[a, a, a]]):
        with pytest.raises(ValueError, match=r"takes two inputs, twin\(a, b\).*Received: [13]"):
            B.Twin(dense)(*inputs)
    flatten = L.Flatten()
    with pytest.raises(ValueError, match=r"same shape.*\(None, 8\) and \(None, 12\)"):
        B.Twin(flatten)(keras.Input((4, 2)), keras.Input((4, 3)))
    image = keras.Input((8, 8, 3))
    for distance in ("euclidean", "cosine"):
        with pytest.raises(ValueError, match=r"wants embeddings \(batch, d\).*Flatten"):
            B.Twin(L.Conv2D(4, 3), distance)(image, image)
    two = keras.Model(a, [a, L.Dense(2)(a)])
    with pytest.raises(ValueError, match="must return one tensor"):
        B.Twin(two)(a, a)


@pytest.mark.parametrize(
    "make",
    [lambda: L.Dense(3), lambda: keras.Sequential([L.Dense(3)])],
    ids=["layer", "model"],
)
def test_inputs_that_do_not_fit_leave_a_handed_in_encoder_unbuilt(make):
    encoder = make()
    twin = B.Twin(encoder)
    with pytest.raises(ValueError):  # noqa: PT011 -- Keras' own words
        twin(keras.Input((6,)), keras.Input((5,)))
    assert not encoder.built
    assert twin(keras.Input((5,)), keras.Input((5,))).shape == (None, 3)


def test_the_gradient_of_cosine_at_an_embedding_of_zeros_is_modest():
    encoder = L.Dense(2, use_bias=False)
    a, b = keras.Input((2,)), keras.Input((2,))
    model = keras.Model([a, b], B.Twin(encoder, "cosine")(a, b))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    encoder.set_weights([np.array([[1.0, 0.5], [-1.0, -0.5]])])
    empty, other = np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]])  # the first gives zeros
    before = encoder.get_weights()[0]
    np.testing.assert_array_equal(model([empty, other]), [[1.0]])
    model.train_on_batch([empty, other], np.zeros((1, 1)))
    assert np.abs(encoder.get_weights()[0] - before).max() < 10
