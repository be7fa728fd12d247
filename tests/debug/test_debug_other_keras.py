"""Where another Keras says or does it otherwise, the traceback stays as it was."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
from keras.src.layers.merging import base_merge
from keras.src.trainers import trainer

from keraslab import diagnose
from keraslab.debug import explained
from keraslab.debug._finding import PAGES
from keraslab.debug._rules import ERRORS, SILENT
from keraslab.graph import keras_internals

ROOT = Path(__file__).parents[2]


def merged() -> None:
    keras.layers.Add()([keras.Input((8,)), keras.Input((4,))])


def test_a_failure_in_another_place_of_keras_is_not_explained(monkeypatch) -> None:
    with pytest.raises(ValueError, match="incompatible") as known:
        merged()
    assert diagnose(known.value) is not None
    with monkeypatch.context() as patch:
        # The same words out of a function that this Keras does not have.
        def joined(self, one, other):
            raise ValueError(str(known.value))

        patch.setattr(base_merge.Merge, "_compute_elemwise_op_output_shape", joined)
        with pytest.raises(ValueError, match="incompatible") as moved, explained():
            merged()
    assert diagnose(moved.value) is None
    assert not hasattr(moved.value, "__notes__")
    assert str(moved.value) == str(known.value)


def test_the_canary_names_a_frame_that_is_gone(monkeypatch) -> None:
    places = sorted({place for rule in ERRORS.values() for place in rule.origins})
    monkeypatch.delattr(trainer.Trainer, "_assert_compile_called")
    missing = ["trainers.trainer:Trainer._assert_compile_called"]
    assert keras_internals.missing_places(places) == missing


def test_the_address_of_a_finding_is_that_of_its_page() -> None:
    with pytest.raises(ValueError, match="incompatible") as caught:
        merged()
    finding = diagnose(caught.value)
    assert finding is not None
    assert finding.url == f"{PAGES}/{finding.code}.md"
    folder = PAGES.partition("/blob/main/")[2]
    for code in ERRORS | SILENT:
        assert (ROOT / folder / f"{code}.md").is_file()
