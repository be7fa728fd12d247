"""What findings cost: ``diagnose``, ``check`` without data, a cell that does not fail."""

from __future__ import annotations

import linecache
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
from _measure import HEADER, interleaved, machine, row
from IPython.core.interactiveshell import InteractiveShell

import keraslab as kl

REPEATS = 15
FIT = """
import keras
import numpy as np

x = keras.Input((16,))
heads = [keras.layers.Dense(5, activation="softmax", name=f"head_{n}")(x) for n in range(6)]
model = keras.Model(x, heads)
model.compile("adam", ["sparse_categorical_crossentropy"] * 6, metrics=[["accuracy"]] * 6)
labels = [np.zeros(64, int) for _ in heads]
labels[3] = np.eye(5)[labels[3]]
model.fit(np.zeros((64, 16)), labels, verbose=0)
"""


def failed(tensors: list[object]) -> Exception:
    """The exception of a merge that does not fit."""
    try:
        keras.layers.Concatenate()(tensors)
    except ValueError as error:
        return error
    raise AssertionError("the merge should not fit")


def failed_fit() -> Exception:
    """The exception of a fit whose mend is rehearsed from the first line on."""
    linecache.cache["six_heads.py"] = (len(FIT), None, FIT.splitlines(keepends=True), "six_heads")
    try:
        exec(compile(FIT, "six_heads.py", "exec"), {"__name__": "script"})
    except ValueError as error:
        return error
    raise AssertionError("the labels should not fit")


def main() -> None:
    """Print the table."""
    with kl.skeleton():
        model = keras.applications.ResNet50(weights=None)
    deep = model.get_layer("conv5_block3_out").output
    small = failed([keras.Input((8, 8, 4)), keras.Input((5,))])
    large = failed([deep, keras.Input((5,))])
    heads = failed_fit()
    with kl.skeleton():
        unused = keras.Model([model.input, keras.Input((4,), name="unused")], model.output)
    plain, loaded = InteractiveShell(), InteractiveShell()
    kl.load_ipython_extension(loaded)
    work = {
        "diagnose, two inputs merged": lambda: kl.diagnose(small),
        "diagnose, ResNet50's trunk merged with a vector": lambda: kl.diagnose(large),
        "diagnose, fit of six outputs": lambda: kl.diagnose(heads),
        "check without data, ResNet50": lambda: kl.check(model),
        "check without data, ResNet50 and an unused input": lambda: kl.check(unused),
        "read_graph alone, ResNet50": lambda: kl.read_graph(model),
        "a cell that does not fail": lambda: plain.run_cell("1 + 1", silent=True),
        "the same with %load_ext keraslab": lambda: loaded.run_cell("1 + 1", silent=True),
    }
    assert kl.diagnose(small) is not None
    assert kl.diagnose(large) is not None
    found = kl.diagnose(heads)
    assert found is not None
    assert any(fix.tried for fix in found.fixes)
    assert not kl.check(unused).ok
    print(f"{machine()}\n\n{HEADER}")
    for name, seconds in interleaved(work, REPEATS).items():
        print(row(name, seconds))


if __name__ == "__main__":
    main()
