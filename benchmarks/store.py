"""What keeping runs costs: beside a fit that keeps none, a point, a run, a list, and a kill."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
from _measure import machine

import keraslab as kl
from keraslab.train import _store_writer

REPEATS = 5
FITS = 4
BATCHES = 1875
KILLED = """
import sys, time
import keraslab as kl
recorder = kl.Store(sys.argv[1]).begin({"name": "killed"})
while True:
    recorder.add("batch", "loss", 1, 0.0, time.time(), 0.0)
    time.sleep(0.002)
"""


def mlp():
    """An MLP for pictures of the size of MNIST's."""
    x = keras.Input((784,))
    y = keras.layers.Dense(10, activation="softmax")(keras.layers.Dense(128, "relu")(x))
    model = keras.Model(x, y)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def beside_fit(folder):
    """Whole-fit wall and CPU time with and without the store, and the store's own part."""
    x = np.random.default_rng(0).random((32 * BATCHES, 784), "float32")
    y = np.random.default_rng(1).integers(0, 10, len(x))
    model = mlp()
    model.fit(x[:64], y[:64], verbose=0)
    took = {True: [], False: []}
    for turn in range(2 * FITS):
        kept = bool((turn + turn // 2) % 2)  # in turn, and each goes first as often
        wall, cpu = time.perf_counter(), time.process_time()
        kl.fit(model, x, y, display=False, store=folder if kept else False)
        took[kept].append((time.perf_counter() - wall, time.process_time() - cpu))
    print("| an epoch of 1,875 batches | median wall s | median CPU s |\n|---|---|---|")
    for kept, name in ((False, "not kept"), (True, "kept")):
        wall, cpu = (statistics.median(column) for column in zip(*took[kept], strict=True))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    for place, name in enumerate(("wall", "CPU")):
        pairs = zip(took[True], took[False], strict=True)
        ratios = sorted(kept[place] / bare[place] for kept, bare in pairs)
        said = f"{statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
        print(f"\nkept / not kept, {name}, median of pairs: {said}")
    return min(wall for wall, _ in took[False]), model


def own_part(folder, seconds, model):
    """CPU that the store takes for such an epoch: what is called, and its thread's writing."""
    from keraslab.train._facts import facts_of

    parts = []
    for _ in range(REPEATS):
        store = kl.Store(folder)
        start = time.process_time()
        recorder = store.begin(facts_of(model, {}, None, None))
        begun = time.process_time()
        # At the pace of the fit, so that the thread wakes as often as it does there.
        for batch in range(BATCHES):
            if batch % 250 == 249:
                time.sleep(seconds * 250 / BATCHES)
            for key in ("loss", "accuracy"):
                recorder.add("batch", key, batch, batch / BATCHES, 0.0, 0.5)
        recorder.note(seconds=seconds)
        recorder.close("done")
        parts.append((begun - start, time.process_time() - begun))
    begin, rest = (statistics.median(column) for column in zip(*parts, strict=True))
    print(
        f"\nthe store's own CPU: begin with config and costs {1000 * begin:.1f} ms, "
        f"{2 * BATCHES:,} points and the end {1000 * rest:.1f} ms: "
        f"{100 * (begin + rest) / seconds:.2f} % of the fastest fit's {seconds:.2f} s (aim 1 %)"
    )


def points(folder):
    """A million points as fast as they come."""
    store = kl.Store(folder)
    recorder = store.begin({"name": "million"})
    start = time.perf_counter()
    for step in range(1_000_000):
        recorder.add("batch", "loss", step, 0.0, 0.0, 0.5)
    added = time.perf_counter()
    recorder.close("done")
    while not store.flush(60):
        pass
    end = time.perf_counter()
    print(
        f"\n1,000,000 points: {added - start:.2f} s to add, written {end - added:.2f} s later, "
        f"file {store.path.stat().st_size / 1e6:.0f} MB"
    )
    start = time.perf_counter()
    assert len(store.runs()[0].points["batch", "loss"]) == 1_000_000
    print(f"read again in {time.perf_counter() - start:.2f} s")


def many(folder):
    """A thousand runs, one after the other, and the list of them."""
    store = kl.Store(Path(folder) / "many.sqlite")
    start = time.perf_counter()
    for number in range(1000):
        recorder = store.begin({"name": f"run {number}", "settings": {"lr": 0.1}})
        recorder.add("train", "loss", 1, 1.0, 0.1, 0.5)
        recorder.close("done")
    each = time.perf_counter() - start
    start = time.perf_counter()
    repr(store.runs())
    print(
        f"\n1,000 runs one after the other: {each:.2f} ms each; "
        f"listed and printed in {1000 * (time.perf_counter() - start):.0f} ms"
    )


def killed(folder):
    """Seconds of points that a kill loses."""
    lost = []
    for number in range(REPEATS):
        path = Path(folder) / f"killed{number}.sqlite"
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
        try:
            store = kl.Store(path)
            end = time.monotonic() + 60
            while not (len(store.runs()) and store.runs()[0].last) and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(1 + 0.13 * number)
        finally:
            now = time.time()
            child.kill()
            child.wait()
        (run,) = store.runs()
        lost.append(now - run.last["batch", "loss"][2])
    print(f"\na killed process lost the last {max(lost):.2f} s at most of {REPEATS} (aim 1 s)")


def main():
    """Print the tables."""
    print(machine(), "\n")
    with tempfile.TemporaryDirectory() as folder:
        seconds, model = beside_fit(folder)
        own_part(folder, seconds, model)
        many(folder)
        killed(folder)
        points(folder)
        _store_writer._leave_all()  # before the folder goes


if __name__ == "__main__":
    main()
