"""Branches, inception modules, streams of several resolutions and ensembles, beside numpy."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        ("concat", lambda a, b, c: np.concatenate([a, b, c], axis=-1)),
        ("add", lambda a, b, c: a + b + c),
        ("average", lambda a, b, c: (a + b + c) / 3),
        ("maximum", lambda a, b, c: np.maximum(np.maximum(a, b), c)),
    ],
)
def test_branches_are_merged(merge, expected):
    scales = {"a": L.Rescaling(1.0), "b": L.Rescaling(-2.0), "c": L.Rescaling(1.0, -0.3)}
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, B.Branches(scales, merge)(inputs))
    x = random(2, 5, 4)
    np.testing.assert_allclose(array(model(x)), expected(x, -2 * x, x - 0.3), rtol=1e-5, atol=1e-6)


def test_unknown_sizes_fit_any():
    grow = {"a": L.Identity(), "b": B.ConvNorm(3)}
    assert B.Branches(grow, "add")(keras.Input((None, 8, 3))).shape == (None, None, 8, 3)


def test_merging_names_the_branches_that_do_not_fit():
    image = keras.Input((8, 8, 3))
    with pytest.raises(ValueError, match=r"'a' \(None, 8, 8, 2\), 'b' \(None, 4, 4, 2\).*stride"):
        B.Branches({"a": B.ConvNorm(2), "b": B.ConvNorm(2, stride=2)})(image)
    with pytest.raises(ValueError, match=r"axes.*'b' \(None, 3\).*GlobalAveragePooling2D"):
        B.Branches({"a": B.ConvNorm(2), "b": L.GlobalAveragePooling2D()})(image)
    with pytest.raises(
        ValueError, match=r"Branches 'both'.*channels for 'maximum'.*with 5 channel"
    ):
        B.Branches([B.ConvNorm(2), B.ConvNorm(5)], "maximum", name="both")(image)
    with pytest.raises(ValueError, match=r"'multi_resolution1' must return one tensor.*list"):
        B.Branches([B.MultiResolution([3], depth=1)])(image)


def test_a_failed_call_leaves_nothing():
    block = B.Branches({"a": B.ConvNorm(2), "b": B.ConvNorm(3)}, "add")
    with pytest.raises(ValueError, match="channels"):
        block(keras.Input((8, 8, 3)))
    assert block.parts == {}


def test_an_inception_module_makes_its_convolutions_by_one_step():
    class Plain(B.Inception):
        def convolution(self, filters, kernel_size, stride=1, padding="same"):
            return B.Chain({"gelu": lambda name: L.Conv2D(filters, 1, name=name)})

    block = Plain(2, (2, 2), (2, 2), 2)
    x = keras.Input((4, 4, 3))
    model = keras.Model(x, block(x))
    assert not [y for y in model.layers if isinstance(y, L.BatchNormalization)]
    assert model.count_params() == 4 * (3 * 2 + 2) + 2 * (2 * 2 + 2)


def set_ramp(layer):
    for weight in layer.weights:
        if "variance" not in weight.path:
            weight.assign(random(*weight.shape, seed=len(weight.path)))


def upsampled(x, like):
    for axis in (1, 2):
        x = np.repeat(x, 2, axis=axis)
    return x[:, : like.shape[1], : like.shape[2]]


@pytest.mark.parametrize("sizes", [((6, 4), (3, 2)), ((5, 7), (3, 4))])
@pytest.mark.parametrize("known", [True, False])
def test_streams_exchange_what_they_see(sizes, known):
    """Both streams at the end, computed from each part by hand."""
    block = B.MultiResolution([2, 3], depth=1)
    shapes = [
        (*size, c) if known else (None, None, c) for size, c in zip(sizes, (2, 3), strict=True)
    ]
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, block(inputs))
    for layer in model.layers:
        set_ramp(layer)
    x = [random(2, *size, c) for size, c in zip(sizes, (2, 3), strict=True)]
    high, low = model(x)

    def part(tensors, name):
        return keras.Model(inputs, model.get_layer(f"{block.name}__{name}").output)(tensors)

    streams = [array(part(x, f"stream{i}__residual1__act2")) for i in (1, 2)]
    down = array(part(x, "down1to2__conv1__norm"))
    up = array(part(x, "up2to1__conv__norm"))
    np.testing.assert_allclose(
        array(high), np.maximum(streams[0] + upsampled(up, streams[0]), 0), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(array(low), np.maximum(streams[1] + down, 0), rtol=1e-4, atol=1e-4)
    crops = [layer.name for layer in model.layers if "crop" in layer.name]
    assert len(crops) == (sizes[0] == (5, 7) or not known)


def test_lower_streams_come_from_the_lowest_input():
    block = B.MultiResolution([2, 3, 4], depth=1)
    block(keras.Input((16, 16, 5)))
    starts = [block.parts[f"start{i}"].parts["conv"].kernel.shape for i in (2, 3)]
    assert starts == [(3, 3, 5, 3), (3, 3, 3, 4)]
    down = block.parts["down1to3"].parts
    assert [list(down), down["conv1"].filters, down["conv2"].filters] == [["conv1", "conv2"], 2, 4]
    assert down["conv2"].activation == "linear"


def probabilities(*rows):
    return np.array(rows, "float32")


def test_members_are_averaged_and_voted():
    inputs = [keras.Input((3,)) for _ in range(3)]
    x = [
        probabilities([0.5, 0.4, 0.1], [0.4, 0.4, 0.2]),
        probabilities([0.5, 0.3, 0.2], [0.1, 0.2, 0.7]),
        probabilities([0.0, 1.0, 0.0], [0.3, 0.5, 0.2]),
    ]
    results = {}
    for combine in ("average", "vote"):
        members = [L.Identity() for _ in range(3)]
        model = keras.Model(inputs, B.Ensemble(members, combine, separate=True)(inputs))
        results[combine] = array(model(x))
    np.testing.assert_allclose(results["average"], np.mean(x, axis=0), rtol=1e-6)
    # Two of three choose the first class, though its average is lower; a tie goes to the first.
    third = 1 / 3
    expected = [[2 * third, third, 0], [third, third, third]]
    np.testing.assert_allclose(results["vote"], expected, rtol=1e-6)
    assert results["average"][0].argmax() == 1
    assert results["vote"][0].argmax() == 0


def test_one_column_votes_yes_over_a_half():
    inputs = [keras.Input((1,)) for _ in range(2)]
    block = B.Ensemble([L.Identity(), L.Identity()], "vote", separate=True)
    model = keras.Model(inputs, block(inputs))
    votes = model([probabilities([0.6], [0.5], [0.9]), probabilities([0.4], [0.1], [0.51])])
    assert array(votes).tolist() == [[0.5], [0.0], [1.0]]


def test_a_vote_trains_as_the_average_does():
    """One step of the same loss gradient moves both alike: the loss is linear in the output."""
    moved = []
    for combine in ("average", "vote"):
        keras.utils.set_random_seed(1)
        members = [L.Dense(3, activation="softmax") for _ in range(2)]
        x = keras.Input((4,))
        model = keras.Model(x, B.Ensemble(members, combine)(x))
        before = [array(w).copy() for w in model.weights]
        model.compile(
            keras.optimizers.SGD(1.0), lambda y_true, y_pred: keras.ops.sum(y_true * y_pred, -1)
        )
        model.train_on_batch(random(5, 4), random(5, 3, seed=1))
        moved.append([array(w) - old for w, old in zip(model.weights, before, strict=True)])
    for average, vote in zip(*moved, strict=True):
        assert np.abs(average).max() > 1e-4
        np.testing.assert_allclose(vote, average, rtol=1e-4, atol=1e-6)


def test_the_same_members_train_averaged_and_vote():
    members = [B.Chain([L.Dense(2, activation="softmax", name=f"d{i}")]) for i in range(3)]
    x = keras.Input((4,))
    train = keras.Model(x, B.Ensemble(members)(x))
    vote = keras.Model(x, B.Ensemble(members, "vote")(x))
    assert [id(w) for w in vote.weights] == [id(w) for w in train.weights]


def test_separate_inputs_go_to_their_members():
    inputs = {"b": keras.Input((3,), name="b"), "a": keras.Input((3,), name="a")}
    members = {"a": L.Rescaling(10.0), "b": L.Rescaling(0.0, 4.0)}
    model = keras.Model(inputs, B.Ensemble(members, separate=True)(inputs))
    y = model({"a": np.ones((1, 3), "float32"), "b": np.zeros((1, 3), "float32")})
    assert array(y).tolist() == [[7.0, 7.0, 7.0]]


IMAGE = (8, 8, 3)
ONE, TWO = L.Dense(2, name="one"), L.Dense(3, name="two")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: B.Branches([]), ValueError, r"Branches\(branches=...\).*such as \[Conv.*: \[\]"),
        (lambda: B.Branches(ONE), ValueError, r"Branches\(branches=...\): must be a list or dict"),
        (lambda: B.Branches([B.ConvNorm]), TypeError, "the class ConvNorm; write"),
        (lambda: B.Branches([3]), TypeError, "'int1': must be a block, layer or model.*: 3"),
        (lambda: B.Branches([ONE], "multiply"), ValueError, "'concat', 'add'.*'multiply'"),
        (lambda: B.Branches({"a__b": ONE}), ValueError, r"branches=\{'a__b'.*Try: 'a_b'"),
        (lambda: B.Branches([ONE], name="x__y"), ValueError, r"Branches\(name=...\).*'x__y'"),
        (lambda: B.Inception(0, (1, 1), (1, 1), 1), ValueError, r"Inception\(branch1x1.*: 0"),
        (lambda: B.Inception(1, (1, 0), (1, 1), 1), ValueError, r"Inception\(branch3x3.*: 0"),
        (lambda: B.Inception(1, 4, (1, 1), 1), ValueError, r"branch3x3.*such as \(16, 32\).*: 4"),
        (lambda: B.InceptionA(0), ValueError, r"InceptionA\(pool_filters=...\).*: 0"),
        (
            lambda: B.InceptionA(width=0),
            ValueError,
            r"InceptionA\(width=...\).*above 0\. Received: 0",
        ),
        (lambda: B.InceptionB(True), ValueError, r"InceptionB\(filters=...\).*: True"),
        (lambda: B.InceptionC(width="wide"), ValueError, r"InceptionC\(width=...\).*: 'wide'"),
        (lambda: B.MultiResolution(8), ValueError, r"filters=...\).*such as \[32, 64\].*: 8"),
        (lambda: B.MultiResolution({"a": 8}), ValueError, r"filters=...\): must be a list"),
        (lambda: B.MultiResolution([8, 0]), ValueError, r"MultiResolution\(filters=...\).*: 0"),
        (lambda: B.MultiResolution([8], depth=0), ValueError, r"Resolution\(depth=...\).*: 0"),
        (lambda: B.MultiResolution([8], activation="x"), ValueError, r"\(activation=...\).*'x'"),
        (lambda: B.MultiResolution([8], block=B.Residual(8)), TypeError, r"block=...\).*Residual"),
        (
            lambda: B.MultiResolution([8], block=L.Dense),
            TypeError,
            r"must return a new block.*Dense",
        ),
        (lambda: B.Ensemble([]), ValueError, r"Ensemble\(members=...\)"),
        (lambda: B.Ensemble([ONE, ONE]), ValueError, r"the same member twice.*copy\(\)"),
        (lambda: B.Ensemble([L.Dense]), TypeError, "the class Dense"),
        (lambda: B.Ensemble([ONE], "majority"), ValueError, "'average', 'vote'.*'majority'"),
    ],
)
def test_wrong_settings_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: B.Inception(1, (1, 1), (1, 1), 1)(keras.Input((3,))), "Inception.*image-like"),
        (lambda: B.InceptionA()(keras.Input((3,))), "InceptionA.*image-like"),
        (lambda: B.InceptionB()(keras.Input((9, 3))), r"InceptionB.*\(batch, height, width"),
        (lambda: B.InceptionC()(keras.Input((9, 3))), r"InceptionC.*\(batch, height, width"),
        (lambda: B.ReductionA()(keras.Input((2, 9, 3))), "ReductionA.*3 or more.*2, 9, 3"),
        (lambda: B.ReductionB()(keras.Input((9, 2, 3))), "ReductionB.*3 or more.*9, 2, 3"),
        (lambda: B.MultiResolution([2])(keras.Input((3,))), "MultiResolution.*image-like"),
        (
            lambda: B.MultiResolution([2])({"high": keras.Input(IMAGE)}),
            r"order of the inputs matters.*keys",
        ),
        (
            lambda: B.MultiResolution([2])([keras.Input(IMAGE), keras.Input((4, 4, 3))]),
            "takes 1 to 1 inputs. Received: 2",
        ),
        (
            lambda: B.MultiResolution([2, 2])([keras.Input((5, 5, 3)), keras.Input((2, 2, 3))]),
            r"half the size.*rounded up.*\(None, 5, 5, 3\), \(None, 2, 2, 3\)",
        ),
        (
            lambda: B.Ensemble([L.Dense(2), L.Dense(3)])(keras.Input((4,))),
            r"'dense1' \(None, 2\), 'dense2' \(None, 3\).*with 3 channels",
        ),
        (
            lambda: B.Ensemble({"a": ONE, "b": TWO}, separate=True)([keras.Input((4,))]),
            "one input for each member: a list of 2, or a dict with the keys 'a', 'b'. .*: 1",
        ),
        (
            lambda: B.Ensemble({"a": ONE}, separate=True)({"c": keras.Input((4,))}),
            r"keys 'a'. Received: \['c'\]",
        ),
        (
            lambda: B.Ensemble([L.Reshape((4, 1, 1)), L.Flatten()], "vote")(keras.Input((4, 1))),
            "as many axes",
        ),
        (
            lambda: B.Ensemble([L.Identity()], "vote")(keras.Input((4, None))),
            "known number of classes",
        ),
    ],
)
def test_wrong_inputs_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_block_keeps_its_number_of_streams():
    block = B.MultiResolution([2, 2], depth=1)
    block(keras.Input(IMAGE))
    with pytest.raises(ValueError, match="the number of inputs was 1 on the first call"):
        block([keras.Input(IMAGE), keras.Input((4, 4, 3))])
