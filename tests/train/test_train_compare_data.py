"""How the data of a comparison are divided: no example is in two parts, and all are in one."""

import numpy as np
import pytest
from comparing import Batches, X, Y

from keraslab.train._compare_data import checked_data

X_ = np.arange(200.0).reshape(100, 2)
Y_ = 10 * X_[:, 0]
WEIGHTS = X_[:, 0] + 0.5


def parts(found):
    return [found.data.train, found.data.validation, found.data.test]


@pytest.mark.parametrize("validation", [None, 0.25])
def test_each_example_is_in_one_part(validation):
    found = checked_data((X_, Y_, WEIGHTS), None, validation, 32)
    train, valid, test = parts(found)
    counts = [80, 0, 20] if validation is None else [60, 20, 20]
    assert [0 if part is None else len(part[0]) for part in (train, valid, test)] == counts
    there = [part for part in (train, valid, test) if part is not None]
    met = np.concatenate([part[0][:, 0] for part in there])
    assert sorted(met) == list(X_[:, 0])
    for x, y, weight in there:
        np.testing.assert_array_equal(y, 10 * x[:, 0])
        np.testing.assert_array_equal(weight, x[:, 0] + 0.5)
    assert list(test[0][:, 0]) != sorted(test[0][:, 0]), "they were shuffled before"
    assert (found.batches, found.examples) == (-(-counts[0] // 32), counts[0])
    assert found.validation_examples == counts[1]


def test_it_is_divided_alike_whatever_was_drawn_before():
    first = checked_data((X_, Y_), None, 0.2, 32)
    np.random.seed(99)
    again = checked_data((X_.copy(), Y_.copy()), None, 0.2, 8)
    for a, b in zip(parts(first), parts(again), strict=True):
        np.testing.assert_array_equal(a[0], b[0])


def test_several_inputs_and_outputs_are_divided_together():
    given = {"a": X_, "b": X_[:, :1]}, [Y_, Y_[:, None]]
    train, _, test = parts(checked_data(given, None, None, 32))
    for x, y in (train, test):
        np.testing.assert_array_equal(x["a"][:, :1], x["b"])
        np.testing.assert_array_equal(y[0], 10 * x["b"][:, 0])
        np.testing.assert_array_equal(y[1][:, 0], y[0])


def test_parts_that_are_given_stay_whole():
    found = checked_data((X_, Y_), (X_[:7], Y_[:7]), (X_[:9], Y_[:9]), 32)
    assert [len(part[0]) for part in parts(found)] == [100, 9, 7]
    assert "those given" in " ".join(found.sentences)


def test_halving_needs_a_validation_and_takes_one():
    found = checked_data((X_, Y_), None, None, 32, halving=True)
    assert [len(part[0]) for part in parts(found)] == [64, 16, 20]
    assert "20% of the training examples" in " ".join(found.sentences)


def test_a_dataset_is_one_part_as_it_is():
    batches = Batches()
    found = checked_data(batches, (X, Y), None, 32)
    assert found.data.train == (batches,)
    assert (found.batches, found.examples) == (6, 60)
    assert [len(part) for part in found.example] == [2, 2]
