"""Building from blocks beside the hand-written functions of ``keras.applications``, in one run."""

from __future__ import annotations

import gc
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
from _measure import machine

import keraslab as kl
from keraslab import zoo

APPLICATIONS = keras.applications
PAIRS = {
    "ResNet50": (lambda: zoo.resnet(50), APPLICATIONS.ResNet50),
    "ResNet50V2": (lambda: zoo.resnet(50, version=2), APPLICATIONS.ResNet50V2),
    "DenseNet121": (lambda: zoo.densenet(121), APPLICATIONS.DenseNet121),
    "InceptionV3": (lambda: zoo.inception_v3(), APPLICATIONS.InceptionV3),
    "Xception": (lambda: zoo.xception(), APPLICATIONS.Xception),
    "MobileNet": (lambda: zoo.mobilenet_v1(), APPLICATIONS.MobileNet),
    "MobileNetV2": (lambda: zoo.mobilenet_v2(), APPLICATIONS.MobileNetV2),
}
REPEATS = 5


def seconds(build, bare):
    """Time one build, garbage of the one before collected first."""
    keras.backend.clear_session()
    gc.collect()
    start = time.perf_counter()
    if bare:
        with kl.skeleton():
            build()
    else:
        build()
    return time.perf_counter() - start


def main():
    """Print the table."""
    print(machine())
    print("\n| network | as | blocks ms | keras.applications ms | ratio |\n|---|---|---|---|---|")
    for bare in (True, False):
        for name, (ours, theirs) in PAIRS.items():
            times = []
            for i in range(REPEATS + 1):
                pair = [ours, lambda theirs=theirs: theirs(weights=None)]
                took = [seconds(build, bare) for build in (pair if i % 2 else pair[::-1])]
                times.append(took if i % 2 else took[::-1])
            times = times[1:]  # the first build of a kind also loads code
            a, b = (1000 * statistics.median(values) for values in zip(*times, strict=True))
            ratio = statistics.median(x / y for x, y in times)
            kind = "skeleton" if bare else "plain"
            print(f"| {name} | {kind} | {a:.0f} | {b:.0f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
