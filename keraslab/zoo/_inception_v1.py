"""GoogLeNet, the first network of inception modules."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers as L
from keras import ops

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._photo import classify, image_input
from keraslab.zoo._settings import checked, factor, flag, image_shape

# Table 1 of the paper, a row a module: 1x1, (reduce, 3x3), (reduce, 5x5), after pooling.
_TABLE = {
    "inception3a": (64, (96, 128), (16, 32), 32),
    "inception3b": (128, (128, 192), (32, 96), 64),
    "inception4a": (192, (96, 208), (16, 48), 64),
    "inception4b": (160, (112, 224), (24, 64), 64),
    "inception4c": (128, (128, 256), (24, 64), 64),
    "inception4d": (112, (144, 288), (32, 64), 64),
    "inception4e": (256, (160, 320), (32, 128), 128),
    "inception5a": (256, (160, 320), (32, 128), 128),
    "inception5b": (384, (192, 384), (48, 128), 128),
}
_POOL_AFTER = {"inception3b": "pool3", "inception4e": "pool4"}
_AUXILIARY_AFTER = {"inception4a": "auxiliary1", "inception4d": "auxiliary2"}
# The auxiliary classifiers pool 5x5 where the image is a sixteenth of its size, rounded up.
_SMALLEST_AUXILIARY = 16 * 4 + 1


@dataclass(eq=False, repr=False)
class _Conv(B.ConvNorm):
    """A convolution with a bias and ReLU: the paper is older than batch normalisation."""

    def conv(self, part_name: str, x: Any, *args: Any, **settings: Any) -> Any:
        return super().conv(part_name, x, *args, **{**settings, "use_bias": True})

    def norm(self, part_name: str, x: Any) -> Any:  # noqa: ARG002
        return x


@dataclass(eq=False, repr=False)
class _Inception(B.Inception):
    """The module as the paper has it."""

    def convolution(self, filters: int, size: Any, stride: int = 1, padding: str = "same") -> Any:
        return _Conv(filters, size, stride, padding=padding)


def _local_norm(shape: Any, axis: int, dtype: str, *, name: str) -> Any:
    """Return a small model without weights that divides each channel by the five around it."""
    x = keras.Input(shape, dtype=dtype)
    squares = ops.pad(ops.square(x), [[2, 2] if i == axis else [0, 0] for i in range(4)])
    window = tuple(5 if i == axis else 1 for i in (1, 2, 3))
    # Channels become an axis of a volume, so that pooling can run along them. A layer, since
    # `ops.average_pool` loaded from a file gets a list, which JAX refuses.
    pool = L.AveragePooling3D(window, 1, data_format="channels_last", name="pool")
    mean = pool(ops.expand_dims(squares, -1))
    return keras.Model(x, x / ops.power(1 + 1e-4 * ops.squeeze(mean, -1), 0.75), name=name)


@dataclass(eq=False, repr=False)
class _LocalNorm(B.ImageBlock):
    """Local response normalisation (Krizhevsky et al. 2012), with Caffe's numbers."""

    def wire(self, x: Any) -> Any:
        axis = self.channel_axis % 4
        shape: list[int | None] = [None, None, None]
        shape[axis - 1] = self.channels(x, sizes=2)
        return self.use("divide", _local_norm, tuple(shape), axis, x.dtype)(x)


@dataclass(eq=False, repr=False)
class _Auxiliary(B.Block):
    """A classifier half way, which brings gradients to the layers below it."""

    filters: int
    units: int
    classes: int
    activation: str

    def wire(self, x: Any) -> Any:
        x = self.use("pool", L.AveragePooling2D, 5, 3)(x)
        x = self.use("reduce", _Conv, self.filters, 1)(x)
        x = self.use("flatten", L.Flatten)(x)
        x = self.use("hidden", L.Dense, self.units, activation="relu")(x)
        x = self.use("dropout", L.Dropout, 0.7)(x)
        settings = {"activation": self.activation, **full_precision()}
        return self.use("output", L.Dense, self.classes, **settings)(x)


@checked(input_shape=image_shape, auxiliary=flag, width=factor)
def inception_v1(
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
    classes: int = 1000,
    *,
    auxiliary: bool = False,
    width: float = 1.0,
    activation: str = "softmax",
    name: str = "inception_v1",
) -> keras.Model:
    """Return GoogLeNet: a stem, nine inception modules, and a classifier.

    Szegedy et al. 2014, "Going Deeper with Convolutions", https://arxiv.org/abs/1409.4842,
    Table 1 and Figure 3: 6,998,552 parameters, and 13,378,280 with both auxiliary classifiers;
    convolutions have biases and no batch normalisation, and the stem has local response
    normalisation.

    The paper trains with two more classifiers half way, whose losses count 0.3 each, and throws
    them away afterwards: with `auxiliary=True` the model has three outputs, in a dict. What is
    kept shares every weight with it::

        keep = keras.Model(model.input, model.output["main"])

    Look at: how little the last layer costs after global pooling, and how the 1x1 convolutions
    in front of the larger ones hold the channels down.

    Args:
        input_shape: `(height, width, channels)`; with `auxiliary=True` 65 or more high and wide.
        classes: How many classes, 1 or more.
        auxiliary: Return a dict of `main`, `auxiliary1` (after module 4a) and `auxiliary2`
            (after 4d) rather than the main output alone.
        width: Factor of all filters, over 0; 1 is the paper.
        activation: Of the outputs; `"linear"` for logits.
        name: Of the model.

    Returns:
        A model from images `(batch, height, width, channels)` to `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range, or the image too small.

    Example:
        >>> model = inception_v1((96, 96, 3), 10, auxiliary=True, width=0.25)
        >>> list(model.output), model.output["main"].shape
        (['main', 'auxiliary1', 'auxiliary2'], (None, 10))
    """
    image = image_input(input_shape, _SMALLEST_AUXILIARY if auxiliary else 1, "inception_v1")

    def scaled(filters: Any) -> Any:
        if isinstance(filters, tuple):
            return tuple(map(scaled, filters))
        return max(1, round(filters * width))

    def pool() -> Any:
        return partial(L.MaxPooling2D, 3, 2, "same")

    stem = {
        "conv1": _Conv(scaled(64), 7, 2),
        "pool1": pool(),
        "norm1": _LocalNorm(),
        "reduce": _Conv(scaled(64), 1),
        "conv2": _Conv(scaled(192), 3),
        "norm2": _LocalNorm(),
        "pool2": pool(),
    }
    x = B.Chain(stem, name="stem")(image)
    outputs: dict[str, Any] = {"main": None}
    for module, filters in _TABLE.items():
        x = _Inception(*scaled(filters), name=module)(x)
        if module in _POOL_AFTER:
            x = pool()(name=_POOL_AFTER[module])(x)
        if auxiliary and module in _AUXILIARY_AFTER:
            side = _AUXILIARY_AFTER[module]
            filters, hidden = scaled((128, 1024))
            outputs[side] = _Auxiliary(filters, hidden, classes, activation, name=side)(x)
    outputs["main"] = classify(x, classes, activation, dropout=0.4)
    return keras.Model(image, outputs if auxiliary else outputs["main"], name=name)
