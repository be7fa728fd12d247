"""Cars of 1970 to 1982: their names and numbers, what they drink and where they are from."""

import csv
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from keraslab.datasets._base import Dataset
from keraslab.datasets._reading import lines

NUMBERS = ("cylinders", "displacement", "horsepower", "weight", "acceleration", "year")
ORIGINS = ("Europe", "Japan", "USA")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Cars(Dataset):
    """What `cars` returns; every array has a row for each car.

    Args:
        names: Make and model in small letters, such as `"fiat 128"`, shape `(n,)`.
        numbers: Six numbers as they were written down, float32, shape `(n, 6)`.
        mpg: Miles driven on one US gallon, float32, shape `(n,)`.
        origin: Which of `origin_names` the car was made in, int32, shape `(n,)`.
        number_names: What the six numbers are: cylinders, displacement (cubic inches),
            horsepower, weight (pounds), acceleration (seconds from 0 to 60 miles an hour), year.
        origin_names: `("Europe", "Japan", "USA")`.
    """

    names: npt.NDArray[np.str_]
    numbers: npt.NDArray[np.float32]
    mpg: npt.NDArray[np.float32]
    origin: npt.NDArray[np.int32]
    number_names: tuple[str, ...] = NUMBERS
    origin_names: tuple[str, ...] = ORIGINS

    rows: ClassVar[tuple[str, ...]] = ("names", "numbers", "mpg", "origin")


def cars() -> Cars:
    """Load 392 cars with a name, six numbers, a mileage and an origin.

    For several inputs of different kinds (text and numbers) and several outputs (a number and
    a class). The rows are in the order of the model year, so draw a `split`. Only the cars with
    no value missing are here, 392 of 398.

    Source: R. Quinlan, Auto MPG, UCI Machine Learning Repository, 1993,
    https://doi.org/10.24432/C5859H. Licence: CC BY 4.0.

    Example:
        >>> from keraslab import datasets
        >>> data = datasets.cars()
        >>> data
        Cars(392 rows: names <U36, numbers float32[6], mpg float32, origin int32)
        >>> print(data.names[0], data.mpg[0], data.origin_names[data.origin[0]])
        chevrolet chevelle malibu 18.0 USA
        >>> train, test = data.split(test=0.25)
        >>> len(train), len(test)
        (294, 98)
    """
    table = list(csv.DictReader(lines("cars.csv")))
    return Cars(
        names=np.array([row["name"] for row in table]),
        numbers=np.array([[row[name] for name in NUMBERS] for row in table], dtype="float32"),
        mpg=np.array([row["mpg"] for row in table], dtype="float32"),
        origin=np.array([ORIGINS.index(row["origin"]) for row in table], dtype="int32"),
        source="R. Quinlan, Auto MPG, UCI 1993, https://doi.org/10.24432/C5859H",
        licence="CC BY 4.0",
    )
