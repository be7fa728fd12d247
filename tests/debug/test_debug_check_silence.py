"""Correct models: no rule may hold an error or a warning against them, and it must be quick."""

import sys
from pathlib import Path

import keras
import pytest

import keraslab as kl
from keraslab.debug import _check as checking
from keraslab.debug._subject import Subject
from keraslab.graph import build_skeleton

sys.path.insert(0, str(Path(__file__).parent.parent / "zoo"))
import zoo_cases_attention
import zoo_cases_branches
import zoo_cases_fusion
import zoo_cases_generators
import zoo_cases_resnet
import zoo_cases_separable
import zoo_cases_sequences

FAMILIES = (
    zoo_cases_attention,
    zoo_cases_branches,
    zoo_cases_fusion,
    zoo_cases_generators,
    zoo_cases_resnet,
    zoo_cases_separable,
    zoo_cases_sequences,
)
CASES = {name: case for family in FAMILIES for name, case in family.CASES.items()}
LOSSES = {
    "softmax": "sparse_categorical_crossentropy",
    "sigmoid": "binary_crossentropy",
    None: "mse",
}
APPLICATIONS = sorted(
    name for name in dir(keras.applications) if callable(getattr(keras.applications, name))
)
QUICK = {
    *("VGG16", "MobileNetV3Small", "EfficientNetB0"),
    *("siamese", "two_tower", "vae", "dcgan", "unet", "gpt", "seq2seq-recurrent", "multi_task"),
}


@pytest.fixture(autouse=True)
def _strict(monkeypatch):
    monkeypatch.setattr(checking, "STRICT", True)


def silent(model):
    report = kl.check(model)
    assert report.ok, str(report)
    assert report.rules > 20


def slow(names, quick):
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", slow(APPLICATIONS, QUICK))
def test_applications(name):
    def build():
        model = getattr(keras.applications, name)(weights=None)
        model.compile("adam", "categorical_crossentropy")
        return model

    silent(build_skeleton(build).model)


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_as_a_frozen_base(name):
    def build():
        base = getattr(keras.applications, name)(weights=None, include_top=False, pooling="avg")
        base.trainable = False
        inputs = keras.Input(base.input_shape[1:])
        x = keras.layers.Dropout(0.2)(base(inputs, training=False))
        model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    silent(build_skeleton(build).model)


def models_of(made):
    if isinstance(made, keras.Model):
        return [made]
    return [value for value in made._asdict().values() if isinstance(value, keras.Model)]


@pytest.mark.parametrize("name", slow(CASES, QUICK))
def test_zoo(name):
    for model in models_of(CASES[name].make()):
        silent(model)
        heads = Subject(model).heads
        losses = [LOSSES.get(head.activation, "mse") for head in heads]
        if len(losses) == 1:
            model.compile("adam", losses[0])
        elif isinstance(model.output, dict):
            model.compile(
                "adam", {head.name: loss for head, loss in zip(heads, losses, strict=True)}
            )
        elif isinstance(model.output, list):
            model.compile("adam", losses)
        silent(model)
