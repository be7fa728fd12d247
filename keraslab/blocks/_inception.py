"""The inception modules: several sizes of looking at once, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from keraslab.blocks._branches import merge
from keraslab.blocks._chain import Chain
from keraslab.blocks._checks import check_count
from keraslab.blocks._conv_norm import ConvNorm
from keraslab.blocks._image import ImageBlock, layer_for


class InceptionModule(ImageBlock):
    """Base of the inception modules: named branches on one image, side by side in channels.

    Its convolutions are blocks that `convolution` makes; a subclass may make others, which
    changes them everywhere in the module.

    Args:
        name: See `Block`.
    """

    def convolution(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        stride: int = 1,
        padding: str = "same",
    ) -> Any:
        """Return the block of one convolution: with batch normalisation and ReLU."""
        return ConvNorm(filters, kernel_size, stride, padding=padding)

    def pooling(self, kind: str, x: Any, stride: int = 1, padding: str = "same") -> Any:
        """Return what makes the pooling layer, `"Max"` or `"Average"`, of size 3."""
        return partial(layer_for(x, f"{kind}Pooling"), 3, stride, padding)

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the branches by name, in the order in which they are concatenated."""
        raise NotImplementedError(f"{type(self).__name__} has no `branches(self, x)` method.")

    def wire(self, x: Any) -> Any:
        """Connect every branch to one tensor, and concatenate."""
        self.channels(x)
        outputs = {
            name: self.use(name, self.parts.get(name, branch))(x)
            for name, branch in self.branches(x).items()
        }
        return merge(self, outputs, "concat")


@dataclass(eq=False, repr=False)
class Inception(InceptionModule):
    """The inception module of GoogLeNet: four branches that look 1, 3 and 5 wide, and pool.

    After Szegedy et al. 2014, "Going Deeper with Convolutions",
    https://arxiv.org/abs/1409.4842, Figure 2(b). Each expensive branch reduces its channels by
    a convolution of size 1 first; the numbers below are a row of the paper's Table 1. Here every
    convolution is normalised by batch, as in all later versions; the paper's own have a bias.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    same with `branch1x1 + branch3x3[1] + branch5x5[1] + branch_pool` channels.

    Args:
        branch1x1: Filters of the branch of size 1, 1 or more.
        branch3x3: Filters that reduce, and of size 3 after them.
        branch5x5: Filters that reduce, and of size 5 after them.
        branch_pool: Filters of size 1 after max pooling of size 3.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> module = Inception(64, (96, 128), (16, 32), 32)  # row 3a of the table
        >>> module(keras.Input((28, 28, 192))).shape
        (None, 28, 28, 256)
        >>> list(module.parts)
        ['branch1x1', 'branch3x3', 'branch5x5', 'branch_pool', 'concat']
    """

    branch1x1: int
    branch3x3: tuple[int, int]
    branch5x5: tuple[int, int]
    branch_pool: int

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        for setting in ("branch1x1", "branch_pool"):
            check_count(getattr(self, setting), f"Inception({setting}=...)")
        for setting in ("branch3x3", "branch5x5"):
            pair = getattr(self, setting)
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise ValueError(
                    f"Inception({setting}=...): must be two numbers, the filters that reduce "
                    f"and those after them, such as (16, 32). Received: {pair!r}."
                )
            for filters in pair:
                check_count(filters, f"Inception({setting}=...)")

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the four branches by name."""
        conv = self.convolution
        return {
            "branch1x1": conv(self.branch1x1, 1),
            "branch3x3": Chain(
                {"reduce": conv(self.branch3x3[0], 1), "conv": conv(self.branch3x3[1], 3)}
            ),
            "branch5x5": Chain(
                {"reduce": conv(self.branch5x5[0], 1), "conv": conv(self.branch5x5[1], 5)}
            ),
            "branch_pool": Chain(
                {"pool": self.pooling("Max", x), "project": conv(self.branch_pool, 1)}
            ),
        }
