"""DCGAN: a network that draws images, and one that tells them from real ones."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import checked, count, known_shape


class _SmallRandom(B.ImageBlock):
    """The paper draws all weights from a normal distribution with deviation 0.02."""

    def use(self, part_name: str, part: Any, /, *args: Any, **settings: Any) -> Any:
        if part_name.startswith(("conv", "up", "dense", "code")):
            settings["kernel_initializer"] = keras.initializers.RandomNormal(stddev=0.02)
        return super().use(part_name, part, *args, **settings)


class _Generator(_SmallRandom, B.Decoder):
    pass


class _Discriminator(_SmallRandom, B.Encoder):
    def conv(self, part_name: str, x: Any, filters: int, *args: Any, **settings: Any) -> Any:
        # A bias where no normalisation follows.
        return super().conv(part_name, x, filters, *args, use_bias=part_name == "conv1", **settings)

    def norm(self, part_name: str, x: Any) -> Any:
        """Leave the first layer without normalisation, as the paper does."""
        return x if part_name == "norm1" else super().norm(part_name, x)


class GAN(NamedTuple):
    """A generator, a discriminator and both in a row; the three share their weights."""

    generator: keras.Model  # noise to image
    discriminator: keras.Model  # image to the probability that it is real
    model: keras.Model  # noise to that probability: the generator, then the discriminator


@checked(depth=count, filters=count, code=count, input_shape=known_shape)
def dcgan(
    depth: int = 4,
    filters: int = 128,
    code: int = 100,
    input_shape: Sequence[int] = (64, 64, 3),
    *,
    activation: str = "tanh",
    name: str = "dcgan",
) -> GAN:
    """Return a deep convolutional generative adversarial network for `train_gan`.

    Radford et al. 2015, "Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks", https://arxiv.org/abs/1511.06434. The generator makes noise into an
    image by transposed convolutions, with batch normalisation and ReLU; the discriminator
    mirrors it with strided convolutions, without normalisation in its first layer, and LeakyReLU
    of slope 0.2. There is no pooling. The kernels of all layers, convolutions and dense ones,
    start from a normal distribution with deviation 0.02, as all weights of the paper do; they are
    4 wide, where the paper draws 5: an even size gives the same result on every backend.

    The two are trained in turns, each against the other, by `train_gan`. Images lie between -1
    and 1, as the generator ends in `tanh`.

    Args:
        depth: How many times the generator doubles its image.
        filters: Channels of the generator's last step but one, doubled at each step before it.
            With the defaults 1024, 512, 256 and 128.
        code: How many random numbers an image is made of.
        input_shape: Of an image: sizes and channels.
        activation: Name of the Keras activation of the generated image.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> gan = dcgan(depth=2, filters=8, code=16, input_shape=(28, 28, 1))
        >>> gan.generator.output_shape, gan.discriminator.output_shape
        ((None, 28, 28, 1), (None, 1))
        >>> gan.model.input_shape
        (None, 16)
    """
    widths = [filters * 2**i for i in range(depth)]
    draw = _Generator(input_shape, widths[::-1], output=activation, name="draw")
    judge = B.Chain(
        {
            # The slope of Keras' leaky_relu is the paper's 0.2.
            "look": _Discriminator(widths, code=1, activation="leaky_relu"),
            "real": partial(L.Activation, "sigmoid", **full_precision()),
        },
        name="judge",
    )

    noise, image = keras.Input((code,), name="noise"), keras.Input(tuple(input_shape), name="image")
    generator = keras.Model(noise, draw(noise), name="generator")
    discriminator = keras.Model(image, judge(image), name="discriminator")
    z = keras.Input((code,), name="noise")
    model = keras.Model(z, discriminator(generator(z)), name=name)
    return GAN(generator, discriminator, model)
