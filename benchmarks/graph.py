"""Reading and drawing models: time, memory and growth, beside Keras' own picture."""

from __future__ import annotations

import gc
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
from _measure import HEADER, interleaved, machine, row

import keraslab as kl
from keraslab.draw._graph_widget import GraphWidget

APPLICATIONS = keras.applications
ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = (100, 200, 500, 1000, 2000, 3500, 5000)
MB = 2**20

# Keras builds a Functional model by a recursion as deep as the model is.
sys.setrecursionlimit(1_000_000)


def resident():
    """Bytes of this process in memory, after garbage was collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def bare(build):
    """The model that a function builds, without weights."""
    with kl.skeleton():
        return build()


def efficientnet():
    return APPLICATIONS.EfficientNetB7(weights=None)


def resnet():
    return APPLICATIONS.ResNet50(weights=None)


def read(model):
    """The graph with its costs."""
    graph = kl.read_graph(model)
    return graph, graph.params, graph.macs, graph.costs


def tower(calls):
    """Residual blocks of four calls under names that Keras makes up."""
    x = y = keras.Input((32,), name="x")
    for _ in range(calls // 4):
        z = keras.layers.Dense(32, activation="relu")(y)
        z = keras.layers.Dense(32)(z)
        y = keras.layers.LayerNormalization()(keras.layers.Add()([y, z]))
    return keras.Model(x, y, name="tower")


def held(graph, group):
    """Ids of the calls in a group and in the groups in it."""
    inner = [held(graph, graph.group_by_id[child]) for child in group.children]
    return {*group.calls, *[id_ for ids in inner for id_ in ids]}


def ask(view, opened):
    """What the browser sends when a person folds or unfolds."""
    view._asked(view, {"type": "open", "opened": sorted(opened)}, [])


def added(times):
    """The sum of the first whole numbers, one by one."""
    total = 0
    for number in range(times):
        total += number
    return total


def times():
    """The table of the bars, and what Keras takes."""
    seven = bare(efficientnet)
    view = GraphWidget(kl.read_graph(seven))
    folded = sorted(view.opened)
    group = next(g for g in view.graph.groups if g.parent is None and g.id not in view.opened)

    inside = sum(call.id in held(view.graph, group) for call in view.graph.calls)

    def unfold():
        ask(view, [*folded, group.id])

    large = bare(lambda: tower(5000))
    work = {
        # A yardstick for the machine at the moment: the rest is Python too.
        "a Python loop of ten million additions": (3, lambda: added(10_000_000)),
        "EfficientNetB7: read graph and costs (bar 60)": (20, lambda: read(seven)),
        "ResNet50: skeleton, graph, costs, folded picture (bar 150)": (
            10,
            lambda: GraphWidget(read(bare(resnet))[0]),
        ),
        "EfficientNetB7: the same (bar 800)": (
            5,
            lambda: GraphWidget(read(bare(efficientnet))[0]),
        ),
        f"EfficientNetB7: unfold a group of {inside} calls (bar 100)": (10, unfold),
        "5,000 calls: read and open folded (bar 1000)": (
            5,
            lambda: GraphWidget(kl.read_graph(large)),
        ),
    }
    print("\n" + HEADER)
    for name, (repeats, run) in work.items():
        run()
        seconds = []
        for _ in range(repeats):
            if run is unfold:
                ask(view, folded)
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        print(row(name, seconds), flush=True)
    peers(seven)


def changes():
    """One setting of one layer changed in a graph that is there, up to new shapes and costs."""
    print("\n| one change (bar 30) | new value, median ms | value seen before, median ms |")
    print("|---|---|---|")
    for name, kind, setting, values in (
        ("ResNet50", "Conv2D", "filters", range(65, 90)),
        ("ResNet50", "Dense", "units", range(11, 36)),
        ("MobileNetV2", "Conv2D", "strides", (1, 3, 4)),
        ("InceptionV3", "Conv2D", "strides", (1, 3)),
        ("DenseNet201", "Conv2D", "strides", (1, 3, 4)),
        ("EfficientNetB7", "Dense", "units", range(11, 36)),
        ("EfficientNetB7", "Conv2D", "strides", (1, 3, 4, 5)),
    ):
        graph = kl.read_graph(bare(lambda name=name: getattr(APPLICATIONS, name)(weights=None)))
        layer = next(call.layer for call in graph.calls if call.type == kind)
        rounds = []
        for _ in range(2):
            seconds = []
            for value in values:
                start = time.perf_counter()
                try:
                    changed = kl.what_if(graph, {layer: {setting: value}})
                except kl.graph.ModelError:  # such a model cannot be built either
                    continue
                assert (changed.params, changed.macs, changed.costs) is not None
                seconds.append(1000 * (time.perf_counter() - start))
            rounds.append(statistics.median(seconds) if seconds else float("nan"))
        what = f"{name}: {setting} of {layer}, {len(seconds)} values"
        print(f"| {what} | {rounds[0]:.1f} | {rounds[1]:.1f} |", flush=True)


def peers(model):
    """Keras' own picture of the same model, where Graphviz is installed."""
    if shutil.which("dot") is None:
        print("\nGraphviz is not installed: Keras' own picture is left out.")
        return
    small = bare(resnet)
    work = {
        # With right-angled edges, Keras' default, Graphviz crashes on EfficientNet.
        f"{title}: {name}": run
        for title, one in (("ResNet50", small), ("EfficientNetB7", model))
        for name, run in {
            "keras plot_model's SVG, whole": lambda one=one: keras.utils.model_to_dot(
                one, show_shapes=True, splines="spline"
            ).create_svg(),
            "ours, whole": lambda one=one: whole(one),
            "ours, as it opens": lambda one=one: GraphWidget(kl.read_graph(one)),
        }.items()
    }
    print("\n" + HEADER)
    for name, seconds in interleaved(work, 3).items():
        print(row(name, seconds), flush=True)


def whole(model):
    """The picture with every group open."""
    graph = kl.read_graph(model)
    return GraphWidget(graph, graph.group_by_id)


def messages():
    """What goes to the browser, for the view that opens and the whole graph."""
    print("\n| model | calls | opens with kB | every group open kB |\n|---|---|---|---|")
    named = {name: getattr(APPLICATIONS, name) for name in ("ResNet50", "InceptionV3")}
    named |= {name: getattr(APPLICATIONS, name) for name in ("NASNetMobile", "EfficientNetB7")}
    builds = {name: lambda build=build: build(weights=None) for name, build in named.items()}
    builds |= {f"tower of {n:,}": lambda n=n: tower(n) for n in (1000, 5000)}
    for name, build in builds.items():
        graph = kl.read_graph(bare(build))
        sizes = []
        for opened in (None, graph.group_by_id):
            view = GraphWidget(graph, opened)
            drawn = view.status["kind"] == "ok"
            sizes.append(f"{len(view.picture) / 1000:.0f}" if drawn else view.status["message"])
        print(f"| {name} | {len(graph.calls):,} | {' | '.join(sizes)} |", flush=True)


def growth():
    """Time by the number of calls, as a table and a plot."""
    names = ("read", "costs", "repeats folded, picture")
    rows = []
    print("\n| calls | " + " | ".join(f"{name} ms" for name in names) + " | ms per 1,000 calls |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        model = bare(lambda size=size: tower(size))
        best = [float("inf")] * 3
        for _ in range(4):
            start = time.perf_counter()
            graph = kl.read_graph(model)
            middle = time.perf_counter()
            assert graph.costs is not None
            late = time.perf_counter()
            GraphWidget(graph)
            taken = (middle - start, late - middle, time.perf_counter() - late)
            best = [min(pair) for pair in zip(best, taken, strict=True)]
        calls = len(graph.calls)
        rows.append((calls, *[1000 * seconds for seconds in best]))
        texts = " | ".join(f"{value:.1f}" for value in rows[-1][1:])
        print(f"| {calls:,} | {texts} | {1e6 * sum(best) / calls:.0f} |", flush=True)
    plot(rows, names)


def plot(rows, names):
    """Write the growth as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for column, (name, marker) in enumerate(zip(names, "os^", strict=True), start=1):
        axes.plot([r[0] for r in rows], [r[column] for r in rows], marker=marker, label=name)
    axes.set(xlabel="calls in the model", ylabel="ms", title="Time by the size of the model")
    axes.set_ylim(bottom=0)
    axes.legend()
    ARTEFACTS.mkdir(exist_ok=True)
    figure.savefig(ARTEFACTS / "graph_growth.png", dpi=120)
    print(f"\nPlotted in {ARTEFACTS.name}/graph_growth.png.")


def memory_of_gpt():
    """GPT-2 XL's shape, read with costs."""
    read(bare(lambda: tower(40)))
    before = resident()
    model = bare(lambda: kl.zoo.gpt(depth=48, heads=25, width=1600))
    graph, params, _, costs = read(model)
    assert costs is not None
    grown = (resident() - before) / MB
    what = f"GPT-2 XL's shape, {params:,} parameters, {len(graph.calls)} calls, read"
    print(f"| {what} | {grown:.0f} | 30 |")


def memory_of_engine():
    """The drawing engine over many large drawings."""
    graph = kl.read_graph(bare(efficientnet))
    from keraslab.draw import _engine
    from keraslab.draw._json import graph_json

    data, most = graph_json(graph), 0
    before = resident()
    for _ in range(30):
        _engine.draw(data, list(graph.group_by_id))
        most = max(most, resident() - before)
    what = f"drawing engine, most over 30 drawings of {len(graph.calls)} calls"
    print(f"| {what} | {most / MB:.0f} | 150 |")


def memory_of_rebuilds():
    """A thousand moves of a control, with a layer captured from outside."""
    outside = keras.layers.Dense(16, name="outside")

    def build(depth=3):
        x = keras.Input((16,), name="x")
        y = outside(x)
        for _ in range(depth):
            y = kl.blocks.Residual(8)(keras.layers.Reshape((4, 4, 1))(y))
            y = keras.layers.Dense(16)(keras.layers.Flatten()(y))
        return keras.Model(x, outside(y))

    lab = kl.explore(build, depth=(1, 4))
    control = lab.controls["depth"]
    used = []
    for number in range(1200):
        control.value = 1 + number % 4
        if lab.error is not None:
            raise lab.error
        if number in (199, 1199):
            used.append(resident())
    grown = (used[1] - used[0]) / MB
    print(f"| 1,000 rebuilds and redraws after 200 | {grown:.0f} | 20 |")


PARTS = {
    "times": times,
    "changes": changes,
    "messages": messages,
    "growth": growth,
    "gpt": memory_of_gpt,
    "engine": memory_of_engine,
    "rebuilds": memory_of_rebuilds,
}


def main(wanted):
    """Print the tables; what is measured in memory runs in a process of its own."""
    for name in wanted:
        PARTS[name]()
    if wanted:
        return
    print(machine())
    print("\nA bar is the most that a median may be. The widget's message is made each time.")
    times()
    changes()
    messages()
    growth()
    print("\n| memory | MB | bar |\n|---|---|---|", flush=True)
    for name in ("gpt", "engine", "rebuilds"):
        subprocess.run([sys.executable, __file__, name], check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
