"""What happens inside a model on one batch: activations forward, gradients back."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import keras

from keraslab.debug._batch import batch_of
from keraslab.debug._probe_fade import measured_rows
from keraslab.debug._probe_maps import Maps
from keraslab.debug._probe_measure import Measured, Meter
from keraslab.debug._probe_overlay import What, opening_of, values_of
from keraslab.debug._probe_rows import ProbeRow, ProbeWeight
from keraslab.debug._probe_stats import squared
from keraslab.debug._probe_text import html_of, text_of
from keraslab.graph import Graph, SkeletonError, is_skeleton, keras_internals, read_graph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keraslab.draw import Picture


@dataclass(frozen=True)
class Probe:
    """The numbers of one batch. ``print(...)`` it, or leave it as the last line of a cell."""

    name: str
    """The name of the model."""
    rows: tuple[ProbeRow, ...]
    """One for each call, in the order of the graph."""
    samples: int
    """How many samples the batch has."""
    loss: float | None
    """The compiled loss on the batch; None where there was none to take gradients of."""
    notes: tuple[str, ...] = ()
    """Sentences on how it was measured, or why something was not."""
    outputs: Mapping[str, float] = field(default_factory=dict)
    """For each call that gives an output of the model, the largest difference between what two
    samples get: 0 where every sample gets the same."""
    graph: Graph | None = field(default=None, repr=False, compare=False)
    """The model as data."""
    _maps: Mapping[str, Maps] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, call: str) -> ProbeRow:
        """The row of a call, by its id or, where the layer is called once, by its name."""
        found = [row for row in self.rows if call in (row.call, row.name)]
        if len(found) != 1:
            known = ", ".join(row.call for row in self.rows[:8])
            why = "is called more than once: give the id" if found else "is no call"
            raise KeyError(f"{call!r} {why}, one of {known}{', …' if len(self.rows) > 8 else ''}.")
        return found[0]

    @property
    def fade(self) -> float | None:
        """How much weaker the gradient is at the first layer with weights than at the last.

        An output layer with a softmax, sigmoid or tanh does not count: with respect to what
        comes out of it, a gradient is of another size than with respect to what goes into it.
        A value of 1e-6 says that a millionth arrives. None where no gradients were taken.
        """
        found = [row.gradient or 0.0 for row in measured_rows(self)]
        return found[0] / found[-1] if len(found) > 1 and found[-1] else None

    def to_dict(self) -> dict[str, Any]:
        """All numbers as dicts, lists and plain numbers, ready for JSON or a data frame."""
        return {
            "name": self.name,
            "samples": self.samples,
            "loss": self.loss,
            "notes": list(self.notes),
            "outputs": dict(self.outputs),
            "rows": [
                asdict(row)
                | {
                    "weight_norm": row.weight_norm,
                    "weight_gradient": row.weight_gradient,
                    "ratio": row.ratio,
                }
                for row in self.rows
            ],
        }

    def figure(self, *others: Probe) -> Figure:
        """The spread of activations and the norm of gradients, from the input to the output.

        Args:
            *others: Probes of other models, to be drawn in the same panels.

        Returns:
            A matplotlib figure with two panels on a logarithmic scale.
        """
        from keraslab.debug._probe_figure import depth_figure

        return depth_figure((self, *others))

    def images(self, call: str) -> Figure:
        """What the first sample looks like after a call: at most 16 of its feature maps.

        Args:
            call: The call's id, or the name of a layer that is called once.

        Returns:
            A matplotlib figure, a picture for each map, all on one scale.

        Raises:
            KeyError: There is no such call.
            ValueError: What it gives is no picture.
        """
        from keraslab.debug._probe_figure import map_figure

        row = self[call]
        if row.call not in self._maps:
            with_maps = [other.name for other in self.rows if other.call in self._maps]
            known = f"such as {with_maps[-1]!r} does" if with_maps else "and no call here does"
            raise ValueError(
                f"Probe.images(call={call!r}): it gives {row.shape}, but a picture needs samples, "
                f"rows, columns and channels, {known}."
            )
        return map_figure(row, self._maps[row.call])

    def picture(self, what: What = "gradient", opened: Iterable[str] | None = None) -> Picture:
        """The graph with every box coloured by what was measured, and the number in it.

        Args:
            what: ``"gradient"``, its norm at what a call gives; ``"spread"``, the standard
                deviation of it; ``"dead"``, the share of units of a ReLU that give 0 for every
                sample; or ``"saturated"``, the share of values at the ends of sigmoid and tanh.
            opened: Ids of the groups drawn open; None opens all of a small graph.

        Returns:
            A picture to show or ``save``.

        Raises:
            ValueError: ``what`` is none of these, or gradients were not taken.
        """
        from keraslab.draw import Picture

        graph = self._drawable()
        return Picture(graph, opening_of(graph, opened), values=values_of(self, what))

    def show(self, what: What = "gradient") -> Any:
        """The same picture, interactive: groups fold and unfold, cards say the details.

        Args:
            what: As for ``picture``.

        Returns:
            A widget for a notebook.
        """
        from keraslab.draw._graph_widget import GraphWidget
        from keraslab.draw._look import Look

        graph, look = self._drawable(), Look(values=values_of(self, what))
        return GraphWidget(graph, opening_of(graph, None), look=look)

    def _drawable(self) -> Graph:
        if self.graph is None:
            raise ValueError("This probe holds no graph to draw.")
        return self.graph

    def __str__(self) -> str:
        return text_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        kinds = ("text/plain", "text/html", "image/svg+xml")
        wanted = [k for k in kinds if (not include or k in include) and k not in (exclude or ())]
        bundle = {"text/plain": text_of(self)} if "text/plain" in wanted else {}
        if wanted in ([], ["text/plain"]):
            return bundle
        pictures = []
        with contextlib.suppress(Exception):  # a table without a picture is better than none
            from keraslab.debug._probe_figure import svg_of

            pictures.append(svg_of(self))
            if "image/svg+xml" in wanted:
                bundle["image/svg+xml"] = pictures[0]
        if "text/html" in wanted:
            with contextlib.suppress(Exception):
                pictures.append(self.picture("spread" if self.loss is None else "gradient").svg())
            bundle["text/html"] = html_of(self, pictures)
        return bundle


def probe(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    training: bool | None = None,
    batch_size: int | None = None,
) -> Probe:
    """Look inside a model on one batch: what every layer gives, and what gradient comes back.

    The batch is the first 32 samples. It is run in parts, so that memory stays within bounds;
    the numbers are those of the whole batch. Beside the model, a probe of ResNet50 on images of
    224 × 224 takes about 60 MB for activations alone and 150 MB with gradients: on TensorFlow a
    large model runs a second time, segment by segment, as gradients come back, and their sums
    over the parts of the batch are kept in a temporary file.

    Weights, optimizer, metrics, the statistics of batch norms and the state of random numbers
    stay as they are.

    Args:
        model: A model with its weights, compiled if gradients are wanted.
        x: Inputs as for ``fit``: arrays, lists or dicts of them, or a dataset.
        y: Targets; without them activations alone are measured.
        training: Whether layers act as in training. None, the default, measures activations as
            ``predict`` sees them and gradients as ``fit`` meets them: dropout drops, and batch
            norm takes the statistics of the part of the batch that is run.
        batch_size: Samples to run at a time; None for as many as a small memory holds.

    Returns:
        A ``Probe``: ``rows`` with numbers, ``figure()``, ``picture()`` on the graph,
        ``images(call)``.

    Raises:
        ModelError: It is no model, or has not been built yet.
        SkeletonError: It was built without weights.
        ValueError: There is no batch to be had from ``x``.

    Example:
        >>> import keras, numpy as np
        >>> x = h = keras.Input((4,), name="x")
        >>> for depth in range(12):
        ...     h = keras.layers.Dense(8, activation="sigmoid", name=f"layer{depth}")(h)
        >>> model = keras.Model(x, keras.layers.Dense(1, name="out")(h))
        >>> model.compile("sgd", "mse")
        >>> found = probe(model, np.ones((16, 4)), np.zeros((16, 1)))
        >>> found["layer0"].gradient < found["layer11"].gradient / 1000
        True
    """
    if is_skeleton(model):
        raise SkeletonError(
            "probe(model=...) runs the model, and this one was built without weights: "
            "call keraslab.materialize(model) first."
        )
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(
            f"probe(batch_size=...) must be a whole number from 1. Received: {batch_size!r}."
        )
    graph = read_graph(model)
    if not isinstance(model, keras.Model):
        raise TypeError(f"probe(model=...) must be a Keras model. Received: {model!r}.")
    batch = batch_of(model, x, y)
    if batch is None or not batch.size:
        raise ValueError(
            "probe(x=...) must hold at least one sample: give arrays, lists or dicts of arrays, "
            "or a dataset that can be read again."
        )
    meter = Meter(model, graph, batch, batch_size)
    meter.activations(bool(training))
    notes = [f"activations as in {'training' if training else 'predict'}"]
    reason = _no_gradients(model, batch.y)
    if reason is None:
        as_in_fit = training is None or training
        meter.gradients(as_in_fit)
        notes.append(f"gradients as in {'training' if as_in_fit else 'evaluate'}")
        if meter.part < batch.size and as_in_fit and _normalizes(graph):
            notes.append(f"batch norm on {meter.part} samples at a time")
    else:
        notes.append(f"no gradients: {reason}")
    return Probe(
        name=model.name,
        rows=tuple(_rows(graph, meter.found)),
        samples=batch.size,
        loss=meter.found.loss,
        notes=tuple(notes),
        outputs={call: value for (call, _), value in meter.found.varies.items()},
        graph=graph,
        _maps=meter.found.maps,
    )


def _no_gradients(model: Any, y: Any) -> str | None:
    """Why no gradients can be taken; None where they can."""
    if not model.compiled:
        return "the model is not compiled"
    if keras_internals.has_compiled_loss(model) and y is None:
        return "no targets were given"
    own_loss = type(model).compute_loss is not keras.Model.compute_loss
    if not keras_internals.has_compiled_loss(model) and not own_loss:
        return "the model is compiled without a loss"
    return None


def _normalizes(graph: Graph) -> bool:
    return any(call.type == "BatchNormalization" for call in graph.calls)


def _rows(graph: Graph, found: Measured) -> list[ProbeRow]:
    depth = _depths(graph)
    trained = {
        weight.key: weight for call in graph.calls for weight in call.weights if weight.trainable
    }
    norms = _norms(graph, trained)
    none_arrives = None if found.loss is None else 0.0
    rows = []
    for call in graph.calls:
        tally = found.tallies.get(call.id)
        seen = tally is not None and tally.count > 0
        arriving = found.arriving.get(call.id, 0.0)
        floats = bool(call.outputs) and keras.backend.is_float_dtype(call.outputs[0].dtype)
        measured = found.loss is not None and tally is not None and floats
        rows.append(
            ProbeRow(
                call=call.id,
                name=call.name,
                type=call.type,
                shape=call.outputs[0].text if call.outputs else "",
                depth=depth[call.id],
                mean=tally.mean if tally and seen else None,
                std=tally.std if tally and seen else None,
                min=tally.low if tally and seen else None,
                max=tally.high if tally and seen else None,
                zeros=tally.zeros if tally else None,
                units=tally.units if tally else None,
                dead=tally.dead if tally else None,
                saturated=tally.saturated if tally else None,
                nonfinite=tally.bad if tally else None,
                gradient=arriving**0.5 if measured else None,
                weights=tuple(
                    ProbeWeight(
                        weight.name, norms[weight.key], found.weights.get(weight.key, none_arrives)
                    )
                    for weight in call.weights
                    if weight.key in trained
                ),
            )
        )
    return rows


def _norms(graph: Graph, wanted: Collection[int]) -> dict[int, float]:
    variables: dict[int, Any] = {}
    for call in graph.calls:
        for variable in getattr(call.operation, "weights", None) or ():
            if id(variable) in wanted:
                variables[id(variable)] = variable
    return {
        key: squared(keras.ops.convert_to_numpy(v.value)) ** 0.5 for key, v in variables.items()
    }


def _depths(graph: Graph) -> dict[str, int]:
    depth: dict[str, int] = {}
    before: dict[str, list[str]] = {}
    for edge in graph.edges:
        before.setdefault(edge.target, []).append(edge.source)
    for call in graph.calls:
        own = 1 if call.weights and call.kind != "input" else 0
        depth[call.id] = own + max((depth[s] for s in before.get(call.id, ())), default=0)
    return depth
