"""Source that calls blocks again in place of the layers they made."""

import gc
import importlib
import sys
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from code_checks import run, tidy

import keraslab as kl
from keraslab import blocks as B
from keraslab.graph import Code, diff, to_code

L = keras.layers
TESTS = Path(__file__).resolve().parents[1]


def modules(folder: str, names: str) -> list[Any]:
    """Modules beside the tests of another room, which stay importable as the code needs it."""
    place = str(TESTS / folder)
    if place not in sys.path:
        sys.path.insert(0, place)
    return [importlib.import_module(path.stem) for path in sorted((TESTS / folder).glob(names))]


CASES = {
    name: case
    for module in modules("blocks", "cases_*.py")
    for name, case in module.CASES.items()
    if not name.endswith("-scores")  # these call `block.scores(...)`, which is no call of it
}
ZOO = {
    name: case for module in modules("zoo", "zoo_cases_*.py") for name, case in module.CASES.items()
}
QUICK_ZOO = (
    "vit",
    "image_and_text-attention",
    "multi_task",
    "unet",
    "resnet-18",
    "seq2seq-recurrent",
)


def check(model: keras.Model, /, **supplied: Any) -> Code:
    """Run the code with blocks in a clean namespace: it builds the same model."""
    code = to_code(model, blocks=True)
    assert set(code.needs) == set(supplied), code
    with kl.skeleton():
        made = run(code, **supplied)
    found = diff(model, made)
    assert bool(found) is False, f"{found}\n{code}"
    assert not found.renamed
    return code


def statements(code: str) -> list[str]:
    """The lines without imports, inputs and the model."""
    lines = [line for line in code.splitlines() if line and "keras.Input(" not in line]
    return [s for s in lines if "import " not in s and not s.startswith(("#", "model = "))]


def image(name: str | None = None) -> Any:
    return keras.Input((8, 8, 4), name=name)


def near(model: keras.Model, made: keras.Model) -> None:
    made.set_weights(model.get_weights())
    rng = np.random.default_rng(0)
    batch = [rng.random((2, *t.shape[1:])) for t in model.inputs]
    for one, other in zip(
        keras.tree.flatten(model(batch)), keras.tree.flatten(made(batch)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def marked() -> Iterator[Any]:
    """The names of the cases; the first of each kind of block is in the quick tests."""
    seen = set()
    for name, case in CASES.items():
        kind = type(case.make())
        yield pytest.param(name, marks=pytest.mark.slow if kind in seen else ())
        seen.add(kind)


@pytest.mark.parametrize("name", [*marked()])
def test_each_block(name: str) -> None:
    build: Any = importlib.import_module("contract_case").build
    with kl.skeleton():
        block, model = build(CASES[name])
    supplied = {"function": block.block} if name == "unet-residual" else {}
    code = check(model, **supplied)
    kind = type(block).__name__
    assert f"{'B.' if kind in B.__all__ else ''}{kind}(" in code
    assert not [s for s in statements(code) if s.startswith("x = layers.")]


@pytest.mark.parametrize(
    "name", [n if n in QUICK_ZOO else pytest.param(n, marks=pytest.mark.slow) for n in ZOO]
)
def test_the_zoo(name: str) -> None:
    with kl.skeleton():
        made = ZOO[name].make()
    parts = [made] if isinstance(made, keras.Model) else list(made)
    codes = [check(part) for part in parts if isinstance(part, keras.Model)]
    assert any("B." in code or "from keraslab.zoo." in code for code in codes)
    assert all("partial_value" not in code for code in codes)


def test_it_reads_as_people_write_it(tmp_path: Path) -> None:
    a = keras.Input((32, 32, 3), name="image")
    x = B.ConvNorm(16)(a)
    x = B.Repeat(B.Residual(16), 3, name="stage1")(x)
    x = B.Residual(32, stride=2, name="stage2")(x)
    x = L.GlobalAveragePooling2D()(x)
    y = B.Heads({"kind": B.MultiClass(5), "size": B.Regression()}, hidden=8)(x)
    code = check(keras.Model(a, y, name="tiny"))
    assert str(code) == (
        "import keras\n"
        "from keras import layers\n"
        "from keraslab import blocks as B\n"
        "\n"
        'image = keras.Input((32, 32, 3), name="image")\n'
        "x = B.ConvNorm(16)(image)\n"
        'x = B.Repeat(B.Residual(16), 3, name="stage1")(x)\n'
        'x = B.Residual(32, stride=2, name="stage2")(x)\n'
        "x = layers.GlobalAveragePooling2D()(x)\n"
        'heads = B.Heads({"kind": B.MultiClass(5), "size": B.Regression()}, hidden=8)(x)\n'
        'model = keras.Model(image, {"kind": heads["kind"], "size": heads["size"]}, name="tiny")\n'
    )
    tidy({"tiny": code}, tmp_path)
    assert "B." not in to_code(keras.Model(a, y, name="tiny"))


def test_a_shared_block_is_made_once() -> None:
    a, b, c = image("a"), image("b"), image("c")
    enc = B.Residual(4, name="enc")
    model = keras.Model([a, b, c], [enc(a), enc(b), enc(enc(c))])
    code = check(model)
    assert code.count("B.Residual(4") == 1
    assert sum("enc(" in line for line in statements(code)) == 4
    near(model, run(code))


def test_a_block_inside_another_and_on_its_own() -> None:
    a, b, c = image("a"), image("b"), image("c")
    for alone_first in (True, False):
        enc = B.Chain([B.Residual(4), L.GlobalAveragePooling2D()], name="enc")
        twin = B.Twin(enc)
        early = enc(c) if alone_first else None
        far = twin(a, b)
        model = keras.Model([a, b, c], [far, enc(c) if early is None else early])
        code = check(model)
        assert code.count("B.Chain(") == code.count("B.Twin(enc)") == 1
        near(model, run(code))


def test_several_inputs_and_outputs() -> None:
    x, memory = keras.Input((5, 8), name="x"), keras.Input((6, 8), name="memory")
    code = check(keras.Model([x, memory], B.MultiHeadAttention(2)(x, memory)))
    assert "x_2 = " not in code
    assert "B.MultiHeadAttention(2)(" in code
    a, b = image("a"), image("b")
    assert '({"b": b, "a": a})' in check(keras.Model([a, b], B.Fusion("add")({"b": b, "a": a})))
    # One of two outputs alone; the other is made again and left out, as it was.
    small, _ = B.MultiResolution([4, 6], depth=1)(a)
    check(keras.Model(a, small))


def test_models_and_layers_among_the_settings() -> None:
    inner = keras.Model(i := image(), B.Residual(4, name="inner")(i), name="net")
    a = image("a")
    code = check(keras.Model(a, inner(B.Chain([inner, L.Dense(4, name="last")])(a))))
    assert code.count("# net") == 1
    assert 'B.Chain([net, layers.Dense(4, name="last")])' in code
    assert 'B.Residual(4, name="inner")' in code
    towers = [B.Repeat(keras.Sequential([L.Dense(4)]), 2)(a), B.Repeat(L.Dense(3), 2)(a)]
    assert "B.Repeat(layers.Dense(3), 2)" in check(keras.Model(a, towers))


class Own(B.Block):
    units: int = 3
    scale: Any = None

    def wire(self, x: Any) -> Any:
        return self.use("d", L.Dense, self.units)(x)


def test_blocks_of_ones_own() -> None:
    class Local(Own):
        pass

    a = image()
    sys.modules.setdefault(__name__, importlib.import_module(__name__))
    code = check(keras.Model(a, Own(5)(Local(name="mine")(a))), Local=Local)
    assert f"from {__name__} import Own\n" in code
    assert 'Local(name="mine")(inputs)' in code
    assert code.needs == {"Local": "a class that cannot be imported"}


def test_functions_among_the_settings() -> None:
    a = image()
    one, two = (lambda n: B.ConvNorm(n)), (lambda n: B.Residual(n))
    y = [B.UNet(2, depth=1, block=make)(a) for make in (one, two, B.Residual)]
    code = check(keras.Model(a, y), function=one, function_2=two)
    assert "B.UNet(2, depth=1, block=B.Residual)" in code
    y = B.Chain([partial(L.Dense, 4, activation="relu")])(a)
    code = check(keras.Model(a, y))
    assert 'functools.partial(layers.Dense, 4, activation="relu")' in code


def layers_again(model: keras.Model, kept: str = "") -> str:
    code = check(model)
    assert ("B." in code) is bool(kept)
    assert kept in code
    return code


def test_what_was_changed_by_hand_is_layers() -> None:
    a = image()

    def pair() -> tuple[B.Residual, keras.Model]:
        block = B.Residual(4)
        return block, keras.Model(a, B.ConvNorm(3, name="next")(block(a)))

    kept = 'B.ConvNorm(3, name="next")(x)'
    for change in (
        lambda block: setattr(block.parts["conv1"], "trainable", False),
        lambda block: setattr(block.parts["act1"], "activation", keras.activations.gelu),
        lambda block: setattr(block, "stride", 3),
        lambda block: setattr(block, "filters", "many"),
        lambda block: vars(block).pop("filters"),
    ):
        block, model = pair()
        assert "B.Residual(4)(inputs)" in check(model)
        change(block)
        assert "B.Residual" not in layers_again(model, kept)


def test_what_others_use_too_is_layers() -> None:
    a, b = image("a"), image("b")
    block = B.Residual(4, name="tower")
    y = block(a)
    end = B.ConvNorm(2, name="end")(y)
    layers_again(keras.Model([a, b], [end, block.parts["conv1"](b)]), "B.ConvNorm(2")
    layers_again(keras.Model(a, [y, block.parts["act1"].output]))
    middle = B.Chain([B.Residual(4), B.Residual(4)])
    y = middle(a)
    inner = middle.parts["residual1"].parts["act2"].output
    layers_again(keras.Model(a, [B.ConvNorm(2, name="end")(y), inner]), "B.ConvNorm(2")


def test_many_blocks_changed_by_hand() -> None:
    blocks = [B.ConvNorm(4, name=f"c{i}") for i in range(14)]
    x = a = image()
    for block in blocks:
        x = block(x)
    for block in blocks[:13]:
        block.parts["conv"].trainable = False
    layers_again(keras.Model(a, x), 'B.ConvNorm(4, name="c13")(x)')


def test_a_model_loaded_or_cloned_is_layers(tmp_path: Path) -> None:
    model = keras.Model(a := image(), B.Residual(4)(a))
    model.save(tmp_path / "m.keras")
    layers_again(keras.models.load_model(tmp_path / "m.keras"))
    layers_again(keras.models.clone_model(model))
    layers_again(keras.Model(b := image(), L.Dense(3)(b)))


def test_another_policy_is_layers() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Model(a := image(), B.Residual(4)(a))
    finally:
        keras.config.set_dtype_policy(before)
    assert 'dtype="mixed_float16"' in layers_again(model)


def test_trying_the_code_changes_nothing() -> None:
    model = keras.Model(a := image(), B.Residual(4)(a))
    first = to_code(model, blocks=True)
    name = keras.layers.Dense(1).name
    assert to_code(model, blocks=True) == first
    number = int((name.rpartition("_")[2]) if "_" in name else 0)
    assert keras.layers.Dense(1).name == f"dense_{number + 1}"
    assert not kl.read_graph(model).skeleton
    with kl.skeleton():
        inside = keras.Model(a := image(), B.Residual(4)(a))
        assert "B.Residual(4)" in to_code(inside, blocks=True)
    assert kl.materialize(inside) is inside


def test_a_call_is_remembered_no_longer_than_what_it_made() -> None:
    class Double(B.Block):
        def wire(self, x: Any) -> Any:
            return x + x

    block = Double()
    known = len(gc.get_referrers(block))
    gone = [weakref.ref(block(image())) for _ in range(100)]
    gc.collect()
    assert not [tensor for tensor in gone if tensor() is not None]
    assert len(gc.get_referrers(block)) == known

    tower = B.Residual(4)
    model = keras.Model(a := image(), tower(a))
    block_gone, model_gone = weakref.ref(tower), weakref.ref(model)
    del model
    gc.collect()
    assert model_gone() is None
    del tower, a
    gc.collect()
    assert block_gone() is None


def test_a_block_lives_as_long_as_its_model() -> None:
    model = keras.Model(a := image(), B.Residual(4)(a))
    gc.collect()
    assert "B.Residual(4)(inputs)" in check(model)
