"""How long one move of a control takes in the kernel, beside a rebuild and Keras' own picture."""

from __future__ import annotations

import itertools
import os
import shutil
import statistics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
from _measure import HEADER, interleaved, machine, row
from keras import layers

import keraslab as kl
from keraslab import blocks as B


def tower(depth=3, filters=16, skip=True):
    """The residual tower of the tour."""
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(filters, 3, padding="same", name="stem")(image)
    for _ in range(depth):
        x = B.Residual(filters, skip=skip)(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, layers.Dense(10, "softmax", name="digit")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def resnet50(classes=1000):
    """Keras' own ResNet50 with another number of classes."""
    return keras.applications.ResNet50(weights=None, classes=classes)


def _moves(build, name, low, high):
    lab = kl.explore(build, **{name: (low, high)})
    control = lab.controls[name]
    positions = itertools.cycle(range(low, high + 1))

    def move():
        value = next(positions)
        if value == control.value:
            value = next(positions)
        control.value = value
        if lab.error is not None:
            raise lab.error

    return move


def _keras(build, name, low, high):
    positions = itertools.cycle(range(low, high + 1))

    def rebuild_and_plot():
        model = build(**{name: next(positions)})
        # With right-angled edges, Keras' default, Graphviz crashes on the residual tower.
        keras.utils.model_to_dot(model, show_shapes=True, splines="spline").create_svg()

    return rebuild_and_plot


def main():
    """Print the tables."""
    print(machine())
    peer = shutil.which("dot") is not None
    if not peer:
        print("\nGraphviz is not installed: Keras' own picture is left out.")
    cases = {
        "residual tower": (40, tower, "depth", 1, 8),
        "ResNet50": (20, resnet50, "classes", 990, 1009),
    }
    for title, (repeats, *case) in cases.items():
        work = {f"{title}: one move of a control": _moves(*case)}
        if peer:
            work[f"{title}: rebuild and keras plot_model's SVG"] = _keras(*case)
        for run in work.values():
            run()
        seconds = interleaved(work, repeats)
        print("\n" + HEADER)
        for name, values in seconds.items():
            print(row(name, values))
        if peer:
            ours, theirs = (statistics.median(values) for values in seconds.values())
            print(f"\nKeras takes {theirs / ours:.1f} times as long.")


if __name__ == "__main__":
    main()
