"""Running a model call by call, and the gradients of its loss, on whichever backend runs.

TensorFlow, JAX and PyTorch are asked through their own public functions, and only the one
that Keras itself has loaded is ever imported.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import keras
import numpy as np
from keras.src import backend
from keras.src.backend.common import global_state

from keraslab.graph.keras_internals._segments import Body, OnTape, RandomNumbers, as_masked

_CONTEXT = "current_call_ctx"
_PENDING = "uninitialized_variables"

Tap = Callable[[Any, Any], Any]
"""``tap(key, tensor)`` gives back the tensor, or one that stands for it."""
Segment = Callable[[Body, list[Any]], list[Any]]
"""``segment(body, tensors)`` gives what ``body(tensors)`` gives, and may hold less of it."""
_Forward = Callable[[Tap, Segment], Any]
_Heard = Callable[[Any, Any], None]


def names_for_gradients() -> dict[str, tuple[Any, str]]:
    """Where the private names are that running a model call by call needs, for the canary."""
    modules = {
        "keras.src.layers.layer": "CallContext",
        "keras.src.models.functional": "operation_fn",
        "keras.src.trainers.compile_utils": "CompileLoss",
        "keras.src.backend": "get_keras_mask get_stateless_scope set_keras_mask",
    }
    found: dict[str, tuple[Any, str]] = {}
    for place, names in modules.items():
        try:
            found[place] = import_module(place), names
        except ImportError:
            found[place] = None, names
    tensor = keras.Input((2,))
    model = keras.Model(tensor, keras.layers.Dense(1)(tensor))
    model.compile(loss="mse")
    loss = "built output_names _user_loss _user_loss_weights"
    return found | {
        "functional model": (model, "_compile_loss _compute_loss _standardize_inputs"),
        "compiled loss": (getattr(model, "_compile_loss", None), loss),
        "dense layer": (model.layers[-1], "_loss_ids"),
    }


def standardized(functional: Any, inputs: Any) -> list[Any]:
    """Values for a graph's inputs as a flat list of tensors, cast as the graph does it."""
    masks = [backend.get_keras_mask(x) for x in keras.tree.flatten(inputs)]
    tensors = list(functional._standardize_inputs(inputs))
    for tensor, mask in zip(tensors, masks, strict=True):
        if mask is not None:
            backend.set_keras_mask(tensor, mask)
    return tensors


def apply_node(node: Any, known: dict[int, Any], training: bool) -> list[Any]:
    """What the operation of a node gives for the values of its input tensors."""
    from keras.src.models.functional import operation_fn  # late: only a probe needs it

    args, kwargs = node.arguments.fill_in(known)
    called = operation_fn(node.operation, training=training)
    return list(keras.tree.flatten(called(*args, **kwargs)))


def inner_inputs(inner: Any, node: Any, known: dict[int, Any]) -> list[Any]:
    """What the call of a nested model hands to the model's own inputs."""
    args, kwargs = node.arguments.fill_in(known)
    return standardized(inner, args[0] if args else kwargs["inputs"])


@contextlib.contextmanager
def running(model: Any, training: bool, values: Sequence[tuple[Any, Any]] = ()) -> Iterator[None]:
    """Run the parts of a model one by one, as one call of it, and keep nothing of that.

    Weights, statistics of batch norms, metrics, losses that layers added and the state of all
    random numbers are afterwards what they were.

    Args:
        model: The model.
        training: Whether layers act as in training.
        values: What to put in place of some variables.
    """
    from keras.src.layers.layer import CallContext

    context = CallContext(entry_layer=model)
    context.set_value("training", training)
    before = {name: global_state.get_global_attribute(name) for name in (_CONTEXT, _PENDING)}
    with _random_numbers_kept(), _losses_kept(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras has to say it said when the model was built
        try:
            global_state.set_global_attribute(_PENDING, [])
            with keras.StatelessScope(values, collect_losses=True, initialize_variables=False):
                global_state.set_global_attribute(_CONTEXT, context)
                yield
        finally:
            for name, value in before.items():
                global_state.set_global_attribute(name, value)


def has_compiled_loss(model: Any) -> bool:
    """Whether ``compile`` was given a loss."""
    return getattr(model, "_compile_loss", None) is not None


def compute_loss(model: Any, x: Any, y: Any, y_pred: Any, weight: Any, training: bool) -> Any:
    """The loss that ``fit`` would make smaller; what it builds on the way is thrown away."""
    compiled = getattr(model, "_compile_loss", None)
    if compiled is None or compiled.built:
        return model._compute_loss(x, y, y_pred, weight, training=training)
    from keras.src.trainers.compile_utils import CompileLoss

    # Building fixes the form of the targets, and a later fit may come with another one.
    vars(model)["_compile_loss"] = CompileLoss(
        compiled._user_loss, compiled._user_loss_weights, output_names=compiled.output_names
    )
    try:
        return model._compute_loss(x, y, y_pred, weight, training=training)
    finally:
        vars(model)["_compile_loss"] = compiled


def gradients(
    model: Any, variables: Sequence[Any], forward: _Forward, heard: _Heard, training: bool
) -> float:
    """Take the gradients of a loss, as ``fit`` meets them, and tell each as it arrives.

    Args:
        model: The model.
        variables: The variables with respect to which they are taken.
        forward: Runs the model with the tap it is given and returns the loss. What it runs
            by the second function it is given, ``segment(body, tensors)``, may run a second
            time on the way back, so that its inside need not be held till then.
        heard: Told the gradient, a NumPy array that is not kept, for each tapped tensor by its
            key, and for each variable by its place in ``variables``. Nothing is told of what
            no gradient reaches.
        training: Whether layers act as in training.

    Returns:
        The loss.
    """

    def loss_of(tap: Tap, segment: Segment) -> Any:
        # A weight is tapped as well: its gradient is dealt with before the next one is made.
        values = [(v, tap(place, v.value)) for place, v in enumerate(variables)]
        with running(model, training, values):
            return forward(tap, segment)

    name = keras.backend.backend()
    if name == "tensorflow":
        layers = [*model._flatten_layers()]
        on_tape = OnTape(
            import_module("tensorflow"), heard, layers, lambda: running(model, training)
        )
        return on_tape.loss(loss_of)
    way = {"jax": _by_jax, "torch": _by_torch}.get(name)
    if way is None:
        raise NotImplementedError(
            f"The backend {name!r} has no gradients: choose tensorflow, jax or torch."
        )
    return way(loss_of, heard)


def without_gradients() -> Any:
    """A scope in which PyTorch remembers nothing for gradients; elsewhere nothing is needed."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    return import_module("torch").no_grad()


# Each way ties all taps to one scalar, the anchor, and asks for its gradient alone: so nothing
# is left out on the way back because it leads to no weight, and no gradient is kept.


def _held(body: Body, given: list[Any]) -> list[Any]:
    """A segment whose inside is held: JAX and PyTorch run it once."""
    return body(given)


def _by_jax(loss_of: _Forward, heard: _Heard) -> float:
    jax = import_module("jax")

    def anchored(anchor: Any) -> Any:
        def tap(key: Any, tensor: Any) -> Any:
            def back(_kept: None, gradient: Any) -> tuple[Any, Any]:
                jax.debug.callback(lambda values: heard(key, np.asarray(values)), gradient)
                return gradient, jax.numpy.zeros(())

            passed = jax.custom_vjp(lambda value, _anchor: value)
            passed.defvjp(lambda value, _anchor: (value, None), back)
            return as_masked(passed(tensor, anchor), tensor)

        return loss_of(tap, _held)

    loss, _ = jax.value_and_grad(anchored)(jax.numpy.zeros(()))
    jax.effects_barrier()
    return float(loss)


def _by_torch(loss_of: _Forward, heard: _Heard) -> float:
    torch = import_module("torch")
    anchor = torch.zeros((), requires_grad=True)

    class Passed(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(context: Any, value: Any, _anchor: Any, key: Any) -> Any:
            context.key = key
            return value.view_as(value)

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            heard(context.key, keras.ops.convert_to_numpy(gradient))
            return gradient, torch.zeros(()), None

    def tap(key: Any, tensor: Any) -> Any:
        return as_masked(Passed.apply(tensor, anchor, key), tensor)

    loss = loss_of(tap, _held)
    if loss.requires_grad:
        torch.autograd.grad(loss, [anchor], allow_unused=True)
    return float(loss.detach())


@contextlib.contextmanager
def _random_numbers_kept() -> Iterator[None]:
    numbers = RandomNumbers()
    try:
        yield
    finally:
        numbers.put_back()


@contextlib.contextmanager
def _losses_kept(model: Any) -> Iterator[None]:
    """What layers note when they add losses."""
    layers = [*model._flatten_layers()]
    before = [set(layer._loss_ids) for layer in layers]
    for layer in layers:
        layer._loss_ids.clear()
    try:
        yield
    finally:
        for layer, ids in zip(layers, before, strict=True):
            layer._loss_ids.clear()
            layer._loss_ids.update(ids)
