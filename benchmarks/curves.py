"""What live curves cost: a fit in a kernel beside other callbacks, and a million points."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from _measure import machine  # noqa: E402

STEPS, REPEATS = 1875, 3
LONGEST = 150.0
"""Seconds after which no fit begins that was measured once already."""
POINTS = 1_000_000
BARS = {"cpu": 0.02, "redraw_ms": 50.0}


# In the kernel: whole fits, in turn


def fits() -> None:
    """Print, as JSON, seconds and CPU seconds of a whole epoch under each callback."""
    import keras
    import numpy as np

    from keraslab import LiveCurves

    rng = np.random.default_rng(0)
    x = rng.random((STEPS * 32, 784), dtype="float32")
    y = rng.integers(0, 10, STEPS * 32)
    layers = [keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((784,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    start = time.process_time()
    LiveCurves(display=False).widget  # noqa: B018  # what a kernel loads once
    loading = time.process_time() - start
    model.fit(x[:3200], y[:3200], verbose=0, callbacks=[LiveCurves()])

    class Timed(LiveCurves):
        """Live curves that count the processor time of their own hooks."""

        spent = 0.0

    def timed(name: str) -> None:
        hook = getattr(LiveCurves, name)

        def run(self: Any, *arguments: Any, **named: Any) -> None:
            start = time.thread_time()
            hook(self, *arguments, **named)
            self.spent += time.thread_time() - start

        setattr(Timed, name, run)

    hooks = ("train_begin", "epoch_begin", "train_batch_begin", "train_batch_end", "epoch_end")
    for name in hooks:
        timed(f"on_{name}")
    ending: dict[str, float] = {}

    class Ended(Timed):
        def on_train_end(self, logs: Any = None) -> None:
            """Leave the picture; that is once, however long the training was."""
            start = time.thread_time()
            super().on_train_end(logs)
            ending["picture"] = time.thread_time() - start

    makers: dict[str, Callable[[], list[Any]]] = {
        "bare fit": list,
        "LiveCurves": lambda: [Ended()],
        "matplotlib at 4 Hz": lambda: [_matplotlib()],
    }
    if importlib.util.find_spec("tensorboard"):
        makers["TensorBoard, each batch"] = lambda: [
            keras.callbacks.TensorBoard(tempfile.mkdtemp(), update_freq="batch")
        ]
    else:
        print("TensorBoard is not installed: its callback is left out.", file=sys.stderr)
    if importlib.util.find_spec("livelossplot"):
        from livelossplot import PlotLossesKeras

        makers["livelossplot"] = lambda: [PlotLossesKeras()]

    found: dict[str, list[dict[str, float]]] = {name: [] for name in makers}
    begin = time.perf_counter()
    for turn in range(REPEATS):
        for name, make in makers.items():
            if turn and time.perf_counter() - begin > LONGEST:
                continue  # on a busy machine one turn has to do
            callbacks = make()
            messages, start, cpu = _messages_cpu(), time.perf_counter(), time.process_time()
            model.fit(x, y, batch_size=32, verbose=0, callbacks=callbacks)
            measured = {
                "seconds": time.perf_counter() - start,
                "cpu": time.process_time() - cpu,
            }
            if callbacks and isinstance(callbacks[0], Timed):
                measured["loading"] = loading
                measured["own"] = callbacks[0].spent
                measured["messages"] = _messages_cpu() - messages
                measured["picture"] = ending["picture"]
            found[name].append(measured)
    print(json.dumps(found))


def _messages_cpu() -> float:
    """Processor seconds of the thread that sends the kernel's messages."""
    import psutil

    wanted = {each.native_id for each in threading.enumerate() if "IOPub" in each.name}
    threads = psutil.Process().threads()
    return sum(each.user_time + each.system_time for each in threads if each.id in wanted)


def _matplotlib() -> Any:
    import io

    import keras
    from IPython.display import Image, clear_output, display
    from matplotlib.figure import Figure

    class Plots(keras.callbacks.Callback):
        """What many notebooks do: draw all so far, four times a second."""

        async_safe = False

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            self.values: dict[str, list[float]] = {}
            self.last = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            for name, value in logs.items():
                self.values.setdefault(name, []).append(value)
            if time.perf_counter() - self.last < 0.25:
                return
            self.last = time.perf_counter()
            figure, picture = Figure(figsize=(6, 2.2)), io.BytesIO()
            for axes, (name, values) in zip(
                figure.subplots(1, 2), self.values.items(), strict=True
            ):
                axes.plot(values)
                axes.set_title(name)
            figure.savefig(picture, format="png")
            clear_output(wait=True)
            display(Image(picture.getvalue()))

    return Plots()


def whole_fits() -> None:
    """Run the fits in a kernel, as a notebook would, and print their table."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, "MPLBACKEND": "Agg"})
    client = manager.client()
    client.start_channels()
    heard: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            heard.append(content["text"])
        elif message["msg_type"] == "stream":
            print(content["text"], end="", file=sys.stderr)
        elif message["msg_type"] == "error":
            print("\n".join(content["traceback"]), file=sys.stderr)

    try:
        client.wait_for_ready(timeout=60)
        code = f"import sys; sys.path.insert(0, {str(HERE)!r}); import curves; curves.fits()"
        client.execute_interactive(code, timeout=240, output_hook=hear)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    found = json.loads("".join(heard).strip().splitlines()[-1])
    bare = found["bare fit"]
    print(
        f"An epoch of {STEPS:,} batches, MLP 784-128-10, in a kernel, up to {REPEATS} runs each:\n"
    )
    print("| callback | median s | time / bare | CPU / bare |\n|---|---|---|---|")
    for name, runs in found.items():
        time_ratio = statistics.median(
            a["seconds"] / b["seconds"] for a, b in zip(runs, bare, strict=False)
        )
        cpu_ratio = statistics.median(a["cpu"] / b["cpu"] for a, b in zip(runs, bare, strict=False))
        seconds = statistics.median(run["seconds"] for run in runs)
        print(f"| {name} | {seconds:.2f} | {time_ratio:.3f} | {cpu_ratio:.3f} |")
    print()
    runs = found["LiveCurves"]
    share = statistics.median((run["own"] + run["messages"]) / run["cpu"] for run in runs)
    own = statistics.median(run["own"] / STEPS for run in runs)
    picture = statistics.median(run["picture"] for run in runs)
    print(
        f"- LiveCurves: own CPU with its messages {share:.2%} of the fit's, bar {BARS['cpu']:.0%}; "
        f"{1e6 * own:.0f} µs a batch; the picture at the end, once, {1000 * picture:.0f} ms; "
        "loading the widget, once a kernel, "
        f"{1000 * runs[0]['loading']:.0f} ms."
    )


# In this process: a million points, and the page that shows them


def many_points() -> None:
    """Log a million points, follow them in Chromium, and print memory and redraw times."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(HERE.parent / "tests"))
    from conftest import CHROMIUM_FLAGS, _find_chromium

    from keraslab.draw._curves_widget import CurvesWidget
    from keraslab.train._history import History
    from keraslab.train._sender import Sender, for_page

    history = History()
    sent: list[Any] = []

    class Captured(CurvesWidget):
        def send(self, content: Any, buffers: Any = None) -> None:
            sent.append([content, [_text(each) for each in buffers or []]])

        def send_state(self, key: Any = None) -> None:  # noqa: ARG002
            plots = self._snapshot()["plots"]
            for line in (line for plot in plots for line in plot["lines"]):
                line |= {"x": _text(line["x"]), "y": _text(line["y"])}
            sent.append([{"type": "all", "plots": plots, "status": self._status()}, []])

    widget = Captured(lambda: for_page(history), lambda: {"text": f"{len(history.epochs)} epochs"})
    sender = Sender(history, widget)
    print("\n| points logged | held by the kernel, MB | process, MB | page's heap, MB |")
    print("|---|---|---|---|")
    logged, recording, sending = 0, 0.0, 0.0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(_find_chromium()), args=CHROMIUM_FLAGS
        )
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        style, script = (
            (files("keraslab") / "frontend" / "dist" / f"curves_widget.{end}")
            for end in ("css", "js")
        )
        page.set_content(
            f"<!doctype html><style>{style.read_text('utf-8')}</style><div id=cell></div>"
        )
        page.evaluate(_PAGE, script.read_text("utf-8"))
        tools = page.context.new_cdp_session(page)
        history.begin(STEPS)
        epoch = batch = 0
        history.begin_epoch(0)
        marks = [POINTS // 100, POINTS // 10, POINTS // 2, POINTS]
        while logged < POINTS:
            start = time.perf_counter()
            for _ in range(min(1000, (POINTS - logged) // 2)):
                value = 1 / (1 + epoch) + 0.1 * ((batch * 7919) % 100) / 100
                history.batch(batch, {"loss": value, "accuracy": 1 - value / 2})
                logged, batch = logged + 2, batch + 1
                if batch == STEPS:
                    history.end_epoch(epoch, {"loss": value, "val_loss": value})
                    epoch, batch = epoch + 1, 0
            middle = time.perf_counter()
            sender.send()
            recording += middle - start
            sending += time.perf_counter() - middle
            page.evaluate("messages => receive(messages)", sent)
            sent.clear()
            if logged >= marks[0]:
                marks.pop(0)
                held = sum(sum(c.nbytes for c in one._columns) for one in history.series.values())
                size = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
                tools.send("HeapProfiler.collectGarbage")
                heap = tools.send("Runtime.getHeapUsage")["usedSize"]
                print(f"| {logged:,} | {held / 1e6:.1f} | {size / 1e6:.0f} | {heap / 1e6:.1f} |")
        drawn = page.evaluate("drawn")
        browser.close()
    script_ms, frame_ms = zip(*drawn, strict=True)
    print(f"\n- Recording: {1e6 * recording / logged:.2f} µs a point; {len(drawn)} redraws.")
    print(f"- Sending: {1000 * sending / len(drawn):.2f} ms a redraw in the kernel.")
    for name, each in (("script", script_ms), ("script until the frame is painted", frame_ms)):
        ordered = sorted(each)
        print(
            f"- Redraw in the page, {name}: median {statistics.median(ordered):.1f} ms, 95 % "
            f"within {ordered[int(0.95 * len(ordered))]:.1f} ms, longest {ordered[-1]:.1f} ms, "
            f"bar {BARS['redraw_ms']:.0f} ms."
        )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


_PAGE = """
async (source) => {
  window.drawn = [];
  const frame = window.requestAnimationFrame.bind(window);
  let waiting = 0;
  window.requestAnimationFrame = (draw) => frame((now) => {
    const start = performance.now();
    draw(now);
    queueMicrotask(() => {  // uPlot draws in a microtask of its own, before this one
      const script = performance.now() - start;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        drawn.push([script, performance.now() - start]);
        window.painted?.();
      };
      channel.port2.postMessage(null);
    });
  });
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default();
  const on = {};
  const state = { slot: "", snapshot: { plots: [] }, status: {} };
  const model = {
    get: (key) => state[key],
    on: (event, f) => (on[event] ??= []).push(f),
    off: () => {},
    send: () => {},
  };
  const raw = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  window.receive = (messages) => new Promise((done) => {
    window.painted = done;
    for (const [content, buffers] of messages) {
      if (content.type === "append") on["msg:custom"].forEach((f) => f(content, buffers.map(raw)));
      else {
        for (const plot of content.plots)
          for (const line of plot.lines) [line.x, line.y] = [raw(line.x), raw(line.y)];
        state.snapshot = { plots: content.plots };
        state.status = content.status;
        on["change:snapshot"].forEach((f) => f());
      }
    }
  });
  widget.initialize({ model });
  widget.render({ model, el: document.getElementById("cell") });
  await new Promise((done) => (window.painted = done));
  drawn.length = 0;
}
"""


def main() -> None:
    """Print all tables."""
    print(machine() + "\n")
    whole_fits()
    many_points()


if __name__ == "__main__":
    main()
