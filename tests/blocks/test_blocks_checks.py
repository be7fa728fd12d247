"""The checks that blocks share."""

import re
from math import inf, nan
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import check_count, check_number

IMAGE = (8, 8, 3)


class TestCheckNumber:
    @pytest.mark.parametrize("value", [1, 0.5, 1e-9, np.float32(0.5), np.float64(1), np.int64(1)])
    def test_takes_numbers_within_the_bounds(self, value):
        check_number(value, "Block(x=...)", above=0, most=1)

    @pytest.mark.parametrize(
        "value", [0, -1, 1.1, True, "a", None, [0.5], 1j, np.True_, np.array([0.5]), np.float32(2)]
    )
    def test_refuses_the_rest(self, value):
        message = "Block(x=...): must be a number above 0 and at most 1. Received: "
        with pytest.raises(ValueError, match=re.escape(f"{message}{value!r}.")):
            check_number(value, "Block(x=...)", above=0, most=1)

    @pytest.mark.parametrize("value", [inf, -inf, nan, np.float32("inf")])
    def test_refuses_what_is_not_finite(self, value):
        with pytest.raises(ValueError, match=r"must be a finite number\. Received: .*(inf|nan)"):
            check_number(value, "Block(x=...)")

    def test_bounds_are_in_or_out(self):
        check_number(0, "x", least=0, below=1)
        with pytest.raises(ValueError, match=r"a number of at least 0 and below 1\. Received: 1\."):
            check_number(1, "x", least=0, below=1)
        with pytest.raises(ValueError, match="of at least 0"):
            check_number(-0.1, "x", least=0)

    @pytest.mark.parametrize("value", [0, 1, 1.5, True, np.int64(1)])
    def test_a_count_may_have_another_least(self, value):
        check_count(np.int64(2), "x", least=2)
        with pytest.raises(ValueError, match=r"x: must be a whole number, 2 or more\. "):
            check_count(value, "x", least=2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda n: B.Transition(n), "Transition(compression=...): must be a number above 0"),
        (lambda n: B.InceptionA(width=n), "InceptionA(width=...): must be a number above 0"),
        (lambda n: B.ConvNeXt(layer_scale=n), "ConvNeXt(layer_scale=...): must be a number above"),
        (lambda n: B.Triplet(L.Dense(2), n), "Triplet(margin=...): must be a number above 0"),
        (lambda n: B.Binary(weight=n), "Binary(weight=...): must be a number above 0"),
        (lambda n: B.MultiHeadAttention(2, dropout=n), "(dropout=...): must be a number of at"),
        (lambda n: B.MultiHeadAttention(2, epsilon=n), "(epsilon=...): must be a number above 0"),
        (lambda n: B.TransformerEncoder(2, dropout=n), "(dropout=...): must be a number of at"),
        (lambda n: B.TransformerDecoder(2, epsilon=n), "(epsilon=...): must be a number above 0"),
        (
            lambda n: B.TransformerSeq2Seq(9, 9, 8, dropout=n),
            "TransformerSeq2Seq(dropout=...): must be a number of at least 0 and below 1",
        ),
    ],
)
def test_every_number_of_a_block_is_checked_alike(make, message):
    make(np.float32(0.5))
    for wrong in ("half", True, nan, inf, -0.5):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 -- compared below
            make(wrong)
        assert message in str(caught.value).replace("finite ", "")


class Two(B.Block):
    def wire(self, query: Any, memory: Any = None) -> Any:
        return query if memory is None else memory


class Most(B.Block):
    def wire(self, first, *others):
        return first


class TestNumberOfInputs:
    """A block called on more or fewer inputs than its `wire` takes."""

    @pytest.mark.parametrize(
        ("make", "n", "message"),
        [
            (lambda: B.Residual(4, name="r"), 2, r"Residual 'r' is called as block\(x\)\. Rec"),
            (lambda: B.Residual(4), 2, r"Received: 2 .*Fusion\(\)\(\[a, b\]\).*once for each"),
            (lambda: B.Residual(4), 0, r"Residual is called as block\(x\)\. Received: 0 inputs\.$"),
            (lambda: B.Chain([L.Flatten()]), 3, r"Chain is called as block\(x\)\. Received: 3"),
            (lambda: B.Heads({"a": B.Binary()}), 2, r"Heads is called as block\(x\)"),
            (lambda: B.UnitLength(), 2, r"UnitLength is called as block\(x\)"),
            (Two, 3, r"Two is called as block\(query, memory=None\)\. Received: 3 inputs\.$"),
            (Two, 0, r"Two is called as block\(query, memory=None\)\. Received: 0 inputs\.$"),
            (Most, 0, r"Most is called as block\(first, \*others\)\. Received: 0 inputs\.$"),
        ],
    )
    def test_is_told_what_it_takes(self, make, n, message):
        block = make()
        with pytest.raises(TypeError, match=message):
            block(*[keras.Input(IMAGE)] * n)
        assert block.parts == {}

    def test_the_numbers_that_fit_pass(self):
        x = keras.Input((4,))
        assert Two()(x) is x
        assert Two()(x, x) is x
        assert B.Fusion("add")(x, x, x).shape == (None, 4)

    def test_an_error_inside_wire_is_left_alone(self):
        class Slip(B.Block):
            def wire(self, x):
                return self.use()

        with pytest.raises(TypeError, match="part_name"):
            Slip()(keras.Input((4,)))


class TestKernelSize:
    @pytest.mark.parametrize("value", [[1, 7], [3], ()])
    def test_is_a_number_or_a_tuple(self, value):
        message = (
            "ConvNorm(kernel_size=...): must be a whole number or a tuple with one for each axis, "
            f"such as 3 or (1, 7). Received: {value!r}."
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            B.ConvNorm(4, kernel_size=value)

    @pytest.mark.parametrize("value", [0, "3", (0, 7), (1.5, 7)])
    def test_counts(self, value):
        with pytest.raises(ValueError, match=r"ConvNorm\(kernel_size=...\): must be a"):
            B.ConvNorm(4, kernel_size=value)

    def test_has_as_many_numbers_as_the_input_has_axes(self):
        message = r"'c': kernel_size must .*: \(1, 7\) for \(None, 9, 3\)\. Try: kernel_size=7"
        with pytest.raises(ValueError, match=message):
            B.ConvNorm(4, kernel_size=(1, 7), name="c")(keras.Input((9, 3)))
        assert B.ConvNorm(4, kernel_size=(7,))(keras.Input((9, 3))).shape == (None, 9, 4)
        assert B.ConvNorm(4, kernel_size=(1, 7))(keras.Input(IMAGE)).shape == (None, 8, 8, 4)


@pytest.mark.parametrize("task", [B.MultiClass, B.SequenceLabels])
@pytest.mark.parametrize("classes", [0, 1, True, 2.5])
def test_classes_are_two_or_more(task, classes):
    kind = task.__name__
    with pytest.raises(ValueError, match=rf"{kind}\(classes=\.\.\.\): .*2 or more.*: {classes}\."):
        task(classes)
    assert task(np.int64(2)).classes == 2


class TestReservedNames:
    """A part named by the caller cannot take the name of a part that the block has anyway."""

    @pytest.mark.parametrize("merge", ["concat", "add", "average", "maximum"])
    def test_of_branches(self, merge):
        branches = {merge: L.Dense(2), "other": L.Dense(2)}
        message = rf"Branches\(branches=\{{'{merge}': \.\.\.\}}\).*another name.*'{merge}_1'"
        with pytest.raises(ValueError, match=message):
            B.Branches(branches, merge)

    def test_only_the_one_in_use_is_taken(self):
        x = keras.Input((4,))
        assert B.Branches({"add": L.Dense(2), "b": L.Dense(2)})(x).shape == (None, 4)
        assert B.Ensemble({"vote": L.Dense(2), "b": L.Dense(2)})(x).shape == (None, 2)
        both = B.Ensemble({"vote": L.Dense(2), "b": L.Dense(2)}, "vote")
        assert both(x).shape == (None, 2)

    @pytest.mark.parametrize("combine", ["average", "vote"])
    def test_of_an_ensemble(self, combine):
        message = r"Ensemble\(members=\{'average': \.\.\.\}\).*'average_1'"
        with pytest.raises(ValueError, match=message):
            B.Ensemble({"average": L.Dense(2), "b": L.Dense(2)}, combine)

    def test_of_the_votes_of_an_ensemble(self):
        members = {"a": L.Dense(2), "vote_a": L.Dense(2)}
        with pytest.raises(ValueError, match=r"members=\{'vote_a': \.\.\.\}\)"):
            B.Ensemble(members, "vote")
        assert B.Ensemble(members)(keras.Input((4,))).shape == (None, 2)
