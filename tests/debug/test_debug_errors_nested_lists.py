"""Lists of tensors inside the list that a merge takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import START, Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL211 nested-cat
a = keras.Input((5,)); bs = [keras.Input((2,)), keras.Input((3,))]
h = layers.Concatenate()([a, bs])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-cat-f
a = keras.Input((5,)); bs = [keras.Input((2,)), keras.Input((3,))]
h = keras.layers.concatenate([a, bs])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-add
a = keras.Input((5,)); bs = [keras.Input((5,)), keras.Input((5,))]
h = layers.Add()([a, bs])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-add-f
a = keras.Input((5,)); bs = (keras.Input((5,)), keras.Input((5,)))
h = layers.add([bs, a])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-literal
a = keras.Input((5,)); b = keras.Input((5,)); c = keras.Input((5,))
h = layers.Average()([a, [b, c]])  # cause
m = keras.Model([a, b, c], h)
### KL211 nested-literal-tuple
a = keras.Input((5,)); b = keras.Input((5,)); c = keras.Input((5,))
h = layers.Concatenate()([(a, b), c])  # cause
m = keras.Model([a, b, c], h)
### KL211 nested-whole
bs = [keras.Input((5,)), keras.Input((5,))]
h = layers.Concatenate()([bs])  # cause
m = keras.Model(bs, h)
### KL211 nested-whole-add
bs = [keras.Input((5,)), keras.Input((5,))]
h = layers.Add()([bs])  # cause
m = keras.Model(bs, h)
### KL211 nested-two-lists
xs = [keras.Input((5,)), keras.Input((5,))]
more = [keras.Input((5,)), keras.Input((5,))]
h = layers.Multiply()([xs, more])  # cause
m = keras.Model([*xs, *more], h)
### KL211 nested-ops-cat
a = keras.Input((5,)); bs = [keras.Input((2,)), keras.Input((3,))]
h = ops.concatenate([a, bs], axis=-1)  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-ops-stack
a = keras.Input((5,)); bs = [keras.Input((5,)), keras.Input((5,))]
h = ops.stack([a, bs], axis=-1)  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-dense
a = keras.Input((5,)); bs = [keras.Input((2,)), keras.Input((3,))]
h = layers.Dense(3)([a, bs])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-dense-one
a = keras.Input((5,))
h = layers.Dense(3)([[a]])  # cause
m = keras.Model(a, h)
### KL211 nested-conv
a = keras.Input((8, 8, 3)); bs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
h = layers.Conv2D(3, 3)([a, bs])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-flatten
a = keras.Input((8, 8, 3)); bs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
h = layers.Flatten()([a, bs])  # cause
m = keras.Model([a, *bs], h)
### KL211 nested-dict
a = keras.Input((5,)); bs = {"p": keras.Input((2,)), "q": keras.Input((3,))}
h = layers.Concatenate()([a, bs])  # cause
m = keras.Model([a, *bs.values()], h)
### KL211 nested-same
bs = [keras.Input((5,)), keras.Input((5,)), keras.Input((5,))]
h = layers.Concatenate()([bs[0], bs[1:]])  # cause
m = keras.Model(bs, h)
### KL211 nested-append
xs = [keras.Input((5,))]
more = [keras.Input((5,)), keras.Input((5,))]
xs.append(more)
h = layers.Concatenate()(xs)  # cause
m = keras.Model([xs[0], *more], h)
### KL211 nested-in-a-loop
first = keras.Input((5,))
xs = [first]
for i in range(2):
    xs.append([layers.Dense(3)(first), layers.Dense(3)(first)])
h = layers.Concatenate()(xs)  # cause
m = keras.Model(first, h)
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.id for each in MISTAKES])
def test_a_list_inside_is_found_and_its_tensors_are_put_beside_the_others(
    mistake: Mistake, tmp_path: Path
) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert all(fix.tried for fix in finding.fixes)


ALIKE = [
    "a = keras.Input((5,)); bs = [keras.Input((5,)), keras.Input((4, 3))]\n"
    "h = layers.Concatenate()([a, *bs])",
    "a = keras.Input((5,)); b = keras.Input((6,))\nh = layers.Add()([a, b])",
    "a = keras.Input((5,))\nh = layers.Concatenate()([a, [1, 2]])",
    "a = keras.Input((5,))\nh = layers.Lambda(lambda t: t[1][2])([a, [a, a]])",
]


@pytest.mark.parametrize("source", ALIKE)
def test_another_mistake_of_a_merge_is_not_taken_for_it(source: str, tmp_path: Path) -> None:
    finding, error = diagnosed(START + source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.code != "KL211"


def test_what_still_does_not_fit_is_not_offered(tmp_path: Path) -> None:
    source = START + (
        "a = keras.Input((5,)); bs = [keras.Input((6,)), keras.Input((7,))]\n"
        "h = layers.Add()([a, bs])\n"
    )
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert finding.code == "KL211"
    assert finding.fixes == ()
