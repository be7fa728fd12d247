"""Methods of arrays, and of models, asked of symbolic tensors."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import START, Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL125 reshape4
x = keras.Input((784,))
y = x.reshape(-1, 7, 7, 16)  # cause
m = keras.Model(x, y)
### KL125 reshape-two
x = keras.Input((784,))
h = layers.Dense(12)(x)
h = h.reshape(-1, 12)  # cause
m = keras.Model(x, h)
### KL125 reshape-known-batch
x = keras.Input((12,))
h = x.reshape(x.shape[0], 3, 4)  # cause
m = keras.Model(x, h)
### KL125 reshape-nobatch
x = keras.Input((12,))
h = layers.Dense(12)(x).reshape(3, 4)  # cause
m = keras.Model(x, h)
### KL125 reshape-shape-kw
x = keras.Input((12,))
h = x.reshape(shape=(-1, 3, 4))  # cause
m = keras.Model(x, h)
### KL125 squeeze-two
x = keras.Input((1, 12, 1))
h = x.squeeze(1, 3)  # cause
m = keras.Model(x, h)
### KL125 squeeze-dim
x = keras.Input((1, 12))
h = x.squeeze(dim=1)  # cause
m = keras.Model(x, h)
### KL125 chain2
x = keras.Input((4, 4, 12))
h = layers.Dense(10)(layers.Conv2D(3, 3)(x).reshape(-1, 12))  # cause
m = keras.Model(x, h)
### KL114 mean-dim
x = keras.Input((5, 12))
h = x.mean(dim=1)  # cause
m = keras.Model(x, h)
### KL114 sum-dim-keepdim
x = keras.Input((5, 12))
h = x.sum(-1, keepdim=True)  # cause
m = keras.Model(x, h)
### KL114 view
x = keras.Input((5, 12))
h = x.view(-1, 60)  # cause
m = keras.Model(x, h)
### KL114 view-size
x = keras.Input((5, 12))
h = x.view(x.size(0), -1)  # cause
m = keras.Model(x, h)
### KL114 permute
x = keras.Input((5, 12))
h = x.permute(0, 2, 1)  # cause
m = keras.Model(x, h)
### KL114 transpose-np
x = keras.Input((5, 12))
h = x.transpose(0, 2, 1)  # cause
m = keras.Model(x, h)
### KL114 transpose-torch
x = keras.Input((5, 12))
h = x.transpose(1, 2)  # cause
m = keras.Model(x, h)
### KL114 size1
x = keras.Input((5, 12))
h = layers.Dense(x.size(2))(x)  # cause
m = keras.Model(x, h)
### KL114 mT
x = keras.Input((5, 12))
h = x.mT  # cause
m = keras.Model(x, h)
### KL114 unsqueezedim
x = keras.Input((5, 12))
h = x.unsqueeze(dim=-1)  # cause
m = keras.Model(x, h)
### KL114 detach-numpy
x = keras.Input((5, 12))
h = layers.Dense(3)(x.detach().numpy())  # cause
m = keras.Model(x, h)
### KL114 to
x = keras.Input((5, 12))
h = layers.Dense(3)(x.to("cuda"))  # cause
m = keras.Model(x, h)
### KL114 float
x = keras.Input((5, 12), dtype="int32")
h = layers.Dense(3)(x.float())  # cause
m = keras.Model(x, h)
### KL114 astype-np
x = keras.Input((5, 12), dtype="int32")
h = layers.Dense(3)(x.astype(np.float32))  # cause
m = keras.Model(x, h)
### KL114 clone
x = keras.Input((5, 12))
h = layers.Dense(3)(x.clone())  # cause
m = keras.Model(x, h)
### KL114 softmax
x = keras.Input((5, 12))
h = x.softmax(dim=-1)  # cause
m = keras.Model(x, h)
### KL114 clamp
x = keras.Input((5, 12))
h = x.clamp(0, 1)  # cause
m = keras.Model(x, h)
### KL114 chain
x = keras.Input((5, 12))
h = x.mean(axis=1).reshape(-1, 12)  # cause
m = keras.Model(x, h)
### KL114 max-of-a-pair
x = keras.Input((5, 12))
h = x.max(dim=1)[0]  # cause
m = keras.Model(x, h)
### KL114 clamp-from-below
x = keras.Input((5, 12))
h = x.clamp(min=0)  # cause
m = keras.Model(x, h)
### KL126 predict
i = keras.Input((8, 8, 3)); o = layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3)(i))
backbone = keras.Model(i, o)
photo = keras.Input((8, 8, 3))
features = backbone.predict(photo)  # cause
m = keras.Model(photo, layers.Dense(2)(features))
### KL126 predict-on-batch
i = keras.Input((8,)); o = layers.Dense(3)(i)
inner = keras.Model(i, o)
x = keras.Input((8,))
f = inner.predict_on_batch(x)  # cause
m = keras.Model(x, layers.Dense(2)(f))
### KL126 predict-hidden-two
a = keras.Input((8,)); b = keras.Input((3,)); o = layers.Dense(3)(layers.concatenate([a, b]))
inner = keras.Model([a, b], o)
x = keras.Input((8,)); z = keras.Input((3,))
h = layers.Dense(8)(x)
f = inner.predict([h, z], verbose=0)  # cause
m = keras.Model([x, z], layers.Dense(2)(f))
### KL126 predict-keyword
inner = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
x = keras.Input((8,))
f = layers.Dense(1)(inner.predict(x=x, batch_size=4))  # cause
m = keras.Model(x, f)
### KL126 predict-fixed-batch
inner = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
x = keras.Input(batch_shape=(4, 8))
f = layers.Dense(1)(inner.predict(x))  # cause
m = keras.Model(x, f)
### KL126 predict-in-function
inner = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
def features(t):
    return inner.predict(t)  # cause
x = keras.Input((8,))
m = keras.Model(x, layers.Dense(1)(features(x)))
### KL126 fit-on-the-input
x_train = np.zeros((16, 8)); y_train = np.zeros((16, 3))
x = keras.Input((8,))
m = keras.Model(x, layers.Dense(3)(x))
m.compile("adam", "mse")
m.fit(x, y_train, verbose=0)  # cause
### KL126 train-on-batch
rows = np.zeros((4, 8)); answers = np.zeros((4, 3))
x = keras.Input((8,))
m = keras.Model(x, layers.Dense(3)(x))
m.compile("adam", "mse")
m.train_on_batch(x, answers)  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.id for each in MISTAKES])
def test_a_method_is_found_and_what_stands_for_it_runs(mistake: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert all(fix.tried for fix in finding.fixes)


def test_a_shape_of_one_sample_is_offered_to_reshape(tmp_path: Path) -> None:
    source = START + "x = keras.Input((784,))\ny = x.reshape(-1, 28, 28, 1)\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert finding.fixes[0].code == "y = layers.Reshape((28, 28, 1))(x)"
    assert finding.fixes[0].result == "? × 28 × 28 × 1"


def test_the_highest_value_is_not_taken_for_the_first_sample(tmp_path: Path) -> None:
    source = START + "x = keras.Input((5, 12))\ny = x.max(1)[0]\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert [fix.code for fix in finding.fixes] == ["y = ops.max(x, 1)"]


ALIKE = [
    "x = keras.Input((784,))\ny = x.reshape(-1, 7, 7, 15)",
    "x = keras.Input((784,))\ny = x.reshape(3, 5)",
    "x = keras.Input((5, 12))\ny = x.item()",
    "x = keras.Input((5, 12))\ny = x.transpose(0, 2, 1, 3)",
]


@pytest.mark.parametrize("source", ALIKE)
def test_what_does_not_fit_is_named_and_nothing_is_offered_that_fails(
    source: str, tmp_path: Path
) -> None:
    finding, error = diagnosed(START + source, tmp_path / "person.py")
    assert error is not None
    assert finding is not None
    for fix in finding.fixes:
        exec(fix.apply(START + source), {"__name__": "mended"})


OTHERS = [
    "class Table:\n    def reshape(self, shape): ...\nTable().reshape(1, 2)",
    "np.zeros((4, 2)).reshape(3, 5)",
    "m = keras.Sequential([keras.Input((8,)), layers.Dense(1)])\nm.predict(np.zeros((2, 9)))",
    "class Oracle:\n    def predict(self): ...\nx = keras.Input((8,))\nOracle().predict(x)",
]


@pytest.mark.parametrize("source", OTHERS)
def test_methods_of_others_are_not_meant(source: str, tmp_path: Path) -> None:
    finding, error = diagnosed(START + source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.code not in ("KL114", "KL125", "KL126")
