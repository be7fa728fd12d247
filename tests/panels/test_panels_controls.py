"""Controls from a build function's parameters."""

from enum import Enum
from typing import Literal

import ipywidgets
import keras
import numpy as np
import pytest

from keraslab.panels._controls import make_controls


class Norm(Enum):
    BATCH = "batch"
    LAYER = "layer"


def build(
    depth,
    filters=16,
    skip=True,
    dropout=0.1,
    merge: Literal["add", "concat"] = "concat",
    norm: Norm = Norm.LAYER,
    classes=None,
):
    pass


def test_kinds_follow_what_was_given():
    controls, held = make_controls(
        build, {"depth": (1, 8), "filters": [8, 16, 32], "skip": False, "dropout": (0, 0.5)}
    )
    assert isinstance(controls["depth"], ipywidgets.IntSlider)
    assert (controls["depth"].min, controls["depth"].max) == (1, 8)
    assert isinstance(controls["filters"], ipywidgets.Dropdown)
    assert controls["filters"].value == 16, "the function's default is where the menu starts"
    assert isinstance(controls["skip"], ipywidgets.Checkbox)
    assert isinstance(controls["dropout"], ipywidgets.FloatSlider)
    assert controls["dropout"].value == pytest.approx(0.1)
    assert held == {"classes": None}


def test_defaults_and_annotations_make_controls_by_themselves():
    controls, _ = make_controls(build, {"depth": (1, 3)})
    assert isinstance(controls["filters"], ipywidgets.IntSlider)
    assert controls["filters"].min == 1, "a number of filters below one makes no sense"
    assert controls["skip"].value is True
    assert controls["merge"].options == ("add", "concat")
    assert controls["merge"].value == "concat"
    assert controls["norm"].value is Norm.LAYER
    assert list(controls) == ["depth", "filters", "skip", "dropout", "merge", "norm"]


def test_a_default_outside_the_range_does_not_move_the_range():
    controls, _ = make_controls(build, {"depth": (1, 8), "filters": (32, 64)})
    assert 32 <= controls["filters"].value <= 64


def test_a_widget_is_taken_as_it_is():
    widget = ipywidgets.SelectionSlider(options=[1, 10, 100])
    controls, _ = make_controls(build, {"depth": widget})
    assert controls["depth"] is widget


def test_numbers_of_numpy_make_a_slider():
    controls, _ = make_controls(build, {"depth": (np.int64(1), np.int64(8))})
    assert (controls["depth"].min, controls["depth"].max) == (1, 8)
    controls, _ = make_controls(build, {"depth": (np.float32(0), 1)})
    assert isinstance(controls["depth"], ipywidgets.FloatSlider)


def test_a_default_without_end_stays_as_it_is():
    controls, held = make_controls(lambda limit=float("inf"): None, {})
    assert controls == {}
    assert held == {"limit": float("inf")}


def test_a_step_is_kept():
    controls, _ = make_controls(build, {"depth": (2, 16, 2)})
    assert controls["depth"].step == 2


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, TypeError, r"build\(\) needs a value for 'depth'.*depth=\(1, 8\)"),
        ({"deep": (1, 8)}, TypeError, r"control 'deep', but build\(\) has no such parameter"),
        ({"depth": (8, 1)}, ValueError, r"depth=\(8, 1\).*low end must be below"),
        ({"depth": (1, 8, 0)}, ValueError, "step must be above 0"),
        ({"depth": ()}, TypeError, r"a range is \(low, high\)"),
        ({"depth": ("a", "b")}, TypeError, "use a list"),
        ({"depth": (1, float("inf"))}, TypeError, "finite numbers"),
        ({"depth": (True, False)}, TypeError, "finite numbers"),
        ({"depth": []}, ValueError, "at least one choice"),
        ({"depth": object()}, TypeError, "makes no control from"),
        ({"depth": ipywidgets.VBox()}, TypeError, "widget that has a value"),
    ],
)
def test_bad_controls_are_named(given, error, says):
    with pytest.raises(error, match=says):
        make_controls(build, given)


def test_one_number_is_no_control():
    with pytest.raises(TypeError, match=r"depth=5.*depth=\(1, 8\)"):
        make_controls(build, {"depth": 5})


def test_a_small_default_can_be_reached_and_read():
    controls, _ = make_controls(lambda rate=0.001: None, {})
    assert controls["rate"].max == pytest.approx(0.002)
    assert controls["rate"].value == pytest.approx(0.001)
    assert controls["rate"].readout_format == ".3g"


def test_an_annotation_in_words_says_nothing():
    def worded(units: "how many units" = 3):  # noqa: F722
        pass

    controls, _ = make_controls(worded, {})
    assert list(controls) == ["units"]


def test_a_model_is_not_a_build_function():
    x = keras.Input((2,))
    with pytest.raises(TypeError, match=r"a Functional.*keraslab\.show"):
        make_controls(keras.Model(x, x), {})


def test_not_a_function():
    with pytest.raises(TypeError, match=r"function that returns a Keras model.*keraslab\.show"):
        make_controls(42, {})


def test_positional_only_is_explained():
    with pytest.raises(TypeError, match="positional only"):
        make_controls(lambda depth, /: None, {"depth": (1, 2)})


def test_any_name_goes_where_the_function_takes_keywords():
    controls, _ = make_controls(lambda **settings: None, {"depth": (1, 4)})
    assert list(controls) == ["depth"]
