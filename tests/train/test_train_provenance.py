import dataclasses
import datetime
import getpass
import json
import os
import platform
import random
import shutil
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keraslab.train import _fingerprint, _provenance
from keraslab.train._fingerprint import fingerprint
from keraslab.train._provenance import provenance
from keraslab.train._task import Data

# The fingerprint.

DIFFERENT = [
    np.arange(6),
    np.arange(6.0),
    np.arange(6, dtype="int32"),
    np.arange(6).reshape(2, 3),
    np.arange(6).reshape(3, 2),
    np.arange(6)[::-1],
    np.zeros(0),
    np.zeros((0, 3)),
    np.zeros((3, 0)),
    [np.arange(6)],
    [np.arange(3), np.arange(3, 6)],
    [[np.arange(3)], np.arange(3, 6)],
    [np.arange(3, 6), np.arange(3)],
    {"a": np.arange(3), "b": np.arange(3, 6)},
    {"b": np.arange(3), "a": np.arange(3, 6)},
    {"a": np.arange(3)},
    np.array(["ab", "c"]),
    np.array(["a", "bc"]),
    np.array(["ab", "c"], dtype=object),
    np.array(["a", "bc"], dtype=object),
    ["ab", "c"],
    ["a", "bc"],
    [],
    [[]],
    {},
    None,
    0,
    0.0,
    False,
    "",
    b"",
    "0",
    b"0",
    np.array([True, False]),
    np.array([1, 0], dtype="uint8"),
    np.array(["2020-01-01"], dtype="datetime64[D]"),
    np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
    np.array([(1, 2.0)], dtype=[("a", "i4"), ("c", "f4")]),
]


def test_other_data_have_another_fingerprint():
    found = [fingerprint(data) for data in DIFFERENT]
    assert len(set(found)) == len(found)
    assert all(len(text) == 32 for text in found)


def test_the_same_data_have_the_same():
    again = [fingerprint(data) for data in DIFFERENT]
    assert again == [fingerprint(data) for data in DIFFERENT]


@given(
    hnp.arrays(
        st.sampled_from(["f4", "i8", "u1", "bool", "U3"]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0),
    )
)
@settings(deadline=None)
def test_where_values_lie_in_memory_does_not_count(array):
    wanted = fingerprint(array)
    assert fingerprint(np.asfortranarray(array)) == wanted or array.ndim < 2 or array.size == 0
    wide = np.repeat(array, 2, axis=-1) if array.ndim else array
    assert fingerprint(wide[..., ::2] if array.ndim else wide) == wanted


def test_large_arrays_in_pieces(monkeypatch):
    array = np.arange(60_000, dtype="i4").reshape(30, 40, 50)
    wanted = fingerprint(array)
    monkeypatch.setattr(_fingerprint, "_CHUNK", 1000)
    for other in (
        np.asfortranarray(array),
        np.asfortranarray(array.reshape(60_000)[None])[0].reshape(30, 40, 50),
        np.stack([array, array], -1)[..., 0],
        np.concatenate([array, array], 0)[:30],
        np.repeat(array, 2, 0)[::2],
    ):
        assert fingerprint(other) == wanted
    line = np.arange(10_000)[::2]
    assert fingerprint(line) == fingerprint(line.copy())


def test_one_value_counts():
    array = np.zeros((100, 100), "f4")
    before = fingerprint(array)
    array[57, 3] = np.float32(1e-30)
    assert fingerprint(array) != before


def test_the_order_of_rows_counts_and_that_of_keys_does_not():
    x, y = np.arange(10), np.arange(10.0)
    assert fingerprint({"x": x, "y": y}) == fingerprint({"y": y, "x": x})
    assert fingerprint(x) != fingerprint(x[::-1])


def test_tensors_and_data_of_a_comparison():
    x = np.arange(6, dtype="f4")
    assert fingerprint(keras.ops.convert_to_tensor(x)) == fingerprint(x)
    data = Data(train=(x, x), validation=None, test=(x,))
    assert fingerprint(data) == fingerprint(dataclasses.replace(data, train=(x.copy(), x)))
    assert fingerprint(data) != fingerprint(dataclasses.replace(data, test=(x, x)))


def test_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert fingerprint(table) == fingerprint(table.copy())
    assert fingerprint(table) != fingerprint(table.rename(columns={"a": "c"}))
    assert fingerprint(table) != fingerprint(table.iloc[::-1])
    assert fingerprint(table["a"]) == fingerprint(np.array([1, 2]))


class Batches(keras.utils.PyDataset):
    def __init__(self, offset=0, count=20, wobble=False):
        super().__init__()
        self.offset, self.count, self.wobble = offset, count, wobble

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not 0 <= index < self.count:
            raise IndexError(index)
        x = np.full((4, 3), index + self.offset, "f4")
        return (x + random.random() if self.wobble else x), x[:, 0]


FIRST = " (of the length and the first 8 batches)"


def test_datasets_by_length_and_first_batches():
    found = fingerprint(Batches())
    assert found.endswith(FIRST)
    assert found == fingerprint(Batches())
    assert found != fingerprint(Batches(offset=1))
    assert found != fingerprint(Batches(count=21))
    assert fingerprint(Batches(count=2)) != fingerprint(Batches(count=3))


def test_batches_that_are_others_each_time():
    found = fingerprint(Batches(wobble=True))
    assert found.endswith("(of the length and kind of batches, which are others each time)")
    assert found == fingerprint(Batches(wobble=True))
    assert found != fingerprint(Batches(wobble=True, count=5))


def test_reading_draws_no_random_numbers():
    random.seed(3)
    wanted = random.random()
    random.seed(3)
    fingerprint(Batches(wobble=True))
    assert random.random() == wanted


def test_tf_datasets():
    tensorflow = pytest.importorskip("tensorflow")
    if keras.config.backend() != "tensorflow":
        pytest.skip("needs TensorFlow's own datasets")
    x = np.arange(400).reshape(100, 4)
    made = tensorflow.data.Dataset.from_tensor_slices
    assert fingerprint(made(x).batch(5)) == fingerprint(made(x.copy()).batch(5))
    assert fingerprint(made(x).batch(5)) != fingerprint(made(x).batch(10))
    assert fingerprint(made(x).batch(5)) != fingerprint(made(x + 1).batch(5))
    assert fingerprint(made(x).batch(5)).endswith(FIRST)
    assert fingerprint(made(x).batch(5).repeat()).endswith(FIRST)
    shuffled = [fingerprint(made(x).shuffle(100).batch(5)) for _ in range(2)]
    assert shuffled[0] == shuffled[1]
    assert "others each time" in shuffled[0]
    both = fingerprint({"train": made(x), "test": x})
    assert both.endswith(FIRST)


@pytest.mark.parametrize("data", [(n for n in [1]), iter([1]), len, object(), {1, 2}])
def test_what_has_no_fingerprint(data):
    with pytest.raises(TypeError, match=f"Received: a {type(data).__name__}"):
        fingerprint([np.ones(3), data])


def test_a_list_inside_of_itself():
    data = [np.ones(3)]
    data.append(data)
    with pytest.raises(TypeError, match="hold themselves"):
        fingerprint(data)
    twice = np.ones(3)
    assert fingerprint([twice, twice]) == fingerprint([np.ones(3), np.ones(3)])


# Where results come from.


def test_provenance_names_nobody():
    found = provenance()
    text = json.dumps(found)
    assert found["versions"]["keras"] == keras.__version__
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["backend"] == keras.config.backend()
    assert found["cores"] >= 1
    made = datetime.datetime.fromisoformat(found["date"])
    assert abs(datetime.datetime.now(datetime.UTC) - made) < datetime.timedelta(minutes=5)
    hidden = [platform.node(), str(Path.home()), str(Path.cwd()), os.sep + "home"]
    # A user may have a name that is part of another word.
    assert not [each for each in hidden if len(each) > 2 and each in text]
    assert f'"{getpass.getuser()}"' not in text


@pytest.fixture
def repository(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("needs git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True, cwd=tmp_path)

    git("init")
    (tmp_path / "kept.txt").write_text("one")
    git("add", "kept.txt")
    git("commit", "-m", "first")
    return tmp_path


def test_commit_and_whether_files_were_changed(repository):
    found = provenance()
    assert len(found["commit"]) == 40
    assert found["uncommitted_changes"] is False
    (repository / "new.txt").write_text("not of the commit's files")
    assert provenance()["uncommitted_changes"] is False
    (repository / "kept.txt").write_text("two")
    assert provenance()["uncommitted_changes"] is True


def test_a_program_named_in_the_folder_is_not_started(repository):
    started = repository / "started"
    program = repository / "monitor.sh"
    program.write_text(f"#!/bin/sh\ntouch {started}\n")
    program.chmod(0o755)
    with (repository / ".git" / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {program}\n")
    assert provenance()["uncommitted_changes"] is False
    assert not started.exists()


def test_without_git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = provenance()
    assert found["commit"] is None
    assert found["uncommitted_changes"] is None


def test_git_that_cannot_be_started(repository, monkeypatch):
    def gone(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(_provenance.subprocess, "run", gone)
    found = provenance()
    assert found["commit"] is not None
    assert found["uncommitted_changes"] is None
