"""A comparison as it looks while it goes on, without any training, and its panel in a page."""

import base64
import math
from functools import cache
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from playwright.sync_api import Page

from keraslab.draw._comparison_widget import ComparisonWidget
from keraslab.frontend import asset
from keraslab.graph import read_graph
from keraslab.train._comparison import Comparison

L = keras.layers
EVIL = "<img src=x onerror=alert(1)>"
EPOCHS = 12
LEVELS = {"plain": 0.90, "residual": 0.95, "dense": 0.93}
SIZES = {"plain": 16, "residual": 24, "dense": 64}


@cache
def graph(units: int) -> Any:
    x = keras.Input((16,), name="x")
    y = L.Dense(units, activation="relu", name="hidden")(x)
    if units > 20:
        y = L.Add(name="add")([y, L.Dense(units, name="skip")(x)])
    return read_graph(keras.Model(x, L.Dense(10, name="out")(y), name=f"m{units}"))


def comparison(
    names: tuple[str, ...] = tuple(SIZES), seeds: int = 3, budget: str = "epochs"
) -> Comparison:
    """Variants of which nothing has been trained yet."""
    sizes = dict(zip(names, [*SIZES.values(), 100], strict=False))
    found = Comparison(
        names,
        range(seeds),
        score_name="accuracy",
        higher_is_better=True,
        fingerprint="f0",
        said=["The same budget: 12 epochs a run.", "The same data in the same order."],
        graphs={name: graph(units) for name, units in sizes.items()},
        validates=True,
        budget=budget,
        provenance={"versions": {"keras": "3.15.1"}, "commit": "0123abc", "data": "9f2c"},
    )
    found.estimate = SimpleNamespace(
        seconds=9.0, cpu_seconds=9.0, workers=1, said="About 9 s of waiting, 9 s of CPU."
    )
    return found


def train(run: Any, epochs: int, level: float, *, ended: bool) -> None:
    """Let a run have come so far."""
    draw = np.random.default_rng([run.seed, int(1000 * level)])
    at = np.arange(1, epochs + 1)
    noise = draw.normal(0, 0.01, (4, epochs))
    loss = 2.2 * np.exp(-at / (3 + 4 * level)) + 0.1 * (1 - level) + abs(noise[0])
    right = level - 0.7 * np.exp(-at / 2.5) + noise[1]
    run.history = {
        "loss": loss.tolist(),
        "accuracy": right.tolist(),
        "val_loss": (1.08 * loss + 0.06 + abs(noise[2])).tolist(),
        "val_accuracy": (0.97 * right + noise[3] / 2).tolist(),
    }
    run.epoch, run.part = epochs, epochs / EPOCHS
    run.along = (at * SIZES.get(run.variant, 100) * 1e6).tolist()
    run.times = (0.21 * at * (1 + level)).tolist()
    run.seconds = run.times[-1]
    run.status = "done" if ended else "running"
    if ended:
        run.score = float(level - 0.02 + draw.normal(0, 0.006))
        run.latency = 0.0021 * (1 + level)
        run.peak_memory = 400_000_000


def fail(run: Any, finding: Any = None) -> None:
    run.status, run.error, run.finding = "failed", f"ValueError: not a number {EVIL}", finding
    run.history = {"loss": [1.5, math.nan]}
    run.epoch, run.part = 1, 0.1


def half(found):
    """The first seed is done, the second on its way, the third waits."""
    for run in found.runs:
        if run.seed_index < 2:
            train(run, (12, 7)[run.seed_index], LEVELS[run.variant], ended=run.seed_index == 0)
    return found


def whole(found):
    for run in found.runs:
        train(run, 12, LEVELS[run.variant], ended=True)
    found.ended()
    return found


STAND_IN = """
async ([source, style, first]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default();
  document.head.appendChild(document.createElement("style")).textContent = style;
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const revive = (value) => {
    if (Array.isArray(value)) return value.map(revive);
    if (!value || typeof value !== "object") return value;
    if ("$bytes" in value) return bytes(value.$bytes);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]));
  };
  const on = {};
  const state = revive(first);
  window.fire = (event, ...more) => (on[event] ?? []).forEach((f) => f(...more));
  window.sent = [];
  window.update = (changed) => {
    Object.assign(state, revive(changed));
    Object.keys(changed).forEach((key) => fire(`change:${key}`));
  };
  const model = {
    get: (key) => state[key],
    on: (event, f) => (on[event] ??= []).push(f),
    off: (event, f) => (on[event] = (on[event] ?? []).filter((g) => g !== f)),
    send: (message) => sent.push(message),
  };
  window.end = widget.initialize({ model });
  window.leave = widget.render({ model, el: document.getElementById("cell") });
}
"""


def packed(value: Any) -> Any:
    """A value as a page of its own can be given it."""
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: packed(each) for key, each in value.items()}
    return [packed(each) for each in value] if isinstance(value, list | tuple) else value


def values(widget: ComparisonWidget) -> dict[str, Any]:
    """What the widget tells a page now."""
    sent = widget.get_state(["state", "curves", "failures", "slot"])
    return {key: packed(value) for key, value in sent.items()}


def open_in(page: Page, widget: ComparisonWidget) -> None:
    """Show a widget in a page as it is now; ``update`` in the page brings what is new."""
    page.set_content("<!doctype html><body><div id=cell></div>")
    page.evaluate(
        STAND_IN, [asset("comparison_widget.js"), asset("comparison_widget.css"), values(widget)]
    )
    page.locator(".klq canvas").first.wait_for()


def refresh(page: Page, widget: ComparisonWidget) -> None:
    page.evaluate("changed => update(changed)", values(widget))
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
