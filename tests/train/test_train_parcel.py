"""What goes to other processes arrives whole, and what cannot go is named."""

import pickle
import sys
import threading

import keras
import numpy as np
import pytest
from working import X

from keraslab.train._parcel import FolderParcel, Parcel, pack, unpack
from keraslab.train._task import Data


class Locked:
    def __init__(self):
        self.parts = {"inner": threading.Lock()}


class Holder:
    __slots__ = ("cell",)

    def __init__(self, cell):
        self.cell = cell


def _closure():
    locked = Holder([Locked()])
    return lambda: locked


def _keyword(*, held=None):
    return lambda *, inside=held: inside


@pytest.mark.parametrize(
    ("value", "where", "kind", "owner"),
    [
        (_closure(), "locked.cell[0].parts['inner']", "_thread.lock", "Locked"),
        (_keyword(held=Locked()), "inside.parts['inner']", "_thread.lock", "Locked"),
        ({"callbacks": [1, Locked()]}, "['callbacks'][1].parts['inner']", "_thread.lock", "Locked"),
        (Holder(Locked()).__init__, "its object.cell.parts['inner']", "_thread.lock", "Locked"),
        ([(x for x in [])], "[0]", "generator", None),
        (Locked(), "self.parts['inner']", "_thread.lock", "Locked"),
    ],
)
def test_what_cannot_be_sent_is_named(value, where, kind, owner):
    with pytest.raises(TypeError) as caught:
        pack(value, "The variant 'wide'")
    said = str(caught.value)
    assert said.startswith(f"The variant 'wide' cannot be sent to another process: in it, {where} ")
    assert f"is of class {kind}" in said
    if owner:
        assert f"in an object of class test_train_parcel.{owner} (" in said
    assert "register_keras_serializable" in said


def test_a_layer_that_cannot_be_sent_is_named():
    class Lazy(keras.layers.Layer):
        def get_config(self):
            return super().get_config() | {"source": self.source}

    model = keras.Sequential([keras.Input((2,)), Lazy(name="lazy")])
    model.layers[0].source = threading.Lock()
    with pytest.raises(TypeError, match=r"the layer 'lazy' is of class .*Lazy"):
        pack(lambda: model, "The variant 'wide'")


def test_data_that_cannot_be_sent_are_named(tmp_path):
    with pytest.raises(TypeError, match=r"^The data cannot be sent.*self\.train\[0\].*generator"):
        FolderParcel.of(Data(((x for x in []),), None, ()), "The data", tmp_path)


def test_a_module_that_the_worker_lacks_is_named():
    raw = b"cno_such_module_at_all\nthing\n."
    with pytest.raises(
        ModuleNotFoundError, match=r"worker has no module 'no_such_module_at_all'.*register_pickle"
    ):
        unpack(raw)


# Parcels


def test_arrays_lie_in_files_once_and_come_back_as_they_were(tmp_path):
    half = X.astype("float16")
    strange = np.array([{"a": 1}, None], dtype=object)
    value = {"a": X, "b": [X, half.T], "c": strange, "d": np.arange(3)}
    opened = FolderParcel.of(value, "it", tmp_path).open()
    assert len(list(tmp_path.glob("*.npy"))) == 2
    assert type(opened["a"]) is np.ndarray
    np.testing.assert_array_equal(opened["a"], X)
    np.testing.assert_array_equal(opened["b"][1], half.T)
    assert opened["c"].tolist() == strange.tolist()
    opened["a"][:] = 0
    assert X.any(), "changes stay with whoever made them"


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match=r"cannot be written to .*No space left.*TMPDIR"):
        FolderParcel.of(X, "it", tmp_path)


def test_a_parcel_holds_each_array_once_and_copies_none():
    parcel = Parcel.of({"a": X, "b": X}, "it")
    assert len(parcel.packed) < 2000
    assert X.nbytes <= parcel.nbytes < X.nbytes + 2000
    assert sys.getsizeof(parcel) >= X.nbytes
    opened = parcel.open()
    assert np.shares_memory(opened["a"], X)
    assert opened["a"] is opened["b"]


def test_arrays_of_a_parcel_are_aligned_wherever_its_bytes_came_to_lie():
    raw = np.zeros(X.nbytes + 64, "uint8")
    begin = 1 - raw.ctypes.data % 16
    shifted = raw[begin : begin + X.nbytes]
    shifted[:] = np.frombuffer(X, "uint8")
    assert shifted.ctypes.data % 4
    parcel = Parcel.of(X, "it")
    found = pickle.loads(pickle.dumps(Parcel(parcel.packed, (shifted,)))).open()
    assert found.flags.aligned
    assert found.sum() == X.sum()
