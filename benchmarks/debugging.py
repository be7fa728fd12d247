"""What findings cost: ``diagnose``, ``check`` without data, a cell that does not fail."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
from _measure import HEADER, interleaved, machine, row
from IPython.core.interactiveshell import InteractiveShell

import keraslab as kl

REPEATS = 15


def failed(tensors: list[object]) -> Exception:
    """The exception of a merge that does not fit."""
    try:
        keras.layers.Concatenate()(tensors)
    except ValueError as error:
        return error
    raise AssertionError("the merge should not fit")


def main() -> None:
    """Print the table."""
    with kl.skeleton():
        model = keras.applications.ResNet50(weights=None)
    deep = model.get_layer("conv5_block3_out").output
    small = failed([keras.Input((8, 8, 4)), keras.Input((5,))])
    large = failed([deep, keras.Input((5,))])
    plain, loaded = InteractiveShell(), InteractiveShell()
    kl.load_ipython_extension(loaded)
    work = {
        "diagnose, two inputs merged": lambda: kl.diagnose(small),
        "diagnose, ResNet50's trunk merged with a vector": lambda: kl.diagnose(large),
        "check without data, ResNet50": lambda: kl.check(model),
        "read_graph alone, ResNet50": lambda: kl.read_graph(model),
        "a cell that does not fail": lambda: plain.run_cell("1 + 1", silent=True),
        "the same with %load_ext keraslab": lambda: loaded.run_cell("1 + 1", silent=True),
    }
    assert kl.diagnose(small) is not None
    assert kl.diagnose(large) is not None
    print(f"{machine()}\n\n{HEADER}")
    for name, seconds in interleaved(work, REPEATS).items():
        print(row(name, seconds))


if __name__ == "__main__":
    main()
