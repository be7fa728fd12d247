"""Variational autoencoder: a code with a shape, from which new images can be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers as L
from keras import ops

from keraslab import blocks as B
from keraslab.blocks._checks import check_number
from keraslab.zoo._settings import checked, count, counts, known_shape


def _noise_model(width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: standard normal numbers while training, else 0."""
    like = keras.Input((width,), dtype=dtype, name="like")
    return keras.Model(like, L.GaussianNoise(1.0, name="normal")(ops.zeros_like(like)), name=name)


def _kl_model(width: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights: how far N(mean, variance) is from N(0, 1)."""
    mean = keras.Input((width,), dtype=dtype, name="mean")
    log_variance = keras.Input((width,), dtype=dtype, name="log_variance")
    m, v = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    kl = 0.5 * ops.sum(ops.square(m) + ops.exp(v) - v - 1.0, axis=-1, keepdims=True)
    return keras.Model([mean, log_variance], kl, name=name)


@dataclass(eq=False, repr=False)
class _Gaussian(B.Block):
    """Two linear layers side by side: the mean and the logarithm of the variance of the code."""

    width: int

    def wire(self, x: Any) -> dict[str, Any]:
        x = self.use("flat", L.Flatten)(x)
        return {part: self.use(part, L.Dense, self.width)(x) for part in ("mean", "log_variance")}


@dataclass(eq=False, repr=False)
class _Sample(B.Block):
    """mean + standard deviation * noise, so that gradients reach both; the noise has no weights."""

    def wire(self, mean: Any, log_variance: Any) -> Any:
        noise = self.use("noise", _noise_model, mean.shape[-1], mean.dtype)(mean)
        half = self.use("half", L.Rescaling, 0.5)(log_variance)
        deviation = self.use("deviation", L.Activation, "exponential")(half)
        scaled = self.use("scaled_noise", L.Multiply)([deviation, noise])
        return self.use("sample", L.Add)([mean, scaled])


@dataclass(eq=False, repr=False)
class _Divergence(B.Block):
    """The Kullback-Leibler divergence of the code from a standard normal one, in nats."""

    def wire(self, mean: Any, log_variance: Any) -> Any:
        model = self.use("kl", _kl_model, mean.shape[-1], mean.dtype)
        return model([mean, log_variance])


class VAE(NamedTuple):
    """The two halves of a variational autoencoder and the whole; all three share their weights.

    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((8, 8, 8, 1), "float32")
        >>> v = vae(code=2, filters=(4,), input_shape=(8, 8, 1))
        >>> v.model.compile("adam", **v.compile_args())
        >>> history = v.model.fit(images, v.targets(images), verbose=0)
        >>> sorted(history.history)
        ['image_loss', 'kl_loss', 'loss']
    """

    encoder: keras.Model  # image to {"mean", "log_variance"} of its code
    decoder: keras.Model  # code to image
    model: keras.Model  # image to {"image", "kl"}: the drawn image, and the divergence

    def compile_args(
        self, loss: str = "binary_crossentropy", beta: float = 1.0
    ) -> dict[str, dict[str, Any]]:
        """Return what `model.compile(optimizer, **v.compile_args())` needs.

        Keras takes the mean over pixels and the paper the sum, so the loss of the image is
        weighted by the number of its pixels. With the cross-entropy and `beta=1`, the total loss
        is the paper's: the negative lower bound of the log-likelihood, in nats per image. The
        divergence is never below 0, so its mean absolute error against 0 is its mean.

        Args:
            loss: Name of the Keras loss of the image: `"binary_crossentropy"` for pixels from 0
                to 1, `"mean_squared_error"` for others.
            beta: Weight of the divergence, over 0; another than 1 is the beta-VAE of Higgins et
                al. 2017, https://openreview.net/forum?id=Sy2fzU9gl.

        Raises:
            ValueError: If `beta` is not over 0.
        """
        check_number(beta, "compile_args(beta=...)", above=0)
        pixels = prod(self.decoder.output_shape[1:])
        return {
            "loss": {"image": loss, "kl": "mean_absolute_error"},
            "loss_weights": {"image": float(pixels), "kl": float(beta)},
        }

    def targets(self, images: Any) -> dict[str, Any]:
        """Return what `model.fit(images, v.targets(images))` needs: the images, and zeros."""
        return {"image": images, "kl": np.zeros((len(images), 1), "float32")}


@checked(code=count, filters=counts, input_shape=known_shape)
def vae(
    code: int = 2,
    filters: Sequence[int] = (32, 64),
    input_shape: Sequence[int] = (28, 28, 1),
    *,
    activation: str = "sigmoid",
    name: str = "vae",
) -> VAE:
    """Return a variational autoencoder: its encoder, its decoder, and both together.

    Kingma and Welling 2013, "Auto-Encoding Variational Bayes", https://arxiv.org/abs/1312.6114,
    with convolutions in place of their dense layers. The encoder gives a normal distribution
    over codes; a code drawn from it is decoded while training, and its mean otherwise. How far
    that distribution is from a standard normal one is an output of its own, so plain `fit`
    trains the model, see `VAE`:

        v = vae()
        v.model.compile("adam", **v.compile_args())
        v.model.fit(images, v.targets(images), epochs=10)
        new = v.decoder.predict(np.random.normal(size=(16, 2)))

    What to look at: with `code=2` every point of the plane near 0 is an image.

    Args:
        code: How many numbers describe an image.
        filters: Channels after each halving of the image.
        input_shape: Of an image: sizes and channels.
        activation: Name of the Keras activation of the drawn image.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> v = vae(code=2, filters=(8, 16))
        >>> {key: y.shape for key, y in v.encoder.output.items()}
        {'mean': (None, 2), 'log_variance': (None, 2)}
        >>> {key: y.shape for key, y in v.model.output.items()}
        {'image': (None, 28, 28, 1), 'kl': (None, 1)}
    """
    down, gaussian = B.Encoder(filters, name="down"), _Gaussian(code, name="gaussian")
    up = B.Decoder(input_shape, list(reversed(filters)), output=activation, name="up")

    image, short = keras.Input(tuple(input_shape), name="image"), keras.Input((code,), name="code")
    decoder = keras.Model(short, up(short), name="decoder")
    encoder = keras.Model(image, gaussian(down(image)), name="encoder")

    x = keras.Input(tuple(input_shape), name="image")
    normal = encoder(x)
    mean, log_variance = normal["mean"], normal["log_variance"]
    drawn = decoder(_Sample(name="latent")(mean, log_variance))
    kl = _Divergence(name="divergence")(mean, log_variance)
    return VAE(encoder, decoder, keras.Model(x, {"image": drawn, "kl": kl}, name=name))
