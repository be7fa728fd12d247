"""Small real data sets for notebooks, read from installed packages and never from the network."""

from keraslab.datasets._base import Dataset
from keraslab.datasets._cars import Cars, cars
from keraslab.datasets._images import Images, digits, mnist
from keraslab.datasets._pronunciations import Pronunciations, pronunciations
from keraslab.datasets._ratings import Ratings, ratings, read_ratings
from keraslab.datasets._reading import MissingDataError
from keraslab.datasets._weather import Weather, weather

__all__ = [
    "Cars",
    "Dataset",
    "Images",
    "MissingDataError",
    "Pronunciations",
    "Ratings",
    "Weather",
    "cars",
    "digits",
    "mnist",
    "pronunciations",
    "ratings",
    "read_ratings",
    "weather",
]
