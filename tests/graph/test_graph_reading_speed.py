"""What makes building and reading quick: nothing else changes by it, and Keras has the names."""

import ast
import collections
import functools
import gc
import inspect
import re
import threading
import types
from pathlib import Path

import keras
import pytest
from keras.src.ops.symbolic_arguments import SymbolicArguments

from keraslab.graph import _collection, keras_internals, read_graph, skeleton
from keraslab.graph.keras_internals import _shortcuts, _signatures

FOLDER = Path(keras_internals.__file__).parent
# Only looked for, set by keraslab itself, or not of Keras.
OPTIONAL = {
    "_can_attempt_fused_gru",
    "_can_attempt_fused_lstm",
    "_fields",
    "_getframe",
    "_keras_call_info_injected",
    "_last_wrapped_list_snapshot",
    "_rng",
    "_storage",
}


def private_names(path: Path) -> set[str]:
    """The private names of others that a module reads, by a dot or as text."""
    tree = ast.parse(path.read_text())
    own: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own |= (
                {node.attr}
                if isinstance(node.value, ast.Name) and node.value.id == "self"
                else set()
            )
        elif isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__slots__" for t in node.targets
        ):
            own |= set(ast.literal_eval(node.value))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {name for name in used - own if re.fullmatch(r"_[a-z]\w+", name)}


def test_every_private_name_is_watched():
    watched = set()
    lists = [
        part
        for path in FOLDER.glob("*.py")
        for part in ast.walk(ast.parse(path.read_text()))
        if isinstance(part, ast.FunctionDef) and part.name.startswith("names_")
    ]
    lists += [ast.parse((FOLDER / name).read_text()) for name in ("_canary.py", "_compiled.py")]
    for node in (each for part in lists for each in ast.walk(part)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            watched |= set(node.value.split())
    used = {name for path in FOLDER.glob("*.py") for name in private_names(path)}
    assert len(used) > 25
    assert used - watched - OPTIONAL == set()
    assert keras_internals.moved_names() == []


def test_arguments_are_kept_as_keras_keeps_them():
    tensor = keras.Input((3,))
    plain, quick = SymbolicArguments(tensor), object.__new__(SymbolicArguments)
    _shortcuts._keep_arguments(SymbolicArguments.__init__)(quick, tensor)
    assert {k: type(v) for k, v in vars(quick).items()} == {
        k: type(v) for k, v in vars(plain).items()
    }
    assert vars(quick) == vars(plain)


def several(a, b=2, **others): ...
def named(a, b, c=3): ...
def only_named(a, *, b=1): ...
def many(*given, b=1): ...


@pytest.mark.parametrize("function", [several, named, only_named, many])
@pytest.mark.parametrize(
    ("given", "by_name"),
    [
        ((), {}),
        ((1,), {}),
        ((1, 2), {}),
        ((1, 2, 3, 4), {}),
        ((1,), {"b": 5}),
        ((1,), {"a": 5}),
        ((), {"b": 5, "a": 4}),
        ((1,), {"z": 5, "b": 4, "y": 2}),
        ((1, 2), {"c": 5, "z": 6}),
    ],
)
def test_quick_signatures_bind_as_plain_ones_do(function, given, by_name):
    def bound(signature):
        try:
            found = signature.bind(*given, **by_name)
        except TypeError as error:
            return str(error)
        first = list(found.arguments.items())
        found.apply_defaults()
        return first, list(found.arguments.items())

    plain = inspect.signature(function)
    assert bound(_signatures.quick(plain)) == bound(plain)


class Counting:
    """The module ``inspect``, which counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def signature(self, called):
        self.asked += 1
        return inspect.signature(called)


class Part:
    def build(self, shape): ...

    @functools.wraps(several)
    def other(self, *given): ...


def wrapped(method):
    @functools.wraps(method)
    def wrapper(*given): ...

    return wrapper


def test_a_wrapped_method_is_asked_for_its_signature_once():
    module = Counting()
    remembering = _signatures.Inspect(module)
    for _ in range(3):  # Keras wraps the method of each layer anew
        method = wrapped(Part().build)
        assert remembering.signature(method) == inspect.signature(method)
    assert module.asked == 1


@pytest.mark.parametrize(
    "called",
    [Part.build, Part().build, Part().other, wrapped(Part.build), wrapped(Part().other), several],
)
def test_remembered_signatures_are_the_plain_ones(called):
    remembering = _signatures.Inspect(inspect)
    assert remembering.signature(called) == inspect.signature(called)
    assert remembering.signature(called) == inspect.signature(called)


@pytest.mark.parametrize(
    "value",
    [
        keras.Input((3,)), None, True, 2, 0.5, "text", several, {1, 2}, object(), [], (), {},
        [1], (None,), {"a": [2]}, collections.OrderedDict(a=1), keras.initializers.Zeros(),
        keras.DTypePolicy("float32"), types.SimpleNamespace(a=1),
    ],
)  # fmt: skip
def test_what_is_nested_and_what_is_a_tensor_is_told_as_keras_tells_it(value):
    plain = keras.src.tree.tree_api.tree_impl.is_nested
    assert _shortcuts._is_nested(plain)(value) is plain(value)
    assert _shortcuts._is_tensor(keras.src.backend.is_tensor)(value) is False


def test_an_initializer_of_ones_own_is_used_in_a_skeleton():
    class Mine(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return keras.ops.ones(shape, dtype)

    def kinds():
        with skeleton():
            layer = keras.layers.Dense(2)
            return type(layer.kernel_initializer), layer.kernel_initializer

    assert kinds()[0] is keras.initializers.GlorotUniform
    assert kinds()[1] is not kinds()[1]
    with keras.saving.custom_object_scope({"glorot_uniform": Mine}):
        assert kinds()[0] is Mine
    assert kinds()[0] is keras.initializers.GlorotUniform


def test_full_collections_are_put_off_and_come_back():
    before = gc.get_threshold()
    inside, go_on = threading.Event(), threading.Event()

    def other():
        with _collection.full_collection_put_off():
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=other)
    with skeleton():
        assert gc.get_threshold()[2] > 100_000
        thread.start()
        inside.wait(10)
    assert gc.get_threshold()[2] > 100_000
    go_on.set()
    thread.join()
    assert gc.get_threshold() == before
    with skeleton():
        gc.set_threshold(500, 5, 5)
    assert gc.get_threshold() == (500, 5, 5)
    gc.set_threshold(*before)


def test_alike_tensors_share_one_description():
    x = keras.Input((4,))
    graph = read_graph(keras.Model(x, keras.layers.ReLU()(keras.layers.ReLU()(x))))
    assert graph.calls[1].outputs[0] is graph.calls[2].outputs[0]
