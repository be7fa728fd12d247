"""What comparing takes: two local workers against serial, and a run's way through Dask.

1. Eight runs of the tower of the tour, one thread each: one after the other in a process of one
   thread, and by two local workers that are warm, in turn. Beside them, in turn too, how much two
   processes gain that only compute: what the machine's cores are worth at that minute.
2. Runs that do nothing, through a Dask cluster of two workers: milliseconds for each, for more
   and more runs, as a table and as a plot.

``--small`` measures little, to see that all works.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from _measure import machine  # noqa: E402

from keraslab.train._task import Budget, Channel, Data, Message, Outcome, Task  # noqa: E402
from keraslab.train._thread_count import use_threads  # noqa: E402
from keraslab.train._workers import Workers, open_workers  # noqa: E402

RUNS, EPOCHS, REPEATS = 8, 4, 5
SIZES = (100, 300, 1_000, 3_000, 10_000)
BARS = {"speed-up": 1.7, "ms a run": 10.0}
PLOT = HERE.parent / "artefacts" / "compare_dask.png"


def tower() -> Any:
    """The residual tower of the tour."""
    import keras

    from keraslab import blocks

    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    h = layers.Conv2D(16, 3, padding="same", name="stem")(image)
    for _ in range(3):
        h = blocks.Residual(16)(h)
    h = layers.GlobalAveragePooling2D(name="pool")(h)
    model = keras.Model(image, layers.Dense(10, activation="softmax", name="digit")(h))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def digits() -> Data:
    """1,797 real digits of 8 x 8."""
    from sklearn.datasets import load_digits

    found = load_digits()
    x, y = (found.images[..., None] / 16).astype("float32"), found.target
    return Data((x[:1400], y[:1400]), None, (x[1400:], y[1400:]))


def burn(seconds_of_work: int) -> float:
    """Compute in one thread, and say how long it took."""
    start = time.perf_counter()
    total = 0
    for number in range(seconds_of_work * 10_000_000):
        total += number
    return time.perf_counter() - start


def burnt(task: Task, data: Data, channel: Channel) -> Outcome:  # noqa: ARG001
    """The same as a task."""
    return Outcome("done", seconds=burn(int(task.build)))


def no_op(task: Task, data: Data, channel: Channel) -> Outcome:
    """A run that tells its begin and its end, and does nothing between."""
    for kind in ("began", "ended"):
        channel.send(Message(task.variant, task.seed_index, kind))
    return Outcome("done", score=float(len(data.train)))


def tasks(runs: int, epochs: int) -> list[Task]:
    """So many seeds of the tower."""
    from keraslab.train._parcel import pack

    build = pack(tower, "the tower")
    fit = {"batch_size": 32}
    return [
        Task("tower", index, index, build, Budget(epochs=epochs), fit=fit, threads=1)
        for index in range(runs)
    ]


def took(workers: Workers, call: Any, todo: list[Task]) -> float:
    """Seconds until all are done."""
    start = time.perf_counter()
    futures: list[Future[Outcome]] = [workers.submit(call, task) for task in todo]
    wait(futures)
    seconds = time.perf_counter() - start
    for future in futures:
        if future.result().status != "done":
            raise RuntimeError(str(future.result().error))
    workers.messages()
    return seconds


def against_serial(runs: int, epochs: int, repeats: int) -> None:
    """Print the speed-up beside what two free processes reach."""
    from keraslab.train._run_task import run_task
    from keraslab.train._workers_local import end_processes

    if use_threads(1) != 1:
        raise RuntimeError("This process has started with more than one thread.")
    data, todo = digits(), tasks(runs, epochs)
    serial, local = open_workers(None, 1, runs), open_workers("local", 1, 2)
    work = max(1, epochs // 2)
    burning = [Task("burn", index, 0, str(work).encode(), Budget(epochs=1)) for index in range(2)]
    try:
        for workers in (serial, local):
            workers.place(data)
            took(workers, run_task, tasks(2 * workers.count, 1))  # warm
        ratios, free, alone, together = [], [], [], []
        for _ in range(repeats):
            free.append(sum(burn(work) for _ in burning) / took(local, burnt, burning))
            alone.append(took(serial, run_task, todo))
            together.append(took(local, run_task, todo))
            free.append(sum(burn(work) for _ in burning) / took(local, burnt, burning))
            ratios.append(alone[-1] / together[-1])
    finally:
        serial.close()
        local.close()
        end_processes()
    print(f"{runs} runs of the tower, {epochs} epochs, one thread each, {repeats} times in turn:\n")
    print("| work | median | least | most |\n|---|---|---|---|")
    for name, values in (
        ("serial, s", alone),
        (f"{local.count} local workers, warm, s", together),
        ("serial / local", ratios),
        ("two free processes that only compute", free),
    ):
        print(
            f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |"
        )
    factor, bar = statistics.median(ratios), BARS["speed-up"]
    print(
        f"\n- {factor:.2f} times as fast as serial, bar {bar} on two free cores; "
        f"{factor / statistics.median(free):.0%} of what the cores gave at the time."
    )


def through_dask(sizes: tuple[int, ...]) -> None:
    """Print and plot what a run costs that does nothing."""
    import distributed

    found = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        cluster.get_client() as client,
    ):
        client.wait_for_workers(2, timeout=120)
        workers = open_workers(client, 1, max(sizes))
        try:
            workers.place(digits())
            took(workers, no_op, [Task("warm", i, i, b"", Budget(epochs=1)) for i in range(50)])
            for size in sizes:
                todo = [Task("none", i, i, b"", Budget(epochs=1)) for i in range(size)]
                found.append((size, 1000 * took(workers, no_op, todo) / size))
        finally:
            workers.close()
    print("\nRuns that do nothing, through a Dask cluster of two workers:\n")
    print("| runs | ms a run |\n|---|---|")
    for size, each in found:
        print(f"| {size:,} | {each:.2f} |")
    print(f"\n- Bar: {BARS['ms a run']:.0f} ms a run at 1,000 runs.")
    plot(found)


def plot(found: list[tuple[int, float]]) -> None:
    """Leave the picture beside the others."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*found, strict=True), marker="o", label="measured")
    axes.axhline(BARS["ms a run"], color="grey", linestyle="--", label="bar")
    axes.set(xscale="log", xlabel="runs", ylabel="ms a run", ylim=(0, None))
    axes.set_title("A run that does nothing, through Dask")
    axes.legend()
    PLOT.parent.mkdir(exist_ok=True)
    figure.savefig(PLOT, dpi=120)
    print(f"- Plot: {PLOT.relative_to(HERE.parent)}")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="only see that all works")
    small = parser.parse_args().small
    print(machine() + "\n")
    against_serial(*((2, 1, 1) if small else (RUNS, EPOCHS, REPEATS)))
    through_dask(SIZES[:2] if small else SIZES)


if __name__ == "__main__":
    main()
