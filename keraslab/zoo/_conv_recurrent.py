"""Convolutions that find short patterns in signals, and recurrent layers that follow them."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import checked, count, shape


@dataclass(eq=False, repr=False)
class _Convolutions(B.Block):
    """Convolutions along time, over every sensor alone: no kernel sees two of them."""

    filters: int
    kernel_size: int
    times: int

    def wire(self, x: Any) -> Any:
        sensors = x.shape[-1]
        # A picture one channel deep: time down, sensors across.
        x = self.use("picture", L.Reshape, (-1, sensors, 1))(x)
        settings = {"activation": "relu", "data_format": "channels_last"}
        for i in range(1, self.times + 1):
            x = self.use(f"conv{i}", L.Conv2D, self.filters, (self.kernel_size, 1), **settings)(x)
        return self.use("sequence", L.Reshape, (-1, sensors * self.filters))(x)


@dataclass(eq=False, repr=False)
class _Recurrent(B.Block):
    """Recurrent layers; the last one gives what it knows at the end."""

    width: int
    times: int
    dropout: float

    def wire(self, x: Any) -> Any:
        for i in range(1, self.times + 1):
            x = self.use(f"dropout{i}", L.Dropout, self.dropout)(x)
            x = self.use(f"lstm{i}", L.LSTM, self.width, return_sequences=i < self.times)(x)
        return x


@checked(
    input_shape=shape("(length, sensors)", (24, 113), unknown=slice(1)),
    filters=count,
    kernel_size=count,
    convolutions=count,
    width=count,
    recurrent_layers=count,
)
def conv_recurrent(
    input_shape: tuple[int | None, int] = (24, 113),
    classes: int = 18,
    *,
    filters: int = 64,
    kernel_size: int = 5,
    convolutions: int = 4,
    width: int = 128,
    recurrent_layers: int = 2,
    dropout: float = 0.5,
    activation: str = "softmax",
    name: str = "conv_recurrent",
) -> keras.Model:
    """Return a hybrid of convolutions and recurrent layers that names a stretch of signals.

    DeepConvLSTM of Ordóñez and Roggen 2016, "Deep Convolutional and LSTM Recurrent Neural
    Networks for Multimodal Wearable Activity Recognition", https://doi.org/10.3390/s16010115:
    four convolutions along time, the same ones over every sensor; then all sensors' features of
    a moment side by side into two LSTMs; the state at the end names the gesture. By default 24
    moments of 113 sensors and 18 gestures, 3,964,754 parameters.

    What to look at: convolutions shorten the sequence (24 to 8) and have few weights (62,016);
    nearly all others belong to the first LSTM, which is where sensors meet. A spectrogram
    `(time, bins)` works as well; each bin then is a sensor.

    Args:
        input_shape: `(length, sensors)`; the length may be `None`.
        classes: How many classes.
        filters: Of every convolution.
        kernel_size: Of every convolution, in moments. Each shortens the sequence by
            `kernel_size - 1`.
        convolutions: How many.
        width: Of the state of every recurrent layer.
        recurrent_layers: How many.
        dropout: Rate in front of every recurrent layer, from 0 to below 1.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Returns:
        A model from `(batch, length, sensors)` to `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range, or the length too small for the convolutions.

    Example:
        >>> model = conv_recurrent((16, 3), classes=5, filters=4, convolutions=2, width=8)
        >>> model.output_shape
        (None, 5)
    """
    length, shortest = input_shape[0], convolutions * (kernel_size - 1) + 1
    if length is not None and length < shortest:
        raise ValueError(
            f"conv_recurrent(input_shape=...): the convolutions need a length of {shortest} or "
            f"more. Received: {length}. Fewer convolutions or a smaller kernel_size need less."
        )

    signals = keras.Input(input_shape, name="signals")
    x = B.Chain(
        {
            "convolutions": _Convolutions(filters, kernel_size, convolutions),
            "recurrent": _Recurrent(width, recurrent_layers, dropout),
        },
        name="body",
    )(signals)
    y = L.Dense(classes, activation=activation, name="output", **full_precision())(x)
    return keras.Model(signals, y, name=name)
