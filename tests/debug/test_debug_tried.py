"""A change is offered only where a trial of it worked, and says what it really gives."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest
from mistake_case import diagnosed

from keraslab.debug._trial import Trial

START = "import keras\nfrom keras import layers\n"
WRONG = {
    "add": "a, b = keras.Input((8,)), keras.Input((4,))\nout = layers.Add()([a, b])\n",
    "concatenate": """\
image, table = keras.Input((8, 8, 3)), keras.Input((5,))
out = layers.Concatenate()([layers.Conv2D(4, 3)(image), table])
""",
    "positions": """\
i = keras.Input((16, 16, 4))
out = layers.Add()([layers.Conv2D(4, 3, name="look")(i), i])
""",
    "rank": "x = keras.Input((12,))\nout = layers.LSTM(4)(x)\n",
    "window": "i = keras.Input((4, 4, 1))\nout = layers.Conv2D(3, 7)(i)\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_the_shape_and_the_weights_are_those_that_result(name: str, tmp_path: Path) -> None:
    source = START + WRONG[name]
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    told = [fix for fix in finding.fixes if fix.result is not None and fix.edits]
    assert told
    for fix in told:
        values: dict[str, object] = {"__name__": "mended"}
        exec(compile(fix.apply(source), "mended", "exec"), values)
        out = values["out"]
        assert isinstance(out, keras.KerasTensor)
        assert fix.result == " × ".join("?" if n is None else str(n) for n in out.shape)
    growth = re.findall(r"(\d[\d,]*) parameters more", str(finding))
    assert growth == [f"{fix.params:,}" for fix in finding.fixes if fix.params]


@pytest.mark.parametrize("name", WRONG)
def test_what_fails_when_it_is_tried_is_not_offered(name: str, tmp_path: Path, monkeypatch) -> None:
    tried = []
    monkeypatch.setattr(Trial, "run", lambda self, work, tensors=None: tried.append(work))
    finding, _ = diagnosed(START + WRONG[name], tmp_path / "person.py")
    assert finding is not None
    assert tried
    assert finding.fixes == ()
