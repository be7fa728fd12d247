"""What every block keeps to, whatever it does.

The cases lie in `cases_*.py` beside this file: `CASES` are fixed and run in full, `DRAWS` take
Hypothesis' `draw` and return a case of drawn settings and sizes, which is built without weights.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from contract_case import (
    all_names,
    batch,
    build,
    connect,
    make_inputs,
    output_shapes,
    with_batch,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FAMILIES = [
    importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("cases_*.py"))
]
CASES = {name: case for family in FAMILIES for name, case in family.CASES.items()}
DRAWS = {name: draw for family in FAMILIES for name, draw in family.DRAWS.items()}
# What stands for itself only in other blocks' cases.
BASES = {B.Block, B.ImageBlock, B.Task, B.Binary, B.MultiClass, B.MultiLabel, B.Regression}


def array(x):
    return keras.ops.convert_to_numpy(x)


def run(model, x):
    """Call a model on data. With JAX compiled as one, which takes a tenth of the time there."""
    return model.predict_on_batch(x) if keras.backend.backend() == "jax" else model(x)


def marked(cases):
    """Return the names of the cases for pytest; the first of each block has the mark `quick`."""
    seen = set()
    for name, case in cases.items():
        kind = type(case.make())
        yield pytest.param(name, marks=() if kind in seen else pytest.mark.quick)
        seen.add(kind)


def test_no_case_is_lost_to_another_of_its_name():
    assert len(CASES) == sum(len(family.CASES) for family in FAMILIES)
    assert len(DRAWS) == sum(len(family.DRAWS) for family in FAMILIES)


def test_every_block_has_a_case_and_a_draw():
    public = {getattr(B, name) for name in B.__all__}
    public = {x for x in public if isinstance(x, type) and issubclass(x, B.Block)}
    seen = {type(case.make()) for case in CASES.values()}
    assert {x.__name__ for x in public - BASES - seen} == set()
    drawn = set()

    def note(data):
        drawn.update(type(draw(data.draw).make()) for draw in DRAWS.values())

    settings(max_examples=1, database=None, derandomize=True)(given(st.data())(note))()
    assert {x.__name__ for x in public - BASES - drawn} == set()


@pytest.fixture(params=list(marked(CASES)), scope="module")
def built(request):
    case = CASES[request.param]
    block, model = build(case)
    return case, block, model


def test_shapes_and_parameters(built):
    case, _, model = built
    assert output_shapes(model) == with_batch(case.output)
    assert model.count_params() == case.params
    outputs = keras.tree.flatten(run(model, batch(case.shapes)))
    assert all(np.isfinite(array(y)).all() for y in outputs)


def test_layer_names_share_one_prefix(built):
    case, block, model = built
    for name in set(all_names(model)) - set(case.outside):
        assert name.startswith(f"{block.name}__"), name
    assert set(case.outside) <= set(all_names(model))


def test_second_call_shares_everything(built):
    case, block, model = built
    before = {name: id(part) for name, part in block.parts.items()}
    for shapes in filter(None, [case.shapes, case.other]):
        inputs = make_inputs(shapes)
        again = keras.Model(inputs, connect(case, block, inputs))
        assert {id(w) for w in again.weights} == {id(w) for w in model.weights}
        assert sorted(all_names(again)) == sorted(all_names(model))
        run(again, batch(shapes))
    assert {name: id(part) for name, part in block.parts.items()} == before


def test_one_training_step_reaches_every_weight(built):
    case, _, model = built
    if not model.trainable_weights:
        assert case.params == len(model.weights) == 0
        return
    # Each backend's quicker way for a single step.
    eagerly = keras.backend.backend() != "jax"
    model.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=eagerly)
    before = [array(w).copy() for w in model.trainable_weights]
    targets = batch(case.output, seed=1)
    loss = model.train_on_batch(batch(case.shapes), targets)
    assert np.isfinite(loss).all()
    for weight, old in zip(model.trainable_weights, before, strict=True):
        new = array(weight)
        assert np.isfinite(new).all(), weight.path
        if not weight.path.endswith(case.still or "never"):
            assert not np.array_equal(new, old), weight.path


def test_model_round_trips_through_its_config(built):
    _, _, model = built
    twin = keras.Model.from_config(model.get_config())
    assert all_names(twin) == all_names(model)
    assert twin.count_params() == model.count_params()
    assert twin.get_config() == model.get_config()


def test_copy_is_independent_and_fits_into_the_same_model(built):
    case, block, model = built
    copy = block.copy()
    inputs = model.input
    both = keras.Model(inputs, [connect(case, block, inputs), connect(case, copy, inputs)])
    assert both.count_params() == 2 * model.count_params()
    assert len({layer.name for layer in both.layers}) == len(both.layers)


def test_unnamed_blocks_are_named_alike_on_every_rebuild(built):
    case, _, _ = built
    names = []
    for _ in range(2):
        keras.backend.clear_session(free_memory=False)
        with keras.StatelessScope(initialize_variables=False):
            inputs = make_inputs(case.shapes)
            blocks = [case.make()] if case.outside else [case.make(), case.make()]
            model = keras.Model(inputs, [connect(case, block, inputs) for block in blocks])
        names.append([layer.name for layer in model.layers])
    assert names[0] == names[1]


def test_builds_without_weights(built):
    case, _, model = built
    with keras.StatelessScope(initialize_variables=False):
        block = case.make()
        for shapes in filter(None, [case.shapes, case.other]):
            inputs = make_inputs(shapes)
            skeleton = keras.Model(inputs, connect(case, block, inputs))
    assert skeleton.count_params() == model.count_params() == case.params


@pytest.mark.parametrize("name", DRAWS)
def test_drawn_settings_and_sizes(name):
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def holds(data):
        case = DRAWS[name](data.draw)
        keras.backend.clear_session(free_memory=False)
        with keras.StatelessScope(initialize_variables=False):
            block = case.make()
            inputs = make_inputs(case.shapes)
            model = keras.Model(inputs, connect(case, block, inputs))
            again = keras.Model(inputs, connect(case, block, inputs))
        assert output_shapes(model) == with_batch(case.output)
        assert {layer.name for layer in again.layers} == {layer.name for layer in model.layers}
        assert case.params is None or model.count_params() == case.params
        for layer_name in set(all_names(model)) - set(case.outside):
            assert layer_name.startswith(f"{block.name}__")
        assert keras.Model.from_config(model.get_config()).get_config() == model.get_config()

    holds()


CLEAN = """
import os, sys

class NoKeraslab:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "keraslab":
            raise ImportError("keraslab is not installed here")

sys.meta_path.insert(0, NoKeraslab())
import keras, numpy as np

folder = sys.argv[1]
for name in sorted(f[:-6] for f in os.listdir(folder) if f.endswith(".keras")):
    model = keras.models.load_model(os.path.join(folder, name + ".keras"))
    stored = np.load(os.path.join(folder, name + ".npz"))
    inputs = [stored[f"x{i}"] for i in range(sum(key[0] == "x" for key in stored))]
    outputs = keras.tree.flatten(model(keras.tree.pack_sequence_as(model.input, inputs)))
    for i, y in enumerate(outputs):
        y = keras.ops.convert_to_numpy(y)
        np.testing.assert_allclose(y, stored[f"y{i}"], rtol=1e-5, atol=1e-6, err_msg=name)
    print("same", name)
assert "keraslab" not in sys.modules
"""


QUICK = {param.values[0] for param in marked(CASES) if pytest.mark.quick in param.marks}


@pytest.mark.parametrize(
    "names",
    [QUICK, pytest.param(CASES.keys() - QUICK, marks=pytest.mark.slow)],
    ids=["quick", "rest"],
)
def test_saved_models_load_where_keraslab_is_not_installed(tmp_path, names):
    for name in sorted(names):
        _, model = build(CASES[name])
        for weight in model.weights:  # fresh batch-norm statistics would hide a mistake
            if "float" in str(weight.dtype):
                weight.assign(np.random.default_rng(3).uniform(0.2, 0.8, weight.shape))
        x = batch(CASES[name].shapes)
        flat_x, flat_y = keras.tree.flatten(x), keras.tree.flatten(model(x))
        arrays = {f"x{i}": value for i, value in enumerate(flat_x)}
        arrays |= {f"y{i}": array(value) for i, value in enumerate(flat_y)}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        model.save(tmp_path / f"{name}.keras")
    done = subprocess.run(
        [sys.executable, "-c", CLEAN, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert names
    assert done.stdout.count("same") == len(names)
