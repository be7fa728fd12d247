"""Whether a network of ours is, operation by operation, one that others wrote.

`assert_same_network(ours, theirs)` does all of it:

1. `pair` walks both graphs from the outputs backward and pairs what computes the same, or raises
   with the first place where they part; settings that differ are listed all together.
2. `randomise` gives every weight of theirs a random value, moving averages too, since untouched
   ones hide a wrong epsilon; `copy_weights` hands them over along the pairs.
3. `assert_same_logits` compares outputs. Build both without softmax, which hides differences.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

# Settings that change neither the shapes nor what a trained network computes.
_FREE = {"name", "trainable", "dtype", "seed", "synchronized", "quantization_config", "batch_shape"}
_FREE_ENDINGS = ("_initializer", "_regularizer", "_constraint")
# With an activation of their own, which stands for a separate layer behind them.
_ACTIVATED = ("Conv", "Dense", "Depthwise", "Separable", "EinsumDense")
_COMMUTATIVE = {"Add", "Multiply", "Average", "Maximum", "Minimum"}
_RELU = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}
_WORST = 10  # differences listed in a message


@dataclass(eq=False)
class Call:
    """One operation, applied once."""

    layer: str
    kind: str
    settings: dict
    inputs: list
    whole: int = 0  # a number for what this call and all above it compute; 0 is none yet
    kinds: int = 0  # the same, of the kinds alone

    def __str__(self):
        return f"{self.kind} {self.layer!r}"


def pair(ours, theirs):
    """Return the pairs of calls of two models, from the outputs up.

    Activations are paired by what they compute: `Activation("relu6")` is `ReLU(6.0)`, and
    `Dense(3, activation="relu")` is a `Dense` with a `ReLU` behind it. A sum, product, average,
    maximum or minimum may take its inputs in either order.

    Raises:
        AssertionError: If the graphs differ, with the first difference of kind or all
            differences of settings.
    """
    known = {}
    (our_ends, our_all), (their_ends, their_all) = _calls(ours, known), _calls(theirs, known)
    pairs, partner, differences = [], {}, []
    _expect(len(our_ends) == len(their_ends), f"{len(our_ends)} outputs and {len(their_ends)}")
    todo = [(a, b, None) for a, b in zip(our_ends, their_ends, strict=True)][::-1]
    seen = set()
    while todo:
        a, b, user = todo.pop()
        if (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        pairs.append((a, b))
        below = f", in front of {user}" if user else ""
        _expect(a.kind == b.kind, f"ours has {a} where theirs has {b}{below}")
        _expect(
            len(a.inputs) == len(b.inputs),
            f"{a} takes {len(a.inputs)} inputs and {b} takes {len(b.inputs)}{below}",
        )
        for mine, other, who in ((a, b, "ours"), (b, a, "theirs")):
            # The activation inside a layer pairs apart from the layer itself.
            first = partner.setdefault((who, mine.layer, mine.kind), other.layer)
            _expect(
                first == other.layer,
                f"{mine} of {who} stands for both {first!r} and {other.layer!r}: "
                f"one network shares weights or values that the other does not{below}",
            )
        for key in sorted(a.settings.keys() | b.settings.keys()):
            mine, other = a.settings.get(key), b.settings.get(key)
            if mine != other:
                differences.append(f"{key} of {a} is {mine}, of {b} {other}")
        todo += [(*inputs, a) for inputs in reversed(_match(a, b))]
    if differences:
        more = len(differences) - _WORST
        rest = [f"and {more} more"] if more > 0 else []
        raise AssertionError("\n".join(["settings differ:", *differences[:_WORST], *rest]))
    paired = len({id(a) for a, _ in pairs}), len({id(b) for _, b in pairs})
    _expect(paired == (len(our_all), len(their_all)), "calls that no output needs")
    _expect(
        ours.count_params() == theirs.count_params(),
        f"{ours.count_params()} parameters against {theirs.count_params()}",
    )
    return pairs


def randomise(model, seed=0):
    """Give every weight a random value, moving averages too, so that the signal stays alive.

    Averages of any value would let it fade or run into an activation's ends, and the outputs of a
    deep network would depend on the input no more. So they are near those of random images.
    """
    random = np.random.default_rng(seed)
    for weight in model.weights:
        shape, what = tuple(weight.shape), _leaf(weight)
        if what == "gamma":
            value = random.uniform(0.5, 1.5, shape)
        elif what == "moving_variance" or "seed" in what:
            continue
        elif len(shape) < 2:
            value = random.normal(0, 0.3, shape)
        else:
            # A depthwise kernel (height, width, channels, 1) sees only its window.
            fan = np.prod(shape[:-2]) if "depthwise" in weight.path else np.prod(shape[:-1])
            value = random.normal(0, 1 / np.sqrt(fan), shape)
        weight.assign(value.astype("float32"))
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model(some_images(model, 4, seed), training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        mean, variance = (keras.ops.convert_to_numpy(w) for w in norm.non_trainable_weights)
        off = random.normal(0, 0.3, mean.shape) * np.sqrt(variance)
        norm.moving_mean.assign((mean + off).astype("float32"))
        value = (variance + 0.01) * random.uniform(0.5, 1.5, variance.shape)
        norm.moving_variance.assign(value.astype("float32"))


def copy_weights(pairs, theirs, ours):
    """Copy the weights of `theirs` to `ours`, layer by layer along the pairs.

    Raises:
        AssertionError: If a layer has no partner or other shapes of weights.
    """
    done = set()
    for a, b in pairs:
        if a.layer in done or a.kind == "activation":
            continue
        source, target = _weights(theirs, b.layer), _weights(ours, a.layer)
        shapes = [[tuple(w.shape) for w in weights] for weights in (target, source)]
        _expect(shapes[0] == shapes[1], f"weights of {a} are {shapes[0]}, of {b} {shapes[1]}")
        for mine, other in zip(target, source, strict=True):
            mine.assign(other)
        done.add(a.layer)
    weighty = {layer.name for layer in ours.layers if layer.weights}
    _expect(weighty <= done, f"no weights for {sorted(weighty - done)}")


def some_images(model, images=3, seed=1):
    """Return random images of unlike brightness and contrast for a model of one input."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(images, *model.input_shape[1:]))
    spread = random.uniform(0.3, 3, (images, 1, 1, 1)) * (1 + np.arange(x.shape[-1]))
    return (x * spread + random.normal(0, 2, (images, 1, 1, x.shape[-1]))).astype("float32")


def assert_same_logits(ours, theirs, images):
    """Compare the outputs for these images.

    Raises:
        AssertionError: If they differ by more than 1e-4 of the largest of theirs, or the
            images give theirs no different outputs, which would prove nothing.
    """
    a, b = (keras.ops.convert_to_numpy(m(images, training=False)) for m in (ours, theirs))
    _expect(a.shape == b.shape, f"outputs of shape {a.shape} and {b.shape}")
    scale = np.abs(b).max()
    _expect(np.isfinite(b).all() and scale > 0, "their logits are not finite, or all 0")
    _expect(np.ptp(b, axis=0).max() > 0.01 * scale, "their logits are the same for every image")
    worst = np.abs(a - b).max()
    _expect(worst <= 1e-4 * scale, f"logits differ by {worst:.3g} of {scale:.3g}")


def assert_same_network(ours, theirs, seed=0):
    """Pair, copy randomised weights and compare logits; return the pairs."""
    pairs = pair(ours, theirs)
    randomise(theirs, seed)
    copy_weights(pairs, theirs, ours)
    assert_same_logits(ours, theirs, some_images(ours, seed=seed + 1))
    return pairs


def _expect(condition, message):
    if not condition:
        raise AssertionError(message)


def _weights(model, name):
    """Return the weights of a layer; an operation such as `x + y` is no layer and has none."""
    return next((layer.weights for layer in model.layers if layer.name == name), [])


def _leaf(weight):
    return weight.path.rsplit("/", 1)[-1]


def _match(a, b):
    """Return the inputs of two calls side by side, in another order where that is the same."""
    theirs = list(b.inputs)
    if a.kind in _COMMUTATIVE:
        found = []
        for x in a.inputs:
            alike = [y for y in theirs if y.whole == x.whole]
            alike = alike or [y for y in theirs if y.kinds == x.kinds]
            if not alike:
                return list(zip(a.inputs, b.inputs, strict=True))
            found.append((x, alike[0]))
            theirs.remove(alike[0])
        return found
    return list(zip(a.inputs, theirs, strict=True))


def _calls(model, known):
    """Return the calls behind the model's outputs, and all its calls."""
    config = model.get_config()
    made = {}  # (layer, number of the call): the last Call it stands for, the activation if any
    every = []
    for entry in config["layers"]:
        if "layers" in entry["config"]:
            raise AssertionError(f"{entry['name']!r} is a nested model; only flat ones compare")
        for number, node in enumerate(entry["inbound_nodes"] or [None]):
            made[entry["name"], number] = (entry, node)

    outputs = config["output_layers"]
    ends = [tuple(end) for end in ([outputs] if isinstance(outputs[0], str) else outputs)]
    done = {}
    stack = [end[:2] for end in ends]
    while stack:  # no recursion: networks are deeper than Python's stack
        key = stack[-1]
        entry, node = made[key]
        wanted = [tuple(t["config"]["keras_history"][:2]) for t in _tensors(node)]
        missing = [other for other in wanted if other not in done]
        if missing:
            stack += missing
            continue
        stack.pop()
        if key not in done:
            done[key] = _build(entry, node, [done[other] for other in wanted], known, every)
    return [done[end[:2]] for end in ends], every


def _build(entry, node, inputs, known, every):
    """Return the call that an entry of the config stands for, its activation apart."""
    kind, settings = entry["class_name"], dict(entry["config"])
    rank = len(_tensors(node)[0]["config"]["shape"]) if inputs else 0
    activation = None
    if kind.startswith(_ACTIVATED):
        activation = {"activation": settings.pop("activation", "linear")}
    elif kind in ("Activation", "ReLU", "LeakyReLU", "Softmax") or kind in ("Relu", "Relu6"):
        activation, kind = settings | {"kind": kind}, None
    call = None
    if kind is not None:
        shape = settings.get("batch_shape")
        settings = {
            key: _plain(value, key, rank)
            for key, value in settings.items()
            if key not in _FREE and not key.endswith(_FREE_ENDINGS)
        }
        if shape is not None:
            settings["shape"] = tuple(shape[1:])
        constants = _constants(node)
        if constants:
            settings["constants"] = constants
        call = _note(Call(entry["name"], kind, settings, inputs), known, every)
    if activation is not None:
        does = _activation(activation)
        if does is None:
            return call or inputs[0]
        behind = [call] if call else inputs
        call = _note(Call(entry["name"], "activation", does, behind), known, every)
    return call


def _note(call, known, every):
    every.append(call)
    whole = [x.whole for x in call.inputs]
    kinds = [x.kinds for x in call.inputs]
    if call.kind in _COMMUTATIVE:
        whole, kinds = sorted(whole), sorted(kinds)
    settings = repr(sorted(call.settings.items()))
    call.whole = known.setdefault((call.kind, settings, *whole), len(known) + 1)
    call.kinds = known.setdefault((call.kind, *kinds), len(known) + 1)
    return call


def _activation(config):
    """Return what an activation computes, or None where that is nothing."""
    kind, function = config.get("kind"), config.get("activation")
    if kind == "ReLU":
        return {"does": "relu", **{key: config[key] for key in _RELU}}
    if kind == "LeakyReLU":
        return {"does": "relu", **_RELU, "negative_slope": config["negative_slope"]}
    if kind == "Softmax":
        return {"does": "softmax", "axis": config["axis"]}
    if kind in ("Relu", "Relu6"):
        function = kind.lower()
    if function in (None, "linear"):
        return None
    if function == "softmax":
        return {"does": "softmax", "axis": -1}
    if function in ("relu", "relu6"):
        return {"does": "relu", **_RELU, "max_value": 6.0 if function == "relu6" else None}
    if function == "leaky_relu":
        return {"does": "relu", **_RELU, "negative_slope": 0.2}
    return {"does": str(function)}


def _plain(value, key="", rank=0):
    if key == "axis" and rank:
        axes = value if isinstance(value, (list, tuple)) else [value]
        return tuple(axis % rank for axis in axes)
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return repr(value)
    return value.lower() if isinstance(value, str) else value


def _is_tensor(value):
    return isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__"


def _leaves(value):
    if _is_tensor(value) or value is None:
        return [] if value is None else [value]
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _tensors(node):
    return [leaf for leaf in _leaves(node) if _is_tensor(leaf)]


def _constants(node):
    return tuple(repr(leaf) for leaf in _leaves(node) if not _is_tensor(leaf))
