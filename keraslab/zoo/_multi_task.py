"""One look at an image, several answers: what it is, where it is, what it is like."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.zoo._photo import image_input
from keraslab.zoo._settings import checked, count, counts, image_shape, maybe
from keraslab.zoo._stages import residual_stages


class MultiTask(NamedTuple):
    """What `multi_task` returns.

    Attributes:
        model: From an image to a dict of `class`, `box` and `attributes`.
        trunk: From an image to what all heads see, `(batch, channels)`.
        heads: The block of the heads, for `heads.compile_args()` and
            `heads.uncertainty_weighted(model)`.
    """

    model: keras.Model
    trunk: keras.Model
    heads: B.Heads


@checked(
    input_shape=image_shape, attributes=count, filters=counts, depth=count, hidden=maybe(count)
)
def multi_task(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    attributes: int = 40,
    *,
    filters: Sequence[int] = (64, 128, 256, 512),
    depth: int = 2,
    hidden: int | None = 256,
    name: str = "multi_task",
) -> MultiTask:
    """Return a network with one trunk and three heads: class, box and attributes of a thing.

    Hard parameter sharing after Caruana 1997, "Multitask Learning",
    https://doi.org/10.1023/A:1007379606734; a class and a box from one trunk as in Sermanet et
    al. 2013, "OverFeat", https://arxiv.org/abs/1312.6229. With the published settings the trunk
    is the residual network of 18 layers (He et al. 2015, https://arxiv.org/abs/1512.03385):
    7x7 convolution, pooling, and four stages of two blocks.

    Look at how little of the model belongs to a single head, and compile it with its own losses:

        made = multi_task((28, 28, 1), 10, 3, filters=(16, 32))
        made.model.compile("adam", **made.heads.compile_args())

    or let the weights of the losses be learned: `made.heads.uncertainty_weighted(made.model)`
    (Kendall et al. 2018, https://arxiv.org/abs/1705.07115).

    Args:
        input_shape: `(height, width, channels)` of the image.
        classes: How many classes.
        attributes: How many labels of which any number may hold.
        filters: Channels of each stage; each but the first halves the image.
        depth: Residual blocks in each stage.
        hidden: Width of a layer of its own in front of each head, or `None` for none.
        name: Of the model; the trunk is called `name_trunk`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> made = multi_task((28, 28, 1), 10, 3, filters=(8, 16), depth=1, hidden=8)
        >>> {task: y.shape for task, y in made.model.output.items()}
        {'class': (None, 10), 'box': (None, 4), 'attributes': (None, 3)}
    """
    image = image_input(input_shape, 1, "multi_task")
    stem = B.Chain(
        {
            "conv": B.ConvNorm(filters[0], 7, stride=2),
            "pool": partial(L.MaxPooling2D, 3, strides=2, padding="same"),
        }
    )
    trunk = B.Chain(
        {
            "stem": stem,
            **residual_stages(filters, depth),
            "pool": partial(L.GlobalAveragePooling2D),
        },
        name="trunk",
    )
    heads = B.Heads(
        {
            "class": B.MultiClass(classes),
            "box": B.Box(),
            "attributes": B.MultiLabel(attributes),
        },
        hidden,
        name="heads",
    )

    seen = trunk(image)
    return MultiTask(
        model=keras.Model(image, heads(seen), name=name),
        trunk=keras.Model(image, seen, name=f"{name}_trunk"),
        heads=heads,
    )
