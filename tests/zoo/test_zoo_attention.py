"""Transformers: published sizes, and what no place and no padding may change."""

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab import zoo

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# Counted by torchvision: https://pytorch.org/vision/stable/models/vision_transformer.html,
# `num_params` of vit_b_16, vit_b_32, vit_l_16 and vit_l_32.
VITS = {
    "b_16": ({}, 86_567_656),
    "b_32": ({"patch": 32}, 88_224_232),
    "l_16": ({"width": 1024, "depth": 24, "heads": 16, "hidden": 4096}, 304_326_632),
    "l_32": ({"patch": 32, "width": 1024, "depth": 24, "heads": 16, "hidden": 4096}, 306_535_400),
}
# Of the checkpoints gpt2, gpt2-medium, gpt2-large and gpt2-xl as released.
GPTS = {
    "small": 124_439_808,
    "medium": 354_823_168,
    "large": 774_030_080,
    "xl": 1_557_611_200,
}


def array(x):
    return keras.ops.convert_to_numpy(x)


def scrambled(model):
    random = np.random.default_rng(1)
    for weight in model.weights:
        if "float" in str(weight.dtype):
            mean = 1.0 if weight.path.endswith("gamma") else 0.0  # else norms would hide much
            weight.assign(random.normal(mean, 0.5, weight.shape))
    return model


@pytest.mark.parametrize("name", VITS)
def test_vit_has_the_published_parameters(name):
    settings, params = VITS[name]
    with kl.skeleton():
        model = zoo.vit(**settings)
    assert model.count_params() == params


@pytest.mark.parametrize("size", GPTS)
def test_gpt_has_the_published_parameters(size):
    with kl.skeleton():
        model = zoo.gpt(size)
    assert model.count_params() == GPTS[size]
    assert model.output_shape == (None, None, 50_257)


def small_gpt(**settings):
    settings = {"vocabulary": 13, "length": 8, "width": 8, "depth": 2, "heads": 2, **settings}
    return scrambled(zoo.gpt(**settings))


def test_gpt_sees_nothing_later():
    model = small_gpt(activation="linear")
    ids = np.random.default_rng(2).integers(0, 13, (2, 8))
    changed = ids.copy()
    changed[:, 5] = (changed[:, 5] + 1) % 13
    before, after = array(model(ids)), array(model(changed))
    np.testing.assert_allclose(before[:, :5], after[:, :5], rtol=1e-4, atol=1e-4)
    assert (np.abs(before[:, 5:] - after[:, 5:]).max(axis=(0, 2)) > 1e-2).all()


def test_gpt_reads_and_writes_with_one_table():
    model = small_gpt(activation="linear")
    table = model.get_layer("tokens")
    last = keras.Model(model.input, model.get_layer("norm").output)
    ids = np.array([[3, 1, 4]])
    expected = array(last(ids)) @ array(table.embeddings).T
    np.testing.assert_allclose(array(model(ids)), expected, rtol=1e-4, atol=1e-4)
    assert [w.path for w in model.weights].count("tokens/embeddings") == 1


def test_generated_text_is_the_likeliest_step_by_step():
    model = small_gpt()
    ids = np.array([[3, 1, 4], [2, 7, 1]])
    made = zoo.generate(model, ids, 9)
    assert made.shape == (2, 12)
    for end in range(3, 12):
        expected = array(model(made[:, max(0, end - 8) : end]))[:, -1].argmax(-1)
        assert (made[:, end] == expected).all()


def test_drawn_text_follows_the_probabilities():
    model = small_gpt()
    ids = np.tile([[3, 1]], (4000, 1))
    for temperature in (1.0, 0.5):
        made = zoo.generate(model, ids, 1, temperature=temperature, seed=0)[:, -1]
        p = array(model(ids[:1]))[0, -1].astype("float64") ** (1 / temperature)
        share = np.bincount(made, minlength=13) / len(made)
        np.testing.assert_allclose(share, p / p.sum(), atol=0.04)
    again = zoo.generate(model, ids, 1, temperature=0.5, seed=0)[:, -1]
    assert (again == made).all()


def test_padding_does_not_change_the_class():
    model = scrambled(
        zoo.transformer_classifier(
            20, 12, 3, width=8, depth=3, heads=2, hidden=12, activation="linear"
        )
    )
    short = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 0, 0]])
    padded = np.pad(short, ((0, 0), (0, 7)))
    a, b = array(model(short)), array(model(padded))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    alone = array(model(short[1:, :3]))
    np.testing.assert_allclose(a[1:], alone, rtol=1e-4, atol=1e-4)
    backwards = array(model(short[:1, ::-1]))
    assert np.abs(backwards - a[:1]).max() > 1e-2
    assert np.isfinite(array(model(np.zeros((1, 4), "int32")))).all()  # an empty text


def test_vit_reads_every_patch_and_its_place():
    model = scrambled(
        zoo.vit((8, 8, 1), 3, patch=4, width=8, depth=1, heads=2, hidden=8, activation="linear")
    )
    image = np.random.default_rng(3).normal(size=(1, 8, 8, 1)).astype("float32")
    before = array(model(image))
    for row in (0, 4):
        for column in (0, 4):
            other = image.copy()
            other[:, row : row + 4, column : column + 4] += 1.0
            assert np.abs(array(model(other)) - before).max() > 1e-4
    swapped = image[:, [4, 5, 6, 7, 0, 1, 2, 3]]
    assert np.abs(array(model(swapped)) - before).max() > 1e-4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.vit((224, 230, 3)), r"vit\(input_shape.*multiples of patch=16.*230"),
        (lambda: zoo.vit((None, 32, 3)), r"vit\(input_shape.*multiples of patch=16"),
        (lambda: zoo.vit((32, 32)), r"vit\(input_shape.*\(32, 32\)"),
        (lambda: zoo.vit((8, 8, 3)), r"vit\(input_shape.*16 or more"),
        (lambda: zoo.vit(patch=0), r"vit\(patch=...\).*Received: 0"),
        (lambda: zoo.vit(classes=0), r"vit\(classes=...\).*Received: 0"),
        (
            lambda: zoo.vit((16, 16, 3), width=10, heads=3, depth=1),
            r"vit\(width=.*multiple of heads=3.*10; 12 works",
        ),
        (lambda: zoo.gpt("huge"), r"gpt\(size=...\).*'small', 'medium', 'large', 'xl'"),
        (lambda: zoo.gpt(width=0), r"gpt\(width=...\).*Received: 0"),
        (lambda: zoo.gpt(activation="sofmax"), r"gpt\(activation=...\).*'sofmax'"),
        (
            lambda: zoo.transformer_classifier(depth=0),
            r"transformer_classifier\(depth=...\).*Received: 0",
        ),
        (lambda: zoo.generate(None, [[1]], 0), r"generate\(steps=...\).*Received: 0"),
        (lambda: zoo.generate(None, [1, 2], 1), r"generate\(ids=...\).*\(2,\)"),
        (lambda: zoo.generate(None, [[1]], 1, temperature=-1), r"temperature=...\).*Received: -1"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("activation", ["linear", "log_softmax"])
def test_drawing_from_logits_is_drawing_from_their_softmax(activation):
    settings = {"vocabulary": 9, "length": 8, "width": 8, "depth": 1, "heads": 2}
    model = zoo.gpt(**settings)
    logits = zoo.gpt(**settings, activation=activation)
    for weight in model.weights:  # far from uniform, so that garbage would show
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    logits.set_weights(model.get_weights())
    ids = np.full((64, 1), 3)
    for temperature in (0.0, 0.7, 2.0):
        drawn = [zoo.generate(m, ids, 2, temperature=temperature, seed=1) for m in (model, logits)]
        np.testing.assert_array_equal(*drawn)
    assert len(np.unique(drawn[0])) > 3


def test_drawing_from_what_is_no_distribution_is_refused():
    model = zoo.gpt(vocabulary=9, length=8, width=8, depth=1, heads=2, activation="sigmoid")
    with pytest.raises(ValueError, match=r"generate\(model=.*temperature.*activation='softmax'"):
        zoo.generate(model, [[3, 1]], 1, temperature=1.0)
    assert zoo.generate(model, [[3, 1]], 1).shape == (1, 3)
