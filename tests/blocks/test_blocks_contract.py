"""What every block keeps to, whatever it does."""

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Tower(B.Block):
    units: int

    def wire(self, x):
        x = self.use("flat", L.GlobalAveragePooling2D)(x)
        return self.use("dense", L.Dense, self.units, activation="sigmoid")(x)


def plain_encoder():
    return keras.Sequential(
        [keras.Input((6, 6, 3)), L.Flatten(), L.Dense(5, activation="sigmoid")], name="plain"
    )


@dataclass
class Case:
    """One block with one set of settings."""

    make: Any
    shapes: Any  # of the inputs, without the batch; a tuple, a list or a dict of tuples
    output: Any
    params: int  # worked out by hand
    other: Any = None  # shapes of another size that the block takes too
    outside: tuple[str, ...] = ()  # layers that keep their own name


IMAGE, OTHER_IMAGE = (6, 6, 3), (4, 5, 3)


def bn(channels):
    return 4 * channels


def tower_params(units):
    return 3 * units + units


CASES = {
    "residual": Case(lambda: B.Residual(3), IMAGE, IMAGE, 2 * 9 * 3 * 3 + 2 * bn(3), OTHER_IMAGE),
    "residual-wider": Case(
        lambda: B.Residual(4),
        IMAGE,
        (6, 6, 4),
        9 * 3 * 4 + 9 * 4 * 4 + 3 * 4 + 3 * bn(4),
        OTHER_IMAGE,
    ),
    "residual-stride": Case(
        lambda: B.Residual(3, stride=2),
        (7, 6, 3),
        (4, 3, 3),
        2 * 9 * 3 * 3 + 3 * 3 + 3 * bn(3),
        OTHER_IMAGE,
    ),
    "residual-pre": Case(
        lambda: B.Residual(3, pre_activation=True, activation="gelu"),
        IMAGE,
        IMAGE,
        2 * 9 * 3 * 3 + 2 * bn(3),
        OTHER_IMAGE,
    ),
    "residual-pre-project": Case(
        lambda: B.Residual(4, 2, pre_activation=True, activation="gelu"),
        IMAGE,
        (3, 3, 4),
        9 * 3 * 4 + 9 * 4 * 4 + 3 * 4 + bn(3) + bn(4),
        OTHER_IMAGE,
    ),
    "residual-1d": Case(
        lambda: B.Residual(2, kernel_size=5), (9, 2), (9, 2), 2 * 5 * 2 * 2 + 2 * bn(2), (4, 2)
    ),
    "residual-3d": Case(
        lambda: B.Residual(2), (3, 4, 3, 2), (3, 4, 3, 2), 2 * 27 * 2 * 2 + 2 * bn(2), (2, 2, 2, 2)
    ),
    "residual-no-skip": Case(
        lambda: B.Residual(4, skip=False),
        IMAGE,
        (6, 6, 4),
        9 * 3 * 4 + 9 * 4 * 4 + 2 * bn(4),
        OTHER_IMAGE,
    ),
    "residual-pre-no-skip": Case(
        lambda: B.Residual(4, pre_activation=True, skip=False),
        IMAGE,
        (6, 6, 4),
        9 * 3 * 4 + 9 * 4 * 4 + bn(3) + bn(4),
        OTHER_IMAGE,
    ),
    **{
        f"twin-{distance}": Case(
            lambda distance=distance: B.Twin(Tower(5), distance),
            [IMAGE, IMAGE],
            (width,),
            tower_params(5),
            [OTHER_IMAGE, IMAGE],
        )
        for distance, width in {
            "absolute": 5,
            "squared": 5,
            "euclidean": 1,
            "cosine": 1,
            "concat": 10,
        }.items()
    },
    "twin-model": Case(
        lambda: B.Twin(plain_encoder()), [IMAGE, IMAGE], (5,), 108 * 5 + 5, outside=("plain",)
    ),
    "twin-layer": Case(
        lambda: B.Twin(L.Conv2D(2, 3, activation="sigmoid", name="conv"), "squared"),
        [IMAGE, IMAGE],
        (4, 4, 2),
        9 * 3 * 2 + 2,
        [OTHER_IMAGE, OTHER_IMAGE],
        outside=("conv",),
    ),
    "fusion-concat": Case(lambda: B.Fusion(), [(4,), (3,), (2,)], (9,), 0),
    "fusion-concat-width": Case(lambda: B.Fusion(width=3), {"a": (4,), "b": (3,)}, (6,), 4 * 3 + 3),
    "fusion-add": Case(
        lambda: B.Fusion("add"),
        {"b": (5, 2), "a": (5, 6)},
        (5, 6),
        2 * 6 + 6,
        {"a": (3, 6), "b": (3, 2)},
    ),
    "fusion-multiply": Case(
        lambda: B.Fusion("multiply", width=3), [(4,), (2,)], (3,), 4 * 3 + 3 + 2 * 3 + 3
    ),
    "fusion-gated": Case(lambda: B.Fusion("gated"), [(4,), (2,)], (4,), 4 * 4 + 2 * 4 + 6 * 4),
    "fusion-gated-three": Case(
        lambda: B.Fusion("gated", width=3),
        {"a": (4,), "b": (2,), "c": (3,)},
        (3,),
        3 * (4 + 2 + 3) + 3 * 9 * 3,
    ),
    "fusion-film": Case(
        lambda: B.Fusion("film"),
        {"image": IMAGE, "numbers": (4,)},
        IMAGE,
        2 * (4 * 3 + 3),
        {"image": OTHER_IMAGE, "numbers": (4,)},
    ),
    "fusion-film-three": Case(
        lambda: B.Fusion("film"), [(7, 5), (4,), (2,)], (7, 5), 2 * (6 * 5 + 5)
    ),
    "heads": Case(
        lambda: B.Heads(
            {
                "size": B.Regression(2),
                "even": B.Binary(),
                "digit": B.MultiClass(3),
                "tags": B.MultiLabel(4),
            }
        ),
        (6,),
        {"size": (2,), "even": (1,), "digit": (3,), "tags": (4,)},
        7 * 10,
    ),
    "heads-hidden": Case(
        lambda: B.Heads({"a": B.Regression(), "b": Vector(3)}, hidden=8, activation="tanh"),
        (6,),
        {"a": (1,), "b": (3,)},
        2 * (6 * 8 + 8) + 9 + 8 * 3 + 3,
    ),
}


class Vector(B.Block):
    width: int

    def wire(self, x):
        return self.use("out", L.Dense, self.width)(x)


def map_shapes(shapes, function):
    if isinstance(shapes, dict):
        return {key: function(shape) for key, shape in shapes.items()}
    if isinstance(shapes, list):
        return [function(shape) for shape in shapes]
    return function(shapes)


def make_inputs(shapes):
    if isinstance(shapes, dict):
        return {key: keras.Input(shape, name=key) for key, shape in shapes.items()}
    return map_shapes(shapes, keras.Input)


def build(case, block=None):
    keras.utils.set_random_seed(7)
    block = block or case.make()
    inputs = make_inputs(case.shapes)
    return block, keras.Model(inputs, block(inputs))


def batch(shapes, seed=0):
    random = np.random.default_rng(seed)
    return map_shapes(shapes, lambda shape: random.normal(size=(4, *shape)).astype("float32"))


def all_names(model):
    return [layer.name for layer in model.layers if not isinstance(layer, L.InputLayer)]


@pytest.fixture(params=CASES, scope="module")
def built(request):
    case = CASES[request.param]
    block, model = build(case)
    return case, block, model


def test_shapes_and_parameters(built):
    case, _, model = built
    assert map_shapes(case.output, lambda shape: (None, *shape)) == (
        {key: y.shape for key, y in model.output.items()}
        if isinstance(model.output, dict)
        else model.output_shape
    )
    assert model.count_params() == case.params
    outputs = keras.tree.flatten(model(batch(case.shapes)))
    assert all(np.isfinite(keras.ops.convert_to_numpy(y)).all() for y in outputs)


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
        again = keras.Model(inputs, block(inputs))
        assert {id(w) for w in again.weights} == {id(w) for w in model.weights}
        assert sorted(all_names(again)) == sorted(all_names(model))
        again(batch(shapes))
    assert {name: id(part) for name, part in block.parts.items()} == before


def test_one_training_step_reaches_every_weight(built):
    case, _, model = built
    if not model.trainable_weights:
        assert case.params == 0
        return
    model.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=True)
    before = [np.array(w) for w in model.trainable_weights]
    targets = batch(case.output, seed=1)
    loss = model.train_on_batch(batch(case.shapes), targets)
    assert np.isfinite(loss).all()
    for weight, old in zip(model.trainable_weights, before, strict=True):
        new = np.array(weight)
        assert np.isfinite(new).all(), weight.path
        assert not np.array_equal(new, old), weight.path


def test_model_round_trips_through_its_config(built):
    _, _, model = built
    twin = keras.Model.from_config(model.get_config())
    assert all_names(twin) == all_names(model)
    assert twin.count_params() == model.count_params()
    assert twin.get_config() == model.get_config()


def test_copy_is_independent_and_fits_into_the_same_model(built):
    _, block, model = built
    copy = block.copy()
    inputs = model.input
    both = keras.Model(inputs, [block(inputs), copy(inputs)])
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
            model = keras.Model(inputs, [block(inputs) for block in blocks])
        names.append([layer.name for layer in model.layers])
    assert names[0] == names[1]


def test_builds_without_weights(built):
    case, _, model = built
    with keras.StatelessScope(initialize_variables=False):
        block = case.make()
        for shapes in filter(None, [case.shapes, case.other]):
            inputs = make_inputs(shapes)
            skeleton = keras.Model(inputs, block(inputs))
    assert skeleton.count_params() == model.count_params() == case.params


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
        np.testing.assert_allclose(np.array(y), stored[f"y{i}"], rtol=1e-5, atol=1e-6)
    print("same", name)
assert "keraslab" not in sys.modules
"""


def test_saved_models_load_where_keraslab_is_not_installed(tmp_path):
    for name, case in CASES.items():
        _, model = build(case)
        for weight in model.weights:  # fresh batch-norm statistics would hide a mistake
            weight.assign(np.random.default_rng(3).uniform(0.2, 0.8, weight.shape))
        x = batch(case.shapes)
        flat_x, flat_y = keras.tree.flatten(x), keras.tree.flatten(model(x))
        arrays = {f"x{i}": value for i, value in enumerate(flat_x)}
        arrays |= {f"y{i}": np.array(value) for i, value in enumerate(flat_y)}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        model.save(tmp_path / f"{name}.keras")
    done = subprocess.run(
        [sys.executable, "-c", CLEAN, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("same") == len(CASES)
