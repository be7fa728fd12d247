"""What backpropagation needs of each kind of layer and operation, and what is only a view."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from keraslab.graph._declared import PerClass, deciding_class, declared_by
from keraslab.graph._known import ELEMENTWISE_OPERATIONS, FREE_LAYERS, UNKNOWN_OPERATIONS


class Needs(NamedTuple):
    """Which tensors the gradients of a call are worked out from."""

    inputs: bool = False
    output: bool = False
    weights: bool = False
    """Whether its inputs are needed for the gradients of its own weights alone."""


NEITHER = Needs()
INPUTS = Needs(inputs=True)
OUTPUT = Needs(output=True)
BOTH = Needs(inputs=True, output=True)
FOR_WEIGHTS = Needs(weights=True)
BY_FUNCTION = Needs(inputs=True, output=True, weights=True)

# These show the values of their input, without a copy.
_VIEWS = frozenset(
    {"ActivityRegularization", "ExpandDims", "Flatten", "Identity", "Reshape", "Squeeze",
     "StopGradient"}
)  # fmt: skip
# These do in training only; in a prediction they pass their input on.
_IDLE = frozenset(
    {
        "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "RandomBrightness",
        "RandomContrast", "RandomFlip", "RandomGrayscale", "RandomHue", "RandomInvert",
        "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomTranslation",
        "RandomZoom", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
        "StochasticDepth",
    }
)  # fmt: skip

# The gradient of these activations follows from what they gave; of others, from what they took.
FROM_OUTPUT = frozenset(
    {"elu", "exponential", "log_softmax", "relu", "relu6", "selu", "sigmoid", "softmax", "tanh"}
)

_LAYERS: dict[str, Needs] = {
    **dict.fromkeys(FREE_LAYERS, NEITHER),
    **dict.fromkeys(
        ("BaseConv", "BaseConvTranspose", "BaseDepthwiseConv", "BaseSeparableConv", "Dense",
         "EinsumDense", "Embedding", "LayerScale", "PReLU", "ReversibleEmbedding"),
        FOR_WEIGHTS,
    ),
    **dict.fromkeys(
        ("BatchNormalization", "Dot", "ELU", "GroupNormalization", "LayerNormalization",
         "LeakyReLU", "Maximum", "Minimum", "Multiply", "PReLU", "RMSNormalization",
         "UnitNormalization"),
        INPUTS,
    ),
    **dict.fromkeys(("ReLU", "Softmax"), OUTPUT),
    **dict.fromkeys(
        (kind + size
         for kind in ("AdaptiveMaxPooling", "GlobalMaxPooling", "MaxPooling")
         for size in ("1D", "2D", "3D")),
        BOTH,
    ),
    **dict.fromkeys(
        ("AdditiveAttention", "Attention", "Bidirectional", "GroupedQueryAttention",
         "MultiHeadAttention"),
        INPUTS,
    ),
    **dict.fromkeys(("ConvLSTM", "GRU", "LSTM", "RNN", "SimpleRNN"), INPUTS),
    "Activation": BY_FUNCTION,
    "SpectralNormalization": FOR_WEIGHTS,
}  # fmt: skip

_OPERATIONS: dict[str, Needs] = {
    **dict.fromkeys(ELEMENTWISE_OPERATIONS, INPUTS),
    **dict.fromkeys(
        (
            # They add, move or compare, or have no gradient.
            "Add", "Argmax", "Argmin", "BroadcastTo", "Cast", "Ceil", "Concatenate", "Copy",
            "EmptyLike", "Equal", "ExpandDims", "Flip", "Floor", "FloorDivide", "FullLike",
            "GetItem", "Greater", "GreaterEqual", "Isfinite", "Isinf", "Isnan", "Less",
            "LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor", "Mean",
            "Moveaxis", "Negative", "NotEqual", "OneHot", "OnesLike", "Pad", "Repeat", "Reshape",
            "Roll", "Round", "SaturateCast", "Sign", "Split", "Squeeze", "Stack",
            "StopGradient", "Subtract", "Sum", "Swapaxes", "Tile", "Transpose", "Tril",
            "Triu", "Trunc", "Unstack", "ZerosLike",
        ),
        NEITHER,
    ),
    **dict.fromkeys(
        ("Elu", "Exp", "LogSoftmax", "Reciprocal", "Relu", "Relu6", "Rsqrt", "Selu", "Sigmoid",
         "Softmax", "Sqrt", "Tanh"),
        OUTPUT,
    ),
    **dict.fromkeys(
        ("Dot", "DotProductAttention", "Einsum", "Inner", "Matmul", "Square", "Tensordot", "Var"),
        INPUTS,
    ),
}  # fmt: skip

# With one of two factors constant, the gradient needs only the constant.
PRODUCTS = frozenset({"Dot", "Einsum", "Inner", "Matmul", "Multiply", "Tensordot"})

_NEEDS = PerClass()


def needs_of(operation: Any) -> Needs | None:
    """What the gradients of a layer or operation need; None where it is not known."""
    kind = type(operation)
    try:
        found: Needs | None = _NEEDS[kind]
    except KeyError:
        found = _NEEDS[kind] = _find(kind)
    if found is BY_FUNCTION:
        name = names_activation(operation)
        return NEITHER if not name else OUTPUT if name in FROM_OUTPUT else INPUTS
    return found


def is_view(operation: Any) -> bool:
    """Whether its output shows the memory of its input, in training too."""
    return _sharing(type(operation)) == "always" or _is_linear(operation)


def passes_on(operation: Any) -> bool:
    """Whether a prediction needs no memory of its own for its output."""
    return bool(_sharing(type(operation))) or _is_linear(operation)


def _is_linear(operation: Any) -> bool:
    return type(operation) is keras.layers.Activation and not names_activation(operation)


_SHARING = PerClass()


def _sharing(kind: type) -> str:
    try:
        found: str = _SHARING[kind]
    except KeyError:
        name = kind.__name__ if kind.__module__.startswith("keras.") else ""
        found = "always" if name in _VIEWS else "predicting" if name in _IDLE else ""
        _SHARING[kind] = found
    return found


def names_activation(layer: Any) -> str:
    """The name of a layer's activation function; empty where it has none that matters."""
    activation = layer.activation
    name = getattr(activation, "__name__", None) or type(activation).__name__
    return "" if name in ("linear", "NoneType") else str(name)


def _find(kind: type) -> Needs | None:
    owner = deciding_class(kind)
    if owner is None:
        return None
    if declared_by(owner):
        return BOTH
    if not owner.__module__.startswith("keras."):
        return None
    names = keras_names(kind)
    if "Layer" in names:
        return next((_LAYERS[name] for name in names if name in _LAYERS), None)
    # Of an operation that is not listed, all it took and gave is counted.
    return None if not names or names[0] in UNKNOWN_OPERATIONS else _OPERATIONS.get(names[0], BOTH)


def keras_names(kind: type) -> list[str]:
    """The names of a class and its bases, as far as they are Keras' own."""
    return [base.__name__ for base in kind.__mro__ if base.__module__.startswith("keras.")]
