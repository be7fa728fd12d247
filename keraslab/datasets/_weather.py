"""Four years of weather in Seattle, as three instruments measured it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from keraslab.datasets._base import Dataset
from keraslab.datasets._reading import lines

KINDS = ("drizzle", "fog", "rain", "snow", "sun")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Weather(Dataset):
    """What `weather` returns; every array has a row for each day, in the order of the days.

    Args:
        dates: The days, datetime64, shape `(n,)`.
        temperature: The day's highest and lowest temperature in °C, float32, shape `(n, 2)`.
        rain: The day's rain and melted snow in mm, float32, shape `(n, 1)`.
        wind: The day's mean wind speed in m/s, float32, shape `(n, 1)`.
        kind: Which of `kind_names` the day was, int32, shape `(n,)`.
        kind_names: `("drizzle", "fog", "rain", "snow", "sun")`.
    """

    dates: npt.NDArray[np.datetime64]
    temperature: npt.NDArray[np.float32]
    rain: npt.NDArray[np.float32]
    wind: npt.NDArray[np.float32]
    kind: npt.NDArray[np.int32]
    kind_names: tuple[str, ...] = KINDS

    rows: ClassVar[tuple[str, ...]] = ("dates", "temperature", "rain", "wind", "kind")
    in_time: ClassVar[bool] = True

    def windows(self, days: int = 14) -> tuple[dict[str, npt.NDArray[np.float32]], slice]:
        """Cut the streams into windows, each of the days before one day.

        Args:
            days: How many days a window holds.

        Returns:
            The windows of each instrument, of shape `(n - days, days, 2)` for the thermometer
            and `(n - days, days, 1)` for the others, and the rows of the days that follow them:
            `streams, after = data.windows(7)`, then `data.rain[after]` is what to foretell.

        Raises:
            ValueError: If `days` is not a whole number from 1 to one less than there are days.
        """
        if isinstance(days, bool) or not isinstance(days, int) or not 0 < days < len(self):
            raise ValueError(
                f"Weather.windows(days=...): must be a whole number from 1 to {len(self) - 1}, "
                f"such as 14. Received: {days!r}."
            )
        starts = np.arange(len(self) - days)[:, None] + np.arange(days)
        streams = {name: getattr(self, name)[starts] for name in ("temperature", "rain", "wind")}
        return streams, slice(days, len(self))


def weather() -> Weather:
    """Load 1,461 days of weather in Seattle, 2012 to 2015.

    For several sensor streams: a thermometer, a rain gauge and an anemometer, each a series of
    its own, and a word for each day's weather, which the source put together from what was
    observed.

    Source: National Oceanic and Atmospheric Administration (NOAA), by way of
    https://github.com/vega/vega-datasets. Licence: public domain, as a work of the United
    States' government.

    Example:
        >>> from keraslab import datasets
        >>> data = datasets.weather()
        >>> data.temperature.shape, data.rain.shape, data.wind.shape
        ((1461, 2), (1461, 1), (1461, 1))
        >>> streams, after = data.windows(days=7)
        >>> streams["temperature"].shape, data.rain[after].shape
        ((1454, 7, 2), (1454, 1))
        >>> train, test = data.split(test=0.25)
        >>> print(train.dates[-1], test.dates[0])
        2014-12-31 2015-01-01
    """
    table = [line.split(",") for line in lines("weather.csv")[1:]]
    numbers = np.array([row[1:5] for row in table], dtype="float32")
    return Weather(
        dates=np.array([row[0] for row in table], dtype="datetime64[D]"),
        temperature=numbers[:, 1:3],
        rain=numbers[:, :1],
        wind=numbers[:, 3:],
        kind=np.array([KINDS.index(row[5]) for row in table], dtype="int32"),
        source="NOAA, by way of https://github.com/vega/vega-datasets (seattle-weather.csv)",
        licence="public domain",
    )
