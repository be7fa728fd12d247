"""The one batch that a check looks at."""

import keras
import numpy as np
import pytest
from keras import layers

from keraslab.debug._subject import Subject


@pytest.fixture(scope="module")
def plain():
    return keras.Sequential([keras.Input((3,)), layers.Dense(2)])


@pytest.fixture(scope="module")
def named():
    inputs = {"b": keras.Input((2,), name="b"), "a": keras.Input((3,), name="a")}
    return keras.Model(inputs, layers.Concatenate()([inputs["a"], inputs["b"]]))


@pytest.fixture(scope="module")
def listed():
    inputs = [keras.Input((2,), name="b"), keras.Input((3,), name="a")]
    return keras.Model(inputs, layers.Concatenate()(inputs))


X, Y = np.arange(300.0).reshape(100, 3), np.arange(100)


def test_arrays_are_cut_to_32_samples(plain):
    batch = Subject(plain, X, Y).batch
    assert batch.size == 32
    assert np.array_equal(batch.x, X[:32])
    assert np.array_equal(batch.y, Y[:32])


def test_without_data_or_model_there_is_none(plain):
    assert Subject(plain).batch is None
    assert Subject(plain.get_config(), X).batch is None


def test_targets_may_be_missing(plain):
    batch = Subject(plain, X).batch
    assert batch.y is None
    assert batch.sample_weight is None


def test_dict_for_listed_inputs(listed):
    batch = Subject(listed, {"a": np.ones((4, 3)), "b": np.zeros((4, 2))}, {"y": Y[:4]}).batch
    assert [part.shape for part in batch.x] == [(4, 2), (4, 3)]
    assert batch.y["y"].shape == (4,)


def test_list_for_inputs_in_a_dict(named):
    batch = Subject(named, [np.ones((4, 3)), np.zeros((4, 2))]).batch
    assert {key: part.shape for key, part in batch.x.items()} == {"a": (4, 3), "b": (4, 2)}


def test_batches_of_a_dataset(plain):
    import tensorflow as tf

    batch = Subject(plain, tf.data.Dataset.from_tensor_slices((X, Y, Y)).batch(8)).batch
    assert batch.size == 8
    assert batch.y.tolist() == list(range(8))
    assert batch.sample_weight.shape == (8,)


def test_batches_of_a_pydataset(plain):
    class Mine(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[:5], Y[:5]

    assert Subject(plain, Mine()).batch.size == 5


def test_nothing_is_taken_from_an_iterator(plain):
    batches = iter([(X, Y)])
    assert Subject(plain, batches).batch is None
    assert next(batches)[0] is X


def test_what_is_no_data_is_none(plain):
    assert Subject(plain, [[1.0, 2.0], [3.0, 4.0]]).batch is None
