"""What a probe of a large model takes: time, and memory of the whole process.

Each line is a process of its own: its peak counts the import of TensorFlow, the model with
its weights and the data. ``python benchmarks/probe.py`` prints the table.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

SAMPLES = 8
# TensorFlow imports JAX where it finds it, 115 MB that a place with little memory does not have.
sys.modules["jax"] = None
# Name, side of the image, whether gradients are taken.
CASES = (
    ("ResNet50", 224, True),
    ("ResNet50", 224, False),
    ("MobileNetV2", 224, True),
    ("VGG16", 224, True),
)


def measure(name: str, side: int, gradients: bool) -> dict[str, float]:
    """Probe one model in this process."""
    import keras
    import numpy as np

    import keraslab as kl

    imported = peak()
    model = getattr(keras.applications, name)(weights=None)
    model.compile("sgd", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, side, side, 3)).astype("float32")
    y = np.arange(SAMPLES) % 1000 if gradients else None
    built = peak()
    start = time.perf_counter()
    found = kl.probe(model, x, y)
    seconds = time.perf_counter() - start
    assert len(found.rows) == len(kl.read_graph(model).calls)
    return {"imported": imported, "built": built, "peak": peak(), "seconds": seconds}


def peak() -> float:
    """The most memory this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    from _measure import machine

    print(machine())
    print(f"\n{SAMPLES} samples; the most memory each process has held, TensorFlow included.\n")
    print("| model | gradients | after import MB | with weights and data MB | peak MB | seconds |")
    print("|---|---|---|---|---|---|")
    for name, side, gradients in CASES:
        call = [sys.executable, __file__, name, str(side), str(int(gradients))]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        r = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {name}, {side} × {side} | {'yes' if gradients else 'no'} | {r['imported']:.0f} "
            f"| {r['built']:.0f} | {r['peak']:.0f} | {r['seconds']:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1")))
    else:
        main()
