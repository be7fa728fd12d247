"""The inception modules of version 3: large kernels factorised into small ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from keraslab.blocks._branches import Branches
from keraslab.blocks._chain import Chain
from keraslab.blocks._checks import check_count, check_number
from keraslab.blocks._inception import InceptionModule


@dataclass(eq=False, repr=False)
class InceptionV3Module(InceptionModule):
    """Base of the modules of version 3, whose filters are the paper's times `width`.

    Args:
        width: Factor of all filters, over 0; 1 is the published network.
        name: See `Block`.
    """

    rank: ClassVar[int | None] = None  # how many axes between batch and channels; None for any
    smallest: ClassVar[int] = 1  # image that it takes

    width: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_number(self.width, f"{type(self).__name__}(width=...)", above=0)

    def wire(self, x: Any) -> Any:
        """Connect every branch to one tensor, and concatenate."""
        self.channels(x, sizes=self.rank)
        if any(size is not None and size < self.smallest for size in self.sizes(x)):
            raise ValueError(
                f"{self._title}: each side must be {self.smallest} or more, as nothing is padded "
                f"where the size is halved. Received: {x.shape}."
            )
        return super().wire(x)

    def scaled(self, filters: int, *size_stride_padding: Any) -> Any:
        """Return the block of one convolution with so many filters, times the width."""
        return self.convolution(max(1, round(filters * self.width)), *size_stride_padding)

    def pooled(self, x: Any, filters: int) -> Any:
        """Return the branch of average pooling and a convolution of size 1."""
        return Chain({"pool": self.pooling("Average", x), "project": self.scaled(filters, 1)})


@dataclass(eq=False, repr=False)
class InceptionA(InceptionV3Module):
    """The module of InceptionV3 for its largest images (35x35): two 3x3 in a row beside a 5x5.

    After Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision",
    https://arxiv.org/abs/1512.00567, Figure 5: two convolutions of size 3 see as far as one of
    size 5, for 18/25 of its cost. As in the released network, one branch keeps a 5x5.

    Takes a tensor with channels and one to three more axes, see `ImageBlock`, and returns the
    same with `224 + pool_filters` channels.

    Args:
        pool_filters: Filters of the branch that pools, 1 or more: 32 or 64 in the network.
        width: Factor of all filters, over 0.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image-like tensor.

    Example:
        >>> import keras
        >>> InceptionA(32)(keras.Input((35, 35, 192))).shape
        (None, 35, 35, 256)
    """

    pool_filters: int = 64

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.pool_filters, "InceptionA(pool_filters=...)")

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the four branches by name."""
        conv = self.scaled
        return {
            "branch1x1": conv(64, 1),
            "branch5x5": Chain([conv(48, 1), conv(64, 5)]),
            "branch3x3_twice": Chain([conv(64, 1), conv(96, 3), conv(96, 3)]),
            "branch_pool": self.pooled(x, self.pool_filters),
        }


@dataclass(eq=False, repr=False)
class InceptionB(InceptionV3Module):
    """The module of InceptionV3 for middle-sized images (17x17): 7x7 as 1x7 and 7x1.

    After Szegedy et al. 2015, https://arxiv.org/abs/1512.00567, Figure 6 with n = 7: a row and
    a column in turn see as far as a square, for 2/7 of its cost.

    Takes `(batch, height, width, channels)` and returns the same with 768 channels.

    Args:
        filters: Filters inside the branches of size 7, 1 or more: 128, 160 or 192 in the network.
        width: Factor of all filters, over 0.
        name: See `Block`.

    Raises:
        ValueError: If a setting is out of range, or the input is no image.

    Example:
        >>> import keras
        >>> InceptionB(128)(keras.Input((17, 17, 768))).shape
        (None, 17, 17, 768)
    """

    filters: int = 192
    rank: ClassVar[int | None] = 2

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_count(self.filters, "InceptionB(filters=...)")

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the four branches by name."""
        conv, n, row, column = self.scaled, self.filters, (1, 7), (7, 1)
        return {
            "branch1x1": conv(192, 1),
            "branch7x7": Chain([conv(n, 1), conv(n, row), conv(192, column)]),
            "branch7x7_twice": Chain(
                [conv(n, 1), conv(n, column), conv(n, row), conv(n, column), conv(192, row)]
            ),
            "branch_pool": self.pooled(x, 192),
        }


@dataclass(eq=False, repr=False)
class InceptionC(InceptionV3Module):
    """The module of InceptionV3 for its smallest images (8x8): branches that branch again.

    After Szegedy et al. 2015, https://arxiv.org/abs/1512.00567, Figure 7: 1x3 and 3x1 side by
    side rather than in turn, for many channels where the image is small.

    Takes `(batch, height, width, channels)` and returns the same with 2048 channels.

    Args:
        width: Factor of all filters, over 0.
        name: See `Block`.

    Raises:
        ValueError: If `width` is out of range, or the input is no image.

    Example:
        >>> import keras
        >>> InceptionC()(keras.Input((8, 8, 1280))).shape
        (None, 8, 8, 2048)
    """

    rank: ClassVar[int | None] = 2

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the four branches by name."""
        conv = self.scaled

        def both() -> Branches:
            return Branches({"row": conv(384, (1, 3)), "column": conv(384, (3, 1))})

        return {
            "branch1x1": conv(320, 1),
            "branch3x3": Chain({"reduce": conv(384, 1), "both": both()}),
            "branch3x3_twice": Chain(
                {"reduce": conv(448, 1), "conv": conv(384, 3), "both": both()}
            ),
            "branch_pool": self.pooled(x, 192),
        }


@dataclass(eq=False, repr=False)
class ReductionA(InceptionV3Module):
    """The module of InceptionV3 that halves the image from 35x35 to 17x17.

    After Szegedy et al. 2015, https://arxiv.org/abs/1512.00567, Figure 10: strided convolutions
    beside strided pooling, so that nothing is lost to pooling and nothing computed twice.

    Takes a tensor with `c` channels and one to three more axes of 3 or more, see `ImageBlock`,
    and returns `480 + c` channels; a size `n` becomes `(n - 1) // 2`.

    Args:
        width: Factor of all filters, over 0.
        name: See `Block`.

    Raises:
        ValueError: If `width` is out of range, or the input is no image-like tensor or too small.

    Example:
        >>> import keras
        >>> ReductionA()(keras.Input((35, 35, 288))).shape
        (None, 17, 17, 768)
    """

    smallest: ClassVar[int] = 3

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the three branches by name."""
        conv, halve = self.scaled, (3, 2, "valid")
        return {
            "branch3x3": conv(384, *halve),
            "branch3x3_twice": Chain([conv(64, 1), conv(96, 3), conv(96, *halve)]),
            "branch_pool": Chain({"pool": self.pooling("Max", x, 2, "valid")}),
        }


@dataclass(eq=False, repr=False)
class ReductionB(InceptionV3Module):
    """The module of InceptionV3 that halves the image from 17x17 to 8x8.

    After Szegedy et al. 2015, https://arxiv.org/abs/1512.00567, Figure 10, with a 7x7 as a row
    and a column in one branch.

    Takes `(batch, height, width, c)`, of 3x3 or more, and returns `512 + c` channels; a size
    `n` becomes `(n - 1) // 2`.

    Args:
        width: Factor of all filters, over 0.
        name: See `Block`.

    Raises:
        ValueError: If `width` is out of range, or the input is no image or too small.

    Example:
        >>> import keras
        >>> ReductionB()(keras.Input((17, 17, 768))).shape
        (None, 8, 8, 1280)
    """

    rank: ClassVar[int | None] = 2
    smallest: ClassVar[int] = 3

    def branches(self, x: Any) -> Mapping[str, Any]:
        """Return the three branches by name."""
        conv, halve = self.scaled, (3, 2, "valid")
        return {
            "branch3x3": Chain([conv(192, 1), conv(320, *halve)]),
            "branch7x7": Chain(
                [conv(192, 1), conv(192, (1, 7)), conv(192, (7, 1)), conv(192, *halve)]
            ),
            "branch_pool": Chain({"pool": self.pooling("Max", x, 2, "valid")}),
        }
