"""Source of published, ready-made and random networks builds the same ones."""

import importlib
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from code_checks import check, run, tidy
from hypothesis import given, settings
from hypothesis import strategies as st

import keraslab as kl
from keraslab.graph import CodeError, ModelError, diff, to_code

L = keras.layers
ops = keras.ops
ROOT = Path(__file__).resolve().parents[2]


APPLICATIONS = sorted(
    name
    for name, value in vars(keras.applications).items()
    if callable(value) and not name.startswith("_")
)
SMALL = ("MobileNetV2", "ResNet50")


@pytest.mark.parametrize(
    "name", [n if n in SMALL else pytest.param(n, marks=pytest.mark.slow) for n in APPLICATIONS]
)
def test_published_networks(name: str, tmp_path: Path) -> None:
    with kl.skeleton():
        model = getattr(keras.applications, name)(weights=None)
    tidy({name: check(model)}, tmp_path)


def zoo_cases() -> dict[str, Any]:
    folder = ROOT / "tests" / "zoo"
    sys.path.insert(0, str(folder))
    try:
        found = {}
        for path in sorted(folder.glob("zoo_cases_*.py")):
            found |= importlib.import_module(path.stem).CASES
        return found
    finally:
        sys.path.remove(str(folder))


ZOO = zoo_cases()
LONG = ("inception", "seq2seq", "multi_resolution", "unet-odd")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.slow) if c.slow or any(part in n for part in LONG) else n
        for n, c in ZOO.items()
    ],
)
def test_zoo(name: str) -> None:
    with kl.skeleton():
        made = ZOO[name].make()
    parts = [made] if isinstance(made, keras.Model) else list(made)
    models = [part for part in parts if isinstance(part, keras.Model)]
    assert models
    for model in models:
        check(model)


def network(draw: Any) -> keras.Model:
    """A random network of layers, operations, shared layers and nested models."""
    tensors = [keras.Input((4,)) for _ in range(draw(st.integers(1, 2)))]
    starts = list(tensors)
    shared = [L.Dense(4, activation="relu"), keras.Sequential([keras.Input((4,)), L.Dense(4)])]
    used: set[int] = set()
    for _ in range(draw(st.integers(1, 8))):
        at, other = (draw(st.integers(0, len(tensors) - 1)) for _ in range(2))
        a, b = tensors[at], tensors[other]
        name = draw(st.one_of(st.none(), st.text("ab_- 'é\"", min_size=1, max_size=30)))
        name = name and f"{name}{len(tensors)}"
        kind = draw(st.integers(0, 6))
        used |= {id(a)} if kind in (0, 1, 2, 6) else {id(a), id(b)}
        made = (
            L.Dense(4, use_bias=draw(st.booleans()), name=name)(a)
            if kind == 0
            else shared[0](a)
            if kind == 1
            else shared[1](a)
            if kind == 2
            else L.Average(name=name)([a, b, a])
            if kind == 3
            else a - b * draw(st.floats(-2, 2))
            if kind == 4
            else ops.concatenate([a[:, :2], b[:, -2:]], axis=1)
            if kind == 5
            else ops.split(a, 1, axis=1)[0]
        )
        tensors.append(made)
    loose = [t for t in tensors[len(starts) :] if id(t) not in used]
    return keras.Model([t for t in starts if id(t) in used] or starts, loose)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_networks(data: st.DataObject) -> None:
    check(network(data.draw))


def described() -> keras.Model:
    x = keras.Input((8, 8, 3), name="image")
    part = keras.Sequential([keras.Input((4,)), L.Dense(4, activation="gelu")], name="part")
    y = L.GlobalAveragePooling2D()(L.Conv2D(4, 3, dtype="float16")(x) * 2.0)
    y = part(part(y)) + L.Dense(4, trainable=False)(y)
    return keras.Model({"image": x}, [L.Dropout(0.5, seed=1)(y), y], name="described")


@pytest.mark.parametrize("nested", [False, True])
def test_a_config_or_file(nested: bool, tmp_path: Path) -> None:
    model = described()
    if nested:
        inputs = keras.Input((8, 8, 3))
        model = keras.Model(inputs, model({"image": inputs})[0])
    model.save(tmp_path / "m.keras")
    given = [model.get_config(), keras.saving.serialize_keras_object(model), tmp_path / "m.keras"]
    for one in (*given, str(given[-1])):
        code = to_code(one)
        assert str(code).replace("_2 =", " =").count("\n") == to_code(model).count("\n")
        assert not diff(model, run(code))


def test_the_config_of_a_sequential_model() -> None:
    model = keras.Sequential([keras.Input((8,)), L.Dense(3), L.Dense(2, name="out")], name="s")
    model.trainable = False
    assert to_code(model.get_config()) == to_code(keras.saving.serialize_keras_object(model))
    code = to_code(keras.saving.serialize_keras_object(model))
    assert code == to_code(model)


def test_what_a_file_must_not_make(tmp_path: Path) -> None:
    class Unknown(L.Layer):
        def call(self, x: Any) -> Any:
            return x

    x = keras.Input((4,))
    for layer in (Unknown(name="u"), L.Lambda(lambda t: t, name="u")):
        keras.Model(x, layer(x)).save(tmp_path / "m.keras")
        with pytest.raises(CodeError, match=r"holds the layer 'u' .* with code of its own"):
            to_code(tmp_path / "m.keras")
    config = keras.Model(x, L.Dense(2, activation="relu")(x)).get_config()
    config["layers"][1]["config"]["activation"] = {
        "module": "antigravity_of_tests",
        "class_name": "function",
        "config": "fly",
        "registered_name": "fly",
    }
    with pytest.raises(CodeError, match="with code of its own"):
        to_code(config)
    with pytest.raises(ModelError, match="lists no layers"):
        to_code({"class_name": "Dense"})
