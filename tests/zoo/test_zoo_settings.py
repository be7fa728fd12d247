"""What every function of the zoo does with its arguments, right and wrong ones."""

import inspect

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab import zoo
from keraslab.zoo import _settings

# Small settings, every argument that has no small default among them. Height, width and channels
# differ everywhere, so that taking one for another shows.
SMALL = {
    "autoencoder": {"code": 3, "filters": (4, 6), "input_shape": (12, 20, 3)},
    "conv_recurrent": {"filters": 3, "width": 4, "recurrent_layers": 1, "convolutions": 2},
    "dcgan": {"depth": 2, "filters": 4, "code": 5, "input_shape": (12, 20, 3)},
    "densenet": {"depth": (1, 1), "input_shape": (32, 64, 3), "growth": 4},
    "ensemble": {"members": 2, "input_shape": (12, 20, 3), "width": 4},
    "gpt": {"vocabulary": 9, "length": 8, "width": 8, "depth": 1, "heads": 2},
    "hierarchical": {"vocabulary": 9, "input_shape": (3, 4), "embedding": 4, "width": 2},
    "image_and_table": {"input_shape": (12, 20, 3), "filters": (4, 6), "hidden": 4},
    "image_and_text": {"input_shape": (12, 20, 3), "filters": (4, 6), "vocabulary": 9},
    "inception_v1": {"input_shape": (80, 96, 3), "width": 0.1},
    "inception_v3": {"input_shape": (80, 96, 3), "width": 0.1},
    "mobilenet_v1": {"input_shape": (32, 64, 3), "alpha": 0.25},
    "mobilenet_v2": {"input_shape": (32, 64, 3), "alpha": 0.35},
    "multi_resolution": {
        "width": 4, "input_shape": (32, 64, 3), "modules": (1,), "depth": 1, "stem": 4
    },
    "multi_task": {"input_shape": (12, 20, 3), "filters": (4, 6), "depth": 2, "hidden": 4},
    "resnet": {"depth": 18, "input_shape": (32, 64, 3), "width": 4},
    "seq2seq": {
        "kind": "transformer", "source_vocabulary": 9, "target_vocabulary": 7, "width": 8,
        "depth": 1, "heads": 2,
    },
    "siamese": {
        "input_shape": (12, 20, 3), "filters": (4, 6), "kernel_sizes": (3, 2), "embedding": 5
    },
    "text_and_audio": {"vocabulary": 9, "length": 7, "frames": 12, "mels": 10, "recurrent": 4},
    "transformer_classifier": {
        "vocabulary": 9, "length": 8, "width": 8, "depth": 1, "heads": 2, "hidden": 4
    },
    "triplet": {"input_shape": (12, 20, 3), "filters": (4, 6), "depth": 2, "embedding": 5},
    "two_tower": {"users": 9, "items": 9, "embedding": 4, "hidden": (4,), "output": 3},
    "unet": {"filters": 4, "depth": 2, "input_shape": (12, 20, 3)},
    "vae": {"code": 3, "filters": (4, 6), "input_shape": (12, 20, 3)},
    "vit": {
        "input_shape": (12, 20, 3), "patch": 4, "width": 8, "depth": 1, "heads": 2, "hidden": 4
    },
    "wide_and_deep": {"hidden": (4,), "embedding": 3},
    "xception": {"input_shape": (32, 64, 3), "middle": 1},
}  # fmt: skip


def arguments_of(function):
    return inspect.signature(getattr(zoo, function)).parameters


def build(function, **settings):
    with kl.skeleton():
        return getattr(zoo, function)(**{**SMALL[function], **settings})


def models_of(made):
    made = (made,) if isinstance(made, keras.Model) else made
    return [model for model in made if isinstance(model, keras.Model)]


def test_every_function_is_here():
    functions = {name for name in zoo.__all__ if name == name.lower()}
    assert functions - {"generate", "train_gan"} == set(SMALL)


# Wrong kinds -----------------------------------------------------------------------------------

WRONG = (0, -1, "a", "a/b", None, [1], ["a"], [], 2.5, float("nan"), {"a": 1}, True, (8, "a"))


def refusals(function, call):
    """Call with each wrong kind for each argument; every error names function and argument."""
    said = {}
    for argument in arguments_of(function):
        for value in WRONG:
            try:
                call(**{argument: value})
            except (TypeError, ValueError) as error:
                said.setdefault(argument, []).append(str(error))
    for message in [each for messages in said.values() for each in messages]:
        assert message.startswith(f"{function}(")
    return set(said)


@pytest.mark.parametrize("function", SMALL)
def test_wrong_kinds_are_refused_by_name(function):
    refused = refusals(function, lambda **settings: build(function, **settings))
    assert refused == set(arguments_of(function))


def test_wrong_kinds_are_refused_by_name_of_generate():
    model = zoo.gpt(**SMALL["gpt"])
    base = {"model": model, "ids": [[3, 1]], "steps": 1}
    refused = refusals("generate", lambda **settings: zoo.generate(**{**base, **settings}))
    assert refused == set(arguments_of("generate"))
    with pytest.raises(ValueError, match=r"generate\(ids=.*whole numbers"):
        zoo.generate(model, [[1, 2], [3]], 1)


def test_wrong_kinds_are_refused_by_name_of_train_gan():
    base = {"gan": tiny_gan(), "images": np.ones((2, 1)), "epochs": 1, "batch_size": 2}
    refused = refusals("train_gan", lambda **settings: zoo.train_gan(**{**base, **settings}))
    assert refused == set(arguments_of("train_gan"))


def tiny_gan():
    noise, image = keras.Input((1,)), keras.Input((1,))
    generator = keras.Model(noise, keras.layers.Dense(1)(noise))
    discriminator = keras.Model(image, keras.layers.Dense(1, "sigmoid")(image))
    gan = zoo.GAN(generator, discriminator, keras.Model(noise, discriminator(generator(noise))))
    for model in (gan.discriminator, gan.model):
        model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    return gan


@pytest.mark.parametrize(
    ("function", "settings", "message"),
    [
        ("unet", {"input_shape": 28}, r"input_shape=\.\.\.\).*\(28, 28, 1\).*Received: 28\."),
        ("vae", {"input_shape": (None, 8, 1)}, r"known sizes.*\(28, 28, 1\).*Received: \(None"),
        ("hierarchical", {"input_shape": (None, 8)}, r"\(15, 50\).*Received: \(None, 8\)"),
        ("gpt", {"dropout": 2}, r"dropout=\.\.\.\): must be a number of at least 0 and below 1"),
        ("vit", {"dropout": "a"}, r"dropout=\.\.\.\).*Received: 'a'\."),
        ("transformer_classifier", {"vocabulary": 1}, r"vocabulary=.*2 or more\. Received: 1\."),
        ("gpt", {"width": 10, "heads": 4}, r"width=.*multiple of heads=4.*Received: 10; 12 works"),
        ("seq2seq", {"width": 9}, r"width=.*multiple of heads=2.*Received: 9; 10 works"),
        ("densenet", {"depth": 50}, r"121, 169, 201 or the number of layers.*Received: 50\."),
        ("ensemble", {"members": []}, r"members=.*such as 5, or a list.*Received: \[\]\."),
    ],
)
def test_the_message_has_a_value_that_works(function, settings, message):
    with pytest.raises(ValueError, match=rf"^{function}\(.*{message}"):
        build(function, **settings)


def test_what_is_missing_is_said_as_python_says_it():
    with pytest.raises(TypeError, match=r"hierarchical\(\) missing.*'vocabulary'"):
        zoo.hierarchical()
    with pytest.raises(TypeError, match=r"unet\(\) got an unexpected.*'width'"):
        zoo.unet(width=3)


def test_a_rule_for_no_argument_is_refused():
    with pytest.raises(TypeError, match="no arguments"):
        _settings.checked(depth=_settings.count)(lambda width: width)


# NumPy's numbers -------------------------------------------------------------------------------


def as_numpy(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(as_numpy, value))
    if isinstance(value, dict):
        return {key: as_numpy(each) for key, each in value.items()}
    kinds = {bool: np.bool_, int: np.int64, float: np.float64}
    return kinds[type(value)](value) if type(value) in kinds else value


@pytest.mark.parametrize("function", SMALL)
def test_numbers_of_numpy_are_numbers(function):
    defaults = {name: each.default for name, each in arguments_of(function).items()}
    settings = {**defaults, **SMALL[function]}
    for model in models_of(build(function, **as_numpy(settings))):
        assert model.to_json()  # NumPy's numbers have no JSON


# Channels in front -----------------------------------------------------------------------------

# Sequences keep their axes, and other inputs than images do too.
MORE = {
    "image_and_table": [{"fusion": "film"}, {"fusion": "gated"}],
    "image_and_text": [{"fusion": "multiply"}, {"fusion": "cross_attention"}],
    "inception_v1": [{"auxiliary": True}],
    "multi_resolution": [{"modules": (1, 1)}],
    "resnet": [{}, {"depth": 50, "version": 2}],
    "text_and_audio": [{}, {"fusion": "cross_attention"}],
}


@pytest.fixture
def channels_first():
    before = keras.config.image_data_format()

    def switch(first):
        keras.config.set_image_data_format("channels_first" if first else "channels_last")

    yield switch
    keras.config.set_image_data_format(before)


def weights_of(model):
    shapes = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            shapes |= weights_of(layer)
        shapes[layer.name] = [tuple(w.shape) for w in layer.weights]
    return {name: each for name, each in shapes.items() if each}


def moved(shape):
    """Return the shape of an image `(batch, sizes, channels)` with its channels in front."""
    return (shape[0], shape[-1], *shape[1:-1]) if len(shape) == 4 else tuple(shape)


@pytest.mark.parametrize(
    ("function", "settings"),
    [(name, settings) for name in SMALL for settings in MORE.get(name, [{}])],
    ids=str,
)
def test_channels_may_come_first(function, settings, channels_first):
    last = build(function, **settings)
    channels_first(True)
    if "input_shape" in SMALL[function] and function != "hierarchical":
        *sizes, channels = SMALL[function]["input_shape"]
        settings = {**settings, "input_shape": (channels, *sizes)}
    first = build(function, **settings)
    for a, b in zip(models_of(first), models_of(last), strict=True):
        assert weights_of(a) == weights_of(b)
        assert a.count_params() == b.count_params()
        for side in ("input", "output"):
            expected = keras.tree.map_structure(lambda x: x.shape, getattr(b, side))
            if function != "seq2seq":  # whose attention maps have four axes and are no images
                expected = keras.tree.map_structure(lambda x: moved(x.shape), getattr(b, side))
            assert keras.tree.map_structure(lambda x: x.shape, getattr(a, side)) == expected


def test_film_scales_the_channels_wherever_they_are(channels_first):
    channels_first(True)
    model = build("image_and_table", input_shape=(3, 12, 20))
    assert model.get_layer("fusion__scale").units == 4
    assert model.get_layer("fusion__add").output.shape == (None, 6, 10, 4)
    assert model.get_layer("last_stage__conv1").output.shape == (None, 6, 3, 5)


def test_softmax_of_every_pixel_is_over_its_classes(channels_first):
    channels_first(True)
    model = build("unet", input_shape=(3, 12, 20), classes=5)
    assert model.get_layer("head__predictions").output.shape == (None, 12, 20, 5)


# Names -----------------------------------------------------------------------------------------


def own_names(model, columns):
    """Return the first piece of the names of all layers that are no columns."""
    return {layer.name.split("__")[0] for layer in model.layers} - set(columns)


@pytest.mark.parametrize("fusion", ["film", "concat"])
def test_no_column_can_have_a_name_of_image_and_table(fusion, channels_first):
    for first, shape in ((False, (8, 8, 3)), (True, (3, 8, 8))):
        channels_first(first)
        settings = {"fusion": fusion, "filters": (4, 6), "numbers": 2}
        model = zoo.image_and_table(shape, categories={"site": 3}, **settings)
        for name in own_names(model, ["site"]):
            with pytest.raises(ValueError, match=rf"image_and_table\(categories=.*{name!r} is the"):
                zoo.image_and_table(shape, categories={name: 3}, **settings)


def test_no_column_can_have_a_name_of_wide_and_deep():
    settings = {"numbers": 2, "hidden": (4,)}
    model = zoo.wide_and_deep(categories={"a": 3, "b": 3}, crosses=[("a", "b")], **settings)
    inside = {layer.name.split("__")[1] for layer in model.layers if "wide__" in layer.name}
    assert {"sum", "flat", "pair_a_b", "cross_a_b"} == inside - {"a", "b"}
    for name in own_names(model, ["a", "b"]) | (inside - {"a", "b"}):
        with pytest.raises(ValueError, match=rf"wide_and_deep\(categories=.*{name!r} is the"):
            zoo.wide_and_deep(categories={name: 3}, crosses=(), **settings)
    # What the hint says, and what looks like the names in the deep part, is free.
    columns = dict.fromkeys(["sum_id", "my_pair_a", "row", "embed_a", "a", "hidden1"], 3)
    assert zoo.wide_and_deep(categories=columns, crosses=(), **settings).output_shape == (None, 1)


def test_two_crosses_cannot_have_one_name():
    columns = {"a_b": 3, "c": 3, "a": 3, "b_c": 3}
    for crosses in ([("a_b", "c"), ("a", "b_c")], [("a", "c"), ("a", "c")]):
        with pytest.raises(ValueError, match=r"wide_and_deep\(crosses=.*'cross_a"):
            zoo.wide_and_deep(2, columns, crosses, hidden=(4,))


@pytest.mark.parametrize("name", ["image", "members__average"])
def test_no_member_can_have_a_name_of_the_ensemble(name):
    x = keras.Input((4,))
    member = keras.Model(x, keras.layers.Dense(2, "softmax")(x), name=name)
    with pytest.raises(ValueError, match=rf"ensemble\(members=.*a model called {name!r}"):
        zoo.ensemble([member])


def test_one_column_of_logits_cannot_vote():
    with pytest.raises(ValueError, match=r"ensemble\(combine=.*activation='sigmoid'"):
        build("ensemble", classes=1, activation="linear", combine="vote")
    x = keras.Input((4,))
    member = keras.Model(x, keras.layers.Dense(1)(x), name="one")
    with pytest.raises(ValueError, match=r"ensemble\(combine=.*activation='sigmoid'"):
        zoo.ensemble([member], combine="vote")
    assert zoo.ensemble([member]).output_shape == (None, 1)
    for settings in ({"classes": 1, "activation": "sigmoid"}, {"activation": "linear"}):
        assert build("ensemble", combine="vote", **settings)
