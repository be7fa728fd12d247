"""HRNet: high resolution kept from the first layer to the last, lower ones beside it."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import classify, image_input
from keraslab.zoo._settings import checked, count, counts, image_shape


class _Gather(B.Block):
    """All streams into one image: each widened, and added to what comes down to it."""

    filters: int

    def wire(self, streams: Any) -> Any:
        x = None
        for i, stream in enumerate(streams, 1):
            filters = self.filters * 2 ** (i - 1)
            y = self.use(f"widen{i}", B.Bottleneck, filters // 4)(stream)
            if x is not None:
                x = self.use(f"down{i}", B.ConvNorm, filters, 3, 2)(x)
                y = self.use(f"add{i}", L.Add)([x, y])
            x = y
        return self.use("last", B.ConvNorm, 2 * filters, 1)(x)


@checked(width=count, input_shape=image_shape, modules=counts, depth=count, stem=count)
def multi_resolution(
    width: int = 18,
    input_shape: tuple[int | None, ...] = (224, 224, 3),
    classes: int = 1000,
    *,
    modules: Sequence[int] = (1, 4, 3),
    depth: int = 4,
    stem: int = 64,
    activation: str = "softmax",
    name: str = "multi_resolution",
) -> keras.Model:
    """Return HRNet-W18-C, a classifier with four streams: 21.3 million parameters.

    Wang et al. 2019, "Deep High-Resolution Representation Learning for Visual Recognition",
    https://arxiv.org/abs/1908.07919, Figure 2 and, for the classifier, its appendix. The stem
    brings the image to a quarter of its size. Each stage after the first starts one more stream
    at half the lowest resolution, and its modules exchange all streams. For the classifier they
    are widened, and gathered from the highest resolution down. (The authors' code has 3,840
    more weights: biases in front of batch normalisation, which takes them away again.)

    Look at: a module's lower half, where every stream meets every other, and the top stream,
    which is as large at the end as behind the stem.

    Args:
        width: Channels of the highest stream, 1 or more; each lower one has twice as many. The
            paper has 18, 30, 32, 40, 44, 48 and 64.
        input_shape: `(height, width, channels)`; any size, though multiples of 32 fit best:
            elsewhere a stream that comes up is cut by a pixel. Sizes may be `None`.
        classes: How many classes, 1 or more.
        modules: Modules in each stage after the first: one stage, and so one stream, for each.
        depth: Residual blocks in each stream of a module, 1 or more.
        stem: Filters of the stem, a multiple of 2. The first stage has four times as many, and
            the classifier twice as many and more.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Returns:
        A model from images `(batch, height, width, channels)` to `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range or the image no image.

    Example:
        >>> small = multi_resolution(4, (32, 32, 3), 10, modules=(1, 1), depth=1, stem=8)
        >>> small.output_shape
        (None, 10)
        >>> [small.get_layer(f"stage3__multi_resolution1__act{i}").output.shape for i in (1, 2, 3)]
        [(None, 8, 8, 4), (None, 4, 4, 8), (None, 2, 2, 16)]
    """
    if stem % 2:
        raise ValueError(
            f"multi_resolution(stem=...): must be a multiple of 2. Received: {stem!r}; "
            f"{stem + 1} works."
        )
    image = image_input(input_shape, 1, "multi_resolution")

    x = B.Chain([B.ConvNorm(stem, 3, 2), B.ConvNorm(stem, 3, 2)], name="stem")(image)
    streams = [B.Repeat(B.Bottleneck(stem), 4, name="stage1")(x)]
    for stage, times in enumerate(modules, 2):
        widths = [width * 2**i for i in range(stage)]
        exchanges = [B.MultiResolution(widths, depth) for _ in range(times)]
        streams = B.Chain(exchanges, name=f"stage{stage}")(streams)
    x = _Gather(2 * stem, name="gather")(streams)
    return keras.Model(image, classify(x, classes, activation), name=name)
