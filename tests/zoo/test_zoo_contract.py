"""What every architecture of the zoo keeps to; the cases lie in `zoo_cases_*.py` beside this."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab import zoo

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FAMILIES = [
    importlib.import_module(path.stem)
    for path in sorted(Path(__file__).parent.glob("zoo_cases_*.py"))
]
CASES = {name: case for family in FAMILIES for name, case in family.CASES.items()}


def array(x):
    return keras.ops.convert_to_numpy(x)


def run(model, x):
    """Call a model on data. With JAX compiled as one, which takes a tenth of the time there."""
    return model.predict_on_batch(x) if keras.backend.backend() == "jax" else model(x)


def marked(cases):
    """Return the names of the cases for pytest; one of each function has the mark `quick`."""
    seen = set()
    for name, case in cases.items():
        function = name.split("-")[0]
        marks = [pytest.mark.slow] if case.slow else []
        if not case.slow and function not in seen:
            marks.append(pytest.mark.quick)
            seen.add(function)
        yield pytest.param(name, marks=marks)


def map_shapes(shapes, function):
    if isinstance(shapes, dict):
        return {key: map_shapes(shape, function) for key, shape in shapes.items()}
    if isinstance(shapes, list):
        return [map_shapes(shape, function) for shape in shapes]
    return function(shapes)


def batch(shapes, seed=0):
    random = np.random.default_rng(seed)

    def draw(shape):
        size = (3, *(4 if axis is None else axis for axis in shape))
        if hasattr(shape, "high"):
            return random.integers(0, shape.high, size=size).astype("int32")
        return random.normal(size=size).astype("float32")

    return map_shapes(shapes, draw)


def models_of(made):
    """Return the models that a function of the zoo returned, by name."""
    if isinstance(made, keras.Model):
        return {"model": made}
    return {name: value for name, value in made._asdict().items() if isinstance(value, keras.Model)}


def main_model(case, made):
    return made if case.part is None else getattr(made, case.part)


def shapes_of(structure):
    return keras.tree.map_structure(lambda y: tuple(y.shape), structure)


def with_batch(shapes):
    return map_shapes(shapes, lambda shape: (None, *shape))


def layer_names(model):
    return [layer.name for layer in model.layers]


def data_for(model, seed=0):
    """Return random data for the inputs of any model; whole numbers are below 2."""
    random = np.random.default_rng(seed)

    def draw(x):
        size = tuple(4 if axis is None else axis for axis in x.shape)
        if "int" in str(x.dtype):
            return random.integers(0, 2, size=size).astype(str(x.dtype))
        return random.normal(size=size).astype("float32")

    return keras.tree.map_structure(draw, model.input)


def test_every_function_has_a_case():
    assert len(CASES) == sum(len(family.CASES) for family in FAMILIES)
    tools = {"generate", "train_gan"}  # they use an architecture and make none
    functions = {name for name in zoo.__all__ if name == name.lower()} - tools
    covered = {name for name in functions if any(case.split("-")[0] == name for case in CASES)}
    assert functions - covered == set()


@pytest.fixture(params=list(marked(CASES)), scope="module")
def built(request):
    case = CASES[request.param]
    keras.utils.set_random_seed(7)
    made = case.make()
    return case, made, main_model(case, made)


def test_shapes_and_parameters(built):
    case, made, model = built
    assert shapes_of(model.input) == with_batch(case.shapes)
    assert shapes_of(model.output) == with_batch(case.output)
    if case.params is not None:
        assert model.count_params() == case.params
    for y in keras.tree.flatten(run(model, batch(case.shapes))):
        assert np.isfinite(array(y)).all()
    for name, each in models_of(made).items():
        assert type(each).__name__ in ("Functional", "Sequential"), name
        for y in keras.tree.flatten(run(each, data_for(each))):
            assert np.isfinite(array(y)).all(), name


def test_layers_are_grouped_and_named_alike_on_every_rebuild(built):
    case, made, _ = built
    again = models_of(case.make())
    for name, model in models_of(made).items():
        assert layer_names(again[name]) == layer_names(model)
        graph = kl.read_graph(model)
        assert graph.params == model.count_params()
        if len(model.layers) > 20:
            assert graph.groups, f"{name} has {len(model.layers)} layers and no group"


def test_another_call_shares_the_weights(built):
    case, _, model = built
    for shapes in filter(None, [case.shapes, case.other]):
        given = model.input
        flat = [
            keras.Input(tuple(shape)[1:], dtype=x.dtype, name=x.name)
            for shape, x in zip(
                [(None, *s) for s in flatten_shapes(shapes)], keras.tree.flatten(given), strict=True
            )
        ]
        inputs = keras.tree.pack_sequence_as(given, flat)
        again = keras.Model(inputs, model(inputs))
        assert {id(w) for w in again.weights} == {id(w) for w in model.weights}
        run(again, batch(shapes))


def flatten_shapes(shapes):
    if isinstance(shapes, dict):
        return [shape for key in sorted(shapes) for shape in flatten_shapes(shapes[key])]
    if isinstance(shapes, list):
        return [shape for each in shapes for shape in flatten_shapes(each)]
    return [tuple(shapes)]


def test_one_training_step_reaches_every_weight(built):
    case, _, model = built
    # Each backend's quicker way for a single step.
    eagerly = keras.backend.backend() != "jax"
    model.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=eagerly)
    before = [array(w).copy() for w in model.trainable_weights]
    loss = model.train_on_batch(batch(case.shapes), batch(case.output, seed=1))
    assert np.isfinite(loss).all()
    assert model.trainable_weights
    for weight, old in zip(model.trainable_weights, before, strict=True):
        new = array(weight)
        assert np.isfinite(new).all(), weight.path
        if not weight.path.endswith(case.still or "never"):
            assert not np.array_equal(new, old), weight.path


def test_round_trips_through_its_config(built):
    _, made, _ = built
    for name, model in models_of(made).items():
        twin = type(model).from_config(model.get_config())
        assert twin.count_params() == model.count_params(), name
        assert twin.get_config() == model.get_config(), name


def test_skeleton_equals_plain(built):
    case, made, _ = built
    with kl.skeleton():
        skeletons = models_of(case.make())
    for name, model in models_of(made).items():
        bare = skeletons[name]
        assert bare.count_params() == model.count_params()
        assert layer_names(bare) == layer_names(model)
        assert shapes_of(bare.output) == shapes_of(model.output)
        assert [w.shape for w in bare.weights] == [w.shape for w in model.weights]


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
        np.testing.assert_allclose(y, stored[f"y{i}"], rtol=1e-4, atol=1e-5, err_msg=name)
    print("same", name)
assert "keraslab" not in sys.modules
"""


def save_and_load(names, folder):
    saved = 0
    for name in names:
        keras.utils.set_random_seed(7)
        for part, model in models_of(CASES[name].make()).items():
            x = data_for(model)
            flat_x, flat_y = keras.tree.flatten(x), keras.tree.flatten(model(x))
            arrays = {f"x{i}": value for i, value in enumerate(flat_x)}
            arrays |= {f"y{i}": array(value) for i, value in enumerate(flat_y)}
            np.savez(folder / f"{name}-{part}.npz", **arrays)
            model.save(folder / f"{name}-{part}.keras")
            saved += 1
    done = subprocess.run(
        [sys.executable, "-c", CLEAN, str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("same") == saved


QUICK = {param.values[0] for param in marked(CASES) if pytest.mark.quick in param.marks}


@pytest.mark.parametrize(
    "names",
    [QUICK, pytest.param(CASES.keys() - QUICK, marks=pytest.mark.slow)],
    ids=["quick", "rest"],
)
def test_saved_models_load_where_keraslab_is_not_installed(tmp_path, names):
    assert names
    save_and_load(sorted(names), tmp_path)
