"""A few real runs that must come to the same numbers everywhere; as a script, one after the other.

The script is a process of its own, because a backend takes its number of threads once.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from keraslab.train._parcel import pack
from keraslab.train._run_task import run_task
from keraslab.train._task import Budget, Data, Task
from keraslab.train._workers import open_workers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3000, 64)).astype("float32")
Y = X @ RNG.normal(size=(64, 3)).astype("float32")
DATA = Data((X[:2000], Y[:2000]), (X[2000:2500], Y[2000:2500]), (X[2500:], Y[2500:]))


def build():
    import keras

    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def numbers(executor):
    """Train three seeds, and give every number that came of each."""
    workers = open_workers(executor, 1, 3)
    try:
        workers.place(DATA)
        futures = [
            workers.submit(
                run_task,
                Task(
                    variant="dense",
                    seed_index=index,
                    seed=11 * index,
                    build=pack(build, "it"),
                    budget=Budget(epochs=2),
                    fit={"batch_size": 32},
                    threads=1,
                ),
            )
            for index in range(3)
        ]
        found = [each.result(300) for each in futures]
    finally:
        workers.close()
    assert [(each.status, each.error, each.threads) for each in found] == [("done", None, 1)] * 3
    return [
        {"score": each.score, "test": dict(each.test), "history": dict(each.history)}
        for each in found
    ]


def serial_numbers():
    """What the script says."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__))],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(numbers(None)))
