"""Results from inside a nested model, and decoders on an Input of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, check_mistake, diagnosed, mistakes

BACKBONE = """
def backbone(side, name="backbone"):
    pixels = keras.Input((side, side, 3), name=f"{name}_pixels")
    t = layers.Conv2D(4, 3, name="low")(pixels)
    t = layers.Conv2D(8, 3, name="top")(t)
    return keras.Model(pixels, layers.GlobalAveragePooling2D()(t), name=name)
"""

INSIDE = mistakes(
    """
### KL403 written-out
BACKBONE
base = backbone(16)
photo = keras.Input((16, 16, 3))
whole = keras.Model(photo, layers.Dense(5)(layers.Dropout(0.1)(base(photo))))
cam = keras.Model(whole.input, [base.get_layer("top").output, whole.output])  # cause
cam(np.zeros((2, 16, 16, 3)))
### KL403 in-a-function
BACKBONE
def grad_cam(model, inner, conv):
    held = model.get_layer(inner)
    maps = held.get_layer(conv).output
    return keras.Model(model.inputs, outputs=[maps, model.output])  # cause
photo = keras.Input((16, 16, 3))
clf = keras.Model(photo, layers.Dense(5)(backbone(16)(photo)))
grad_cam(clf, "backbone", "low")
### KL403 scaled-first
BACKBONE
base = backbone(16)
photo = keras.Input((16, 16, 3))
scaled = layers.Rescaling(1 / 255)(photo)
whole = keras.Model(photo, layers.Dense(5)(base(scaled)))
seen = keras.Model([photo], (base.layers[1].output, whole.output))  # cause
### KL403 two-branches-behind
BACKBONE
base = backbone(16)
photo = keras.Input((16, 16, 3))
v = base(photo)
whole = keras.Model(photo, layers.Add()([layers.Dense(5)(v), layers.Dense(5)(v)]))
seen = keras.Model(whole.input, [whole.output, base.get_layer("top").output])  # cause
### KL403 alone
BACKBONE
base = backbone(16)
photo = keras.Input((16, 16, 3))
whole = keras.Model(photo, layers.Dense(5)(base(photo)))
features = keras.Model(whole.input, base.get_layer("top").output)  # cause
### KL403 in-a-class
BACKBONE
class Explainer:
    def __init__(self):
        self.base = backbone(16, "eyes")
        photo = keras.Input((16, 16, 3))
        self.clf = keras.Model(photo, layers.Dense(5)(self.base(photo)))
        conv = self.base.get_layer("top")
        self.cam = keras.Model(self.clf.input, [conv.output, self.clf.output])  # cause
Explainer()
### KL403 sequential-inside
base = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3, name="c"), layers.Flatten()])
whole = keras.Sequential([keras.Input((8, 8, 1)), base, layers.Dense(2)])
seen = keras.Model(whole.inputs, [base.get_layer("c").output, whole.outputs[0]])  # cause
""".replace("BACKBONE\n", BACKBONE)
)

DECODERS = mistakes(
    """
### KL403 two-models
x = keras.Input((20,), name="x")
encoder = keras.Model(x, layers.Dense(3)(x))
def make():
    z = keras.Input((3,), name="z_in")
    return keras.Model(z, layers.Dense(20)(z))
decoder = make()
restored = decoder.outputs[0]
auto = keras.Model(x, restored)  # cause
### KL402 named-code
x = keras.Input((20,), name="x")
code = layers.Dense(3)(x)
def make():
    z = keras.Input((3,), name="z_in")
    out = layers.Dense(20)(z)
    return keras.Model(z, out), out
decoder, out = make()
auto = keras.Model(x, out)  # cause
### KL402 adversarial
class Gan:
    def __init__(self):
        self.noise = keras.Input((4,), name="noise")
        self.fake = layers.Dense(6)(self.noise)
        self.generator = keras.Model(self.noise, self.fake)
        self.judge()
        self.gan = keras.Model(self.noise, self.verdict)  # cause
    def judge(self):
        sample = keras.Input((6,), name="sample")
        self.verdict = layers.Dense(1)(sample)
        self.critic = keras.Model(sample, self.verdict)
Gan()
### KL403 decoder-output
x = keras.Input((20,), name="x")
encoder = keras.Model(x, layers.Dense(3)(x), name="encoder")
z = keras.Input((3,), name="z_in")
decoder = keras.Model(z, layers.Dense(20)(z), name="decoder")
auto = keras.Model(encoder.input, decoder.output)  # cause
"""
)


@pytest.mark.parametrize("mistake", INSIDE, ids=[m.id for m in INSIDE])
def test_a_result_from_inside_a_nested_model_is_named(mistake: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert "own Input" in finding.message
    assert finding.cause is not None
    assert finding.cause.name in finding.message


def test_the_extended_model_keeps_the_way_of_the_gradients(tmp_path: Path) -> None:
    finding, _ = diagnosed(INSIDE[0].source, tmp_path / "person.py")
    assert finding is not None
    values: dict[str, object] = {"__name__": "mended"}
    exec(compile(finding.fixes[0].apply(INSIDE[0].source), "mended", "exec"), values)
    cam, whole = values["cam"], values["whole"]
    assert cam.count_params() == whole.count_params()  # type: ignore[attr-defined]
    # One way leads through the maps to the scores: no layer stands on a second copy.
    assert len(cam.layers) == len(whole.layers)  # type: ignore[attr-defined]


@pytest.mark.parametrize("mistake", DECODERS, ids=[m.id for m in DECODERS])
def test_a_decoder_is_called_on_the_code(mistake: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(mistake.source, tmp_path / "person.py")
    assert error is not None
    assert finding is not None
    assert finding.code == mistake.code
    assert any(word in finding.text() for word in ("z_in", "sample", "decoder.input"))
    first, *_ = finding.fixes
    mended = first.apply(mistake.source)
    exec(compile(mended, "mended", "exec"), {"__name__": "mended"})


def test_no_code_is_guessed_where_none_fits(tmp_path: Path) -> None:
    source = DECODERS[0].source.replace("Dense(3)(x)", "Dense(5)(x)")
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert "'z_in'" in finding.message
    assert not any("decoder(" in fix.code for fix in finding.fixes)
