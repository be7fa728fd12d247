"""DenseNet: every layer of a stage sees all the layers before it."""

from collections.abc import Sequence
from typing import Any

import keras

from keraslab import blocks as B
from keraslab.zoo._photo import Ending, FineNorm, Stem, classify, image_input
from keraslab.zoo._settings import checked, count, counts, image_shape, one_of

# Layers in each dense block, by depth: table 1 of the paper.
_LAYERS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


class _Norm(FineNorm):
    def conv(
        self, part_name: str, x: Any, filters: int, size: Any = 3, *args: Any, **more: Any
    ) -> Any:
        """Convolve; a kernel of size 1 needs no padding, and has none in Keras' network."""
        padding = {"padding": "valid"} if size == 1 else {}
        return super().conv(part_name, x, filters, size, *args, **{**padding, **more})


class _DenseLayer(_Norm, B.DenseLayer):
    pass


class _DenseBlock(B.DenseBlock):
    layer_class = _DenseLayer


class _Transition(_Norm, B.Transition):
    pass


def _depth(value: Any, where: str) -> tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        return counts(value, where)
    try:
        return _LAYERS[one_of(*_LAYERS)(value, where)]
    except ValueError as error:
        raise ValueError(
            f"{where}: must be {', '.join(map(str, _LAYERS))} or the number of layers in each "
            f"dense block, such as (6, 12, 24, 16). Received: {value!r}."
        ) from error


@checked(depth=_depth, input_shape=image_shape, growth=count)
def densenet(
    depth: int | Sequence[int] = 121,
    input_shape: tuple[int | None, ...] = (224, 224, 3),
    classes: int = 1000,
    *,
    growth: int = 32,
    activation: str = "softmax",
    name: str = "densenet",
) -> keras.Model:
    """Return a DenseNet-BC: 8.1 (121), 14.3 (169) or 20.2 (201) million parameters.

    Huang et al. 2016, "Densely Connected Convolutional Networks",
    https://arxiv.org/abs/1608.06993. A stem, then dense blocks with a transition between each
    two, which halves channels and image. Equal to `keras.applications.DenseNet121` and its
    larger siblings, whose weights fit.

    What to look at: open a dense block. From one `concat` to the next the old features go
    straight on, and each layer adds no more than `growth` channels to them.

    Args:
        depth: 121, 169 or 201; or the number of layers in each dense block, such as
            `(6, 12, 24, 16)`, which is 121.
        input_shape: `(height, width, channels)`; sizes may be `None`. With four dense blocks
            29 pixels are the least.
        classes: How many classes, 1 or more.
        growth: Channels that each layer adds. The stem makes twice as many.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Raises:
        ValueError: If a setting is out of range or the image too small.

    Example:
        >>> small = densenet((2, 2), (32, 32, 3), classes=10, growth=8)
        >>> small.output_shape
        (None, 10)
        >>> small.get_layer("stage2__concat2").output.shape  # (16 + 2*8) / 2 + 2*8
        (None, 4, 4, 32)
    """
    layers: Any = depth  # its rule has made a tuple of it
    # The stem divides by 4, rounding up, and each transition by 2, rounding down.
    image = image_input(input_shape, 4 * (2 ** (len(layers) - 1) - 1) + 1, "densenet")

    x = Stem(2 * growth, name="stem")(image)
    for stage, times in enumerate(layers, 1):
        if stage > 1:
            x = _Transition(name=f"transition{stage - 1}")(x)
        x = _DenseBlock(times, growth, name=f"stage{stage}")(x)
    x = Ending(name="ending")(x)
    return keras.Model(image, classify(x, classes, activation), name=name)
