"""Autoencoder: an image squeezed through a short code and drawn again from it."""

from collections.abc import Sequence
from typing import NamedTuple

import keras

from keraslab import blocks as B
from keraslab.zoo._settings import checked, count, counts, known_shape


class Autoencoder(NamedTuple):
    """The two halves of an autoencoder and the whole; all three share their weights."""

    encoder: keras.Model  # image to code
    decoder: keras.Model  # code to image
    model: keras.Model  # image to image: the encoder, then the decoder


@checked(code=count, filters=counts, input_shape=known_shape)
def autoencoder(
    code: int = 32,
    filters: Sequence[int] = (32, 64),
    input_shape: Sequence[int] = (28, 28, 1),
    *,
    activation: str = "sigmoid",
    name: str = "autoencoder",
) -> Autoencoder:
    """Return a convolutional autoencoder: its encoder, its decoder, and both together.

    Hinton and Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks",
    https://doi.org/10.1126/science.1127647, with strided convolutions in place of their dense
    layers. Train `model` with the images as inputs and as targets; then `encoder` and `decoder`
    can be used on their own, since the three share every weight.

    What to look at: the code is the only way through. A model with skips around it, which
    copies rather than describes, is `unet(classes=channels, activation="sigmoid")`.

    Args:
        code: How many numbers describe an image.
        filters: Channels after each halving of the image.
        input_shape: Of an image: sizes and channels.
        activation: Name of the Keras activation of the drawn image: `"sigmoid"` for pixels from
            0 to 1, `"linear"` for any.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> encoder, decoder, model = autoencoder(code=2, filters=(8, 16))
        >>> encoder.output_shape, decoder.output_shape
        ((None, 2), (None, 28, 28, 1))
        >>> model.count_params() == encoder.count_params() + decoder.count_params()
        True
        >>> model.compile("adam", "binary_crossentropy")  # then model.fit(images, images)
    """
    down = B.Encoder(filters, code, name="down")
    up = down.decoder(input_shape, activation, name="up")

    image, short = keras.Input(tuple(input_shape), name="image"), keras.Input((code,), name="code")
    encoder = keras.Model(image, down(image), name="encoder")
    decoder = keras.Model(short, up(short), name="decoder")
    x = keras.Input(tuple(input_shape), name="image")
    return Autoencoder(encoder, decoder, keras.Model(x, decoder(encoder(x)), name=name))
