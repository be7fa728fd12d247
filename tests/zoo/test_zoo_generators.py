import contextlib

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import keraslab as kl
from keraslab import blocks as B
from keraslab import zoo
from keraslab.zoo._train_gan import _remembered

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def digits():
    """1,797 images of 8x8 pixels from 0 to 1."""
    return (load_digits().images[..., None] / 16).astype("float32")


# U-Net -----------------------------------------------------------------------------------------


def test_unet_has_the_layers_of_the_papers_figure():
    # Figure 1 of https://arxiv.org/abs/1505.04597, from left to right: channels in and out.
    figure = [(3, 1, 64), (3, 64, 64), (3, 64, 128), (3, 128, 128), (3, 128, 256), (3, 256, 256)]
    figure += [(3, 256, 512), (3, 512, 512), (3, 512, 1024), (3, 1024, 1024)]
    for width in (512, 256, 128, 64):
        figure += [(2, 2 * width, width), (3, 2 * width, width), (3, width, width)]
    figure += [(1, 64, 2)]
    assert len(figure) == 23  # "In total the network has 23 convolutional layers."
    with kl.skeleton():
        model = zoo.unet()
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            found.append((layer.kernel.shape[0], layer.kernel.shape[3], layer.kernel.shape[2]))
        elif isinstance(layer, keras.layers.Conv2D):
            found.append((layer.kernel.shape[0], *layer.kernel.shape[2:]))
    assert found == figure
    count = sum(size * size * a * b + b for size, a, b in figure)
    assert model.count_params() == count == 31_030_658
    assert [layer.name for layer in model.layers if "crop" in layer.name] == []


@pytest.mark.slow
def test_unet_with_skips_copies_digits_that_one_without_cannot(digits):
    losses = []
    for skip in (True, False):
        keras.utils.set_random_seed(1)
        model = zoo.unet(4, 2, (8, 8, 1), 1, skip=skip, activation="sigmoid", block=B.ConvNorm)
        model.compile(keras.optimizers.Adam(0.01), "mse")
        history = model.fit(digits[:640], digits[:640], epochs=5, batch_size=64, verbose=0)
        losses.append(history.history["loss"][-1])
    assert losses[0] < 0.7 * losses[1]


# Autoencoder -----------------------------------------------------------------------------------


def test_autoencoder_shares_its_weights_and_learns_more_than_the_mean(digits):
    keras.utils.set_random_seed(1)
    encoder, decoder, model = zoo.autoencoder(8, (16,), (8, 8, 1))
    shared = {id(w) for w in [*encoder.weights, *decoder.weights]}
    assert {id(w) for w in model.weights} == shared
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(digits, digits, epochs=6, batch_size=64, verbose=0)
    whole = array(model(digits[:200]))
    np.testing.assert_allclose(array(decoder(encoder(digits[:200]))), whole, atol=1e-5)
    # The best that any constant image can do is the variance of the pixels.
    assert np.mean((whole - digits[:200]) ** 2) < 0.5 * np.mean(digits.var(axis=0))


# Variational autoencoder -----------------------------------------------------------------------


@pytest.fixture
def shaken():
    """A VAE whose codes have other means and variances than those it begins with."""
    keras.utils.set_random_seed(2)
    v = zoo.vae(2, (4, 8), (8, 8, 1))
    biases = {"mean": [0.7, -1.5], "log_variance": [-1.0, 0.5]}
    for part, values in biases.items():
        v.encoder.get_layer(f"gaussian__{part}").bias.assign(values)
    return v


def test_divergence_is_the_closed_form(shaken):
    images = normal(5, 8, 8, 1)
    code = {key: array(x) for key, x in shaken.encoder(images).items()}
    mean, log_variance = code["mean"].astype("float64"), code["log_variance"].astype("float64")
    # Appendix B of https://arxiv.org/abs/1312.6114
    expected = -0.5 * np.sum(1 + log_variance - mean**2 - np.exp(log_variance), axis=1)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(array(shaken.model(images)["kl"])[:, 0], expected, rtol=1e-5)


def test_divergence_agrees_with_samples():
    """The closed form against the mean of log q(z) - log p(z) over z drawn from q."""
    v = zoo.vae(1, (2,), (4, 4, 1))
    mean, log_variance = 0.8, -1.2
    for part, value in {"mean": mean, "log_variance": log_variance}.items():
        layer = v.encoder.get_layer(f"gaussian__{part}")
        layer.kernel.assign(np.zeros(layer.kernel.shape))
        layer.bias.assign([value])
    z = mean + np.exp(log_variance / 2) * np.random.default_rng(0).normal(size=200_000)
    q = -0.5 * ((z - mean) ** 2 / np.exp(log_variance) + log_variance)
    kl = array(v.model(normal(1, 4, 4, 1))["kl"])
    np.testing.assert_allclose(kl[0, 0], np.mean(q + 0.5 * z**2), rtol=0.02)


def test_codes_are_drawn_while_training_and_are_the_mean_otherwise(shaken):
    # What the encoder said, and what was drawn from it, in one pass.
    drawn = shaken.model.get_layer("latent__sample")
    log_variance = shaken.model.get_layer("latent__half").input
    look = keras.Model(shaken.model.input, [drawn.output, log_variance, drawn.input[0]])
    images = np.repeat(normal(1, 8, 8, 1), 4000, axis=0)

    z, log_variance, mean = (array(y) for y in look(images, training=True))
    noise = (z - mean) / np.sqrt(np.exp(log_variance))
    assert np.ptp(log_variance[0]) > 0.1  # the two columns differ, and are told apart
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.06)  # four standard errors
    np.testing.assert_allclose(noise.var(axis=0), 1, atol=0.09)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.06
    assert len(np.unique(z[:, 0])) > 3900

    z, _, mean = (array(y) for y in look(images[:3], training=False))
    np.testing.assert_array_equal(z, mean)
    drawn = shaken.model(images[:3])["image"]
    decoded = shaken.decoder(shaken.encoder(images[:3])["mean"])
    np.testing.assert_allclose(array(drawn), array(decoded), atol=1e-6)


def test_the_loss_is_the_papers_bound_and_training_lowers_it(digits):
    keras.utils.set_random_seed(3)
    v = zoo.vae(2, (8, 16), (8, 8, 1))
    v.model.compile(keras.optimizers.Adam(0.005), **v.compile_args())
    unseen = digits[1500:]

    def bound():
        made = {key: array(y).astype("float64") for key, y in v.model(unseen).items()}
        p = np.clip(made["image"], 1e-7, 1 - 1e-7)
        cross = -(unseen * np.log(p) + (1 - unseen) * np.log(1 - p)).sum(axis=(1, 2, 3))
        return np.mean(cross + made["kl"][:, 0])

    def loss():
        return v.model.evaluate(unseen, v.targets(unseen), verbose=0, return_dict=True)["loss"]

    before = loss()
    np.testing.assert_allclose(before, bound(), rtol=1e-4)
    images = digits[:1500]
    history = v.model.fit(images, v.targets(images), epochs=6, batch_size=50, verbose=0).history
    after = loss()
    np.testing.assert_allclose(after, bound(), rtol=1e-4)
    # What a fixed image reaches without any code: the entropy of the mean one.
    m = np.clip(images.mean(axis=0), 1e-7, 1 - 1e-7)
    fixed = -(unseen * np.log(m) + (1 - unseen) * np.log(1 - m)).sum(axis=(1, 2, 3)).mean()
    assert after < fixed < before
    assert history["loss"][-1] < history["loss"][0]
    assert history["kl_loss"][-1] > 0.5  # the code is used


def test_beta_weighs_the_divergence():
    v = zoo.vae(2, (2,), (4, 4, 3))
    arguments = v.compile_args("mean_squared_error", beta=4)
    assert arguments["loss_weights"] == {"image": 48.0, "kl": 4.0}
    assert arguments["loss"]["image"] == "mean_squared_error"
    with pytest.raises(
        ValueError, match=r"compile_args\(beta=\.\.\.\): must be a number above 0.*: 0"
    ):
        v.compile_args(beta=0)


# Adversarial pair ------------------------------------------------------------------------------


def small_gan(seed=5, rate=2e-3, filters=8):
    keras.utils.set_random_seed(seed)
    gan = zoo.dcgan(2, filters, 6, (8, 8, 1))
    for model in (gan.discriminator, gan.model):
        model.compile(keras.optimizers.Adam(rate, beta_1=0.5), "binary_crossentropy")
    return gan


def logistic_gan(rate):
    """A generator of one number, zero at first, and a logistic discriminator."""
    noise, image = keras.Input((1,)), keras.Input((1,))
    generator = keras.Model(noise, keras.layers.Dense(1, kernel_initializer="zeros")(noise))
    judge = keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")
    discriminator = keras.Model(image, judge(image))
    gan = zoo.GAN(generator, discriminator, keras.Model(noise, discriminator(generator(noise))))
    for model in (gan.discriminator, gan.model):
        model.compile(keras.optimizers.SGD(rate), "binary_crossentropy", metrics=["accuracy"])
    return gan


def values(model):
    return {w.path: array(w).copy() for w in model.weights}


def moved(before, after):
    return {path for path, value in before.items() if not np.array_equal(value, after[path])}


def test_each_step_changes_one_of_the_two_networks_and_nothing_of_the_other(digits, monkeypatch):
    gan = small_gan()
    changes = {}

    def watch(model, step):
        train = model.train_on_batch

        def watched(*args, **kwargs):
            old = values(gan.generator), values(gan.discriminator)
            result = train(*args, **kwargs)
            new = values(gan.generator), values(gan.discriminator)
            changes.setdefault(step, []).append(
                [moved(*pair) for pair in zip(old, new, strict=True)]
            )
            return result

        monkeypatch.setattr(model, "train_on_batch", watched)

    watch(gan.discriminator, "discriminator")
    watch(gan.model, "generator")
    for _ in range(2):  # a second call goes on with what the first one compiled
        zoo.train_gan(gan, 2 * digits[:128] - 1, epochs=1, batch_size=64)
    every = {w.path for w in gan.generator.weights}, {w.path for w in gan.discriminator.weights}
    # Weights and moving statistics alike.
    assert changes["discriminator"] == [[set(), every[1]]] * 4
    assert changes["generator"] == [[every[0], set()]] * 4


def test_everything_can_be_trained_again_after_it_even_when_stopped():
    gan = logistic_gan(rate=0.1)

    def stop(epoch, losses):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zoo.train_gan(gan, np.ones((4, 1)), batch_size=2, on_epoch=stop)
    assert [len(model.trainable_weights) for model in gan] == [2, 2, 4]


@pytest.mark.parametrize("stopped", [False, True])
def test_what_was_frozen_stays_frozen(stopped):
    gan = small_gan(filters=4)
    look = gan.discriminator.get_layer("judge__look__conv1")
    norm = gan.discriminator.get_layer("judge__look__norm2")
    look.trainable = False
    norm.gamma.trainable = False
    before = {model: [w.path for w in model.trainable_weights] for model in gan}
    frozen = array(look.kernel).copy(), array(norm.gamma).copy()

    def stop(epoch, losses):
        if stopped:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) if stopped else contextlib.nullcontext():
        zoo.train_gan(gan, normal(8, 8, 8, 1), epochs=1, batch_size=4, on_epoch=stop)
    assert {model: [w.path for w in model.trainable_weights] for model in gan} == before
    assert (look.trainable, norm.trainable, gan.discriminator.trainable) == (False, True, True)
    assert not norm.gamma.trainable
    np.testing.assert_array_equal(array(look.kernel), frozen[0])
    np.testing.assert_array_equal(array(norm.gamma), frozen[1])


def test_layers_inside_layers_are_remembered_too():
    x = keras.Input((3, 2))
    both = keras.layers.Bidirectional(keras.layers.LSTM(2))
    inner = keras.Model(x, both(x))
    model = keras.Model(x, keras.layers.Dense(1)(inner(x)))
    both.forward_layer.trainable = False
    before = [w.path for w in model.trainable_weights]
    restore = _remembered(model)
    model.trainable = False
    assert model.trainable_weights == []
    restore()
    assert [w.path for w in model.trainable_weights] == before


def test_a_frozen_discriminator_is_refused():
    gan = logistic_gan(rate=0.1)
    gan.discriminator.trainable = False
    with pytest.raises(ValueError, match=r"train_gan\(gan=.*Set its trainable = True"):
        zoo.train_gan(gan, np.ones((4, 1)), batch_size=2)


def test_all_kernels_of_the_gan_start_as_in_the_paper():
    gan = zoo.dcgan(2, 32, 64, (16, 16, 3))
    kernels = [w for model in gan[:2] for w in model.weights if w.path.endswith("kernel")]
    assert len(kernels) == 3 + 3  # a dense layer and two convolutions each
    for kernel in kernels:
        values = array(kernel)
        error = 0.02 / np.sqrt(values.size)  # of the mean; of the deviation 1 / sqrt(2) of it
        assert abs(values.mean()) < 5 * error, kernel.path
        assert abs(values.std() - 0.02) < 5 * error, kernel.path


def test_losses_are_the_means_of_an_epoch():
    """Where nothing moves, both losses can be worked out by hand."""
    gan = logistic_gan(rate=0.0)
    images = np.array([[-1.0], [0.0], [1.0], [3.0]])
    seen = []
    history = zoo.train_gan(
        gan, images, epochs=2, batch_size=2, on_epoch=lambda *news: seen.append(news)
    )
    real = np.log1p(np.exp(-images)).mean()
    expected = {"discriminator": (real + np.log(2)) / 2, "generator": np.log(2)}
    for who, loss in expected.items():
        np.testing.assert_allclose(history[who], [loss, loss], rtol=1e-5)
    assert [epoch for epoch, _ in seen] == [0, 1]
    assert seen[1][1] == {who: losses[1] for who, losses in history.items()}


def test_the_seed_decides_the_training():
    images = normal(8, 1)
    histories = [
        zoo.train_gan(logistic_gan(rate=0.1), images, epochs=2, batch_size=4, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert histories[0] == histories[1] != histories[2]


@pytest.mark.slow
def test_generated_digits_come_close_to_real_ones(digits):
    """Mean and deviation of every pixel, which the generator is never shown."""
    gan, images = small_gan(filters=16), 2 * digits - 1
    noise = normal(500, 6, seed=9)

    def distances():
        made = array(gan.generator.predict(noise, verbose=0))
        return [np.abs(f(made, axis=0) - f(images, axis=0)).mean() for f in (np.mean, np.std)]

    before = distances()
    zoo.train_gan(gan, images, epochs=10, batch_size=64)
    after = distances()
    assert before[0] > 0.4
    assert before[1] > 0.3
    assert after[0] < 0.3 * before[0]
    assert after[1] < 0.4 * before[1]


# Wrong input -----------------------------------------------------------------------------------

WRONG = {
    "unet-classes": (lambda: zoo.unet(classes=0), r"unet\(classes=\.\.\.\).*Received: 0"),
    "unet-activation": (lambda: zoo.unet(activation="no"), r"unet\(activation=\.\.\.\).*'no'"),
    "unet-rank": (lambda: zoo.unet(4, 2, (8,)), r"unet\(input_shape=.*one to three sizes.*\(8,\)"),
    "autoencoder-code": (lambda: zoo.autoencoder(0), r"autoencoder\(code=\.\.\.\).*Received: 0"),
    "autoencoder-filters": (lambda: zoo.autoencoder(4, 8), r"filters=\.\.\.\).*Received: 8"),
    "vae-code": (lambda: zoo.vae(0), r"vae\(code=\.\.\.\).*Received: 0"),
    "vae-filters": (lambda: zoo.vae(2, {"a": 1}), r"filters=\.\.\.\).*\{'a': 1\}"),
    "vae-size": (lambda: zoo.vae(2, (4,), (None, 8, 1)), r"known size"),
    "dcgan-depth": (lambda: zoo.dcgan(0), r"dcgan\(depth=\.\.\.\).*Received: 0"),
    "dcgan-filters": (lambda: zoo.dcgan(filters=-1), r"dcgan\(filters=\.\.\.\).*Received: -1"),
    "dcgan-code": (lambda: zoo.dcgan(code="a"), r"dcgan\(code=\.\.\.\).*Received: 'a'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_named_with_a_way_out(case):
    make, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((70, 8, 8), {}, r"images=\.\.\.\): must be 64 or more of shape \(8, 8, 1\).*\(70, 8, 8\)"),
        ((10, 8, 8, 1), {}, r"must be 64 or more .*Received: \(10, 8, 8, 1\)"),
        ((10, 8, 8, 1), {"batch_size": 0}, r"batch_size=\.\.\.\).*Received: 0"),
        ((70, 8, 8, 1), {"epochs": 0}, r"epochs=\.\.\.\).*Received: 0"),
    ],
)
def test_images_that_do_not_fit_are_named(shape, settings, message):
    with pytest.raises(ValueError, match=message):
        zoo.train_gan(zoo.dcgan(2, 4, 6, (8, 8, 1)), np.zeros(shape), **settings)
