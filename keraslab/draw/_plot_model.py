"""Keras' plot_model, drawn with no Graphviz on the machine."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import keras

from keraslab.draw import _engine
from keraslab.draw._files import check_folder, write_whole
from keraslab.draw._keras_dot import Options, keras_dot, named, single_node_dot
from keraslab.draw._png import svg_to_png

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_SPLINES = ("ortho", "curved", "polyline", "spline", "line")

_SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')
_ROOM = 620
"""Points of width in a cell beside the file browser; JupyterLab shows an SVG in its own size."""


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model into a file, with the arguments of ``keras.utils.plot_model``.

    Graphviz need not be installed. Every call of a shared layer is a node of its own, with
    the shapes of that call.

    Args:
        model: A Keras model. One whose inside cannot be read is drawn as one node.
        to_file: Where to write; the suffix is ``.png``, ``.svg`` or ``.dot``, none means PNG.
        show_shapes: Whether to show the shapes of inputs and outputs.
        show_dtype: Whether to show the dtypes of outputs.
        show_layer_names: Whether to show the names of layers.
        rankdir: ``"TB"`` from top to bottom, ``"LR"`` from left to right, or their reverses.
        expand_nested: Whether nested models are drawn as frames with their layers inside.
        dpi: Pixels per inch of a PNG; one above 40 million pixels is scaled down.
        show_layer_activations: Whether to show activation functions.
        show_trainable: Whether to show which layers are trained.
        splines: How edges run. ``"ortho"``, Keras' default, is drawn as ``"polyline"``:
            Graphviz crashes on right angles in large networks.
        **kwargs: Taken only to refuse them with the words Keras uses.

    Returns:
        In a notebook the picture, to be displayed; elsewhere, and for ``.dot``, None.

    Raises:
        DrawingError: If the picture cannot be drawn in time, in memory, or on this platform.
        FileNotFoundError: If the folder of ``to_file`` does not exist.
        ValueError: If the model was not built or an argument has no meaning here.

    Example:
        >>> import keras, tempfile, pathlib
        >>> from keraslab.draw import plot_model
        >>> x = keras.Input((4,))
        >>> model = keras.Model(x, keras.layers.Dense(2)(x))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     plot_model(model, f"{folder}/m.svg", show_shapes=True)
        ...     (pathlib.Path(folder) / "m.svg").read_text()[:4]
        '<svg'
    """
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    _one_of("rankdir", rankdir, _DIRECTIONS)
    _one_of("splines", splines, _SPLINES)
    path = Path(to_file)
    suffix = path.suffix.lower() or ".png"
    _one_of("to_file", suffix, (".png", ".svg", ".dot"), os.fspath(to_file))
    check_folder(path, "plot_model(to_file=...)")

    lines = "polyline" if splines == "ortho" else splines
    options = Options(
        show_shapes,
        show_dtype,
        show_layer_names,
        show_layer_activations,
        show_trainable,
        expand_nested,
    )
    dot = _dot(model, rankdir, lines, options)
    if suffix == ".dot":
        dot.set("dpi", dpi)
        write_whole(path, dot.to_string())
        return None
    svg = named(_engine.layout(dot.to_string()), f"Graph of {model.name}")
    write_whole(path, svg if suffix == ".svg" else svg_to_png(svg, dpi))
    return _shown(path, suffix)


def _dot(model: Any, rankdir: str, splines: str, options: Options) -> Any:
    from keraslab.graph import ModelError, read_graph

    try:
        graph = read_graph(model)
    except ModelError:
        # A subclassed model has an inside only when it runs; Keras draws it as one node too.
        if not isinstance(model, keras.Model) or not model.built:
            raise
        return single_node_dot(model, rankdir, splines, options.names, options.trainable)
    return keras_dot(graph, rankdir, splines, options)


def _one_of(
    argument: str, value: object, allowed: tuple[str, ...], received: object = None
) -> None:
    if value not in allowed:
        choices = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        verb = "end in" if argument == "to_file" else "be"
        raise ValueError(
            f"plot_model({argument}=...) must {verb} {choices}. "
            f"Received: {value if received is None else received!r}."
        )


def _shown(path: Path, suffix: str) -> Any:
    """The picture for a notebook; None where no IPython runs."""
    if "IPython" not in sys.modules:
        return None
    from IPython import display, get_ipython

    if get_ipython() is None:
        return None
    if suffix != ".svg":
        return display.Image(filename=os.fspath(path))  # type: ignore[no-untyped-call]
    svg = _SIZE.sub(_narrowed, path.read_text("utf-8"), count=1)
    return display.SVG(data=svg)  # type: ignore[no-untyped-call]


def _narrowed(size: re.Match[str]) -> str:
    """A width that a cell has room for, if the text stays legible; the file keeps its own."""
    width, height = float(size[1]), float(size[2])
    zoom = min(1.0, max(_ROOM / width, 0.6))
    return f'width="{width * zoom:.0f}pt" height="{height * zoom:.0f}pt"'
