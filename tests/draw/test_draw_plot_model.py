"""plot_model against Keras' own."""

import inspect
import io
import sys
import types
import xml.etree.ElementTree as ET

import keras
import pydot
import pytest
from IPython import display
from keras import layers as L
from PIL import Image

from keraslab.draw import plot_model


@pytest.fixture(scope="module")
def model():
    inner = keras.Sequential([keras.Input((6,)), L.Dense(4, name="deep")], name="inner")
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    y = L.Multiply(name="product")([inner(a), inner(b)])
    frozen = L.Dense(2, activation="softmax", name="last", trainable=False)(y)
    return keras.Model([a, b], frozen, name="whole")


def texts(path):
    return [
        "".join(element.itertext())
        for element in ET.fromstring(path.read_text("utf-8")).iter()
        if element.tag.endswith("}text")
    ]


def test_it_has_the_arguments_and_defaults_of_keras():
    ours = inspect.signature(plot_model).parameters
    theirs = inspect.signature(keras.utils.plot_model).parameters
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


def test_nested_models_are_one_node_or_a_frame(model, tmp_path):
    path = tmp_path / "m.svg"
    plot_model(model, path, show_layer_names=True)
    folded = " ".join(texts(path))
    assert "inner" in folded
    assert "deep" not in folded
    plot_model(model, path, show_layer_names=True, expand_nested=True)
    unfolded = " ".join(texts(path))
    assert unfolded.count("deep") == 2
    assert "inner (call 2 of 2)" in unfolded


def test_each_option_shows_what_it_says(model, tmp_path):
    path = tmp_path / "m.svg"
    plot_model(model, path)
    plain = " ".join(texts(path))
    for hidden in ("(None, 2)", "float32", "last", "softmax", "rainable"):
        assert hidden not in plain
    plot_model(
        model,
        path,
        show_shapes=True,
        show_dtype=True,
        show_layer_names=True,
        show_layer_activations=True,
        show_trainable=True,
    )
    full = " ".join(texts(path))
    for shown in ("(None, 2)", "float32", "last", "softmax", "Not trainable", "Trainable"):
        assert shown in full


@pytest.mark.parametrize(("rankdir", "wide"), [("TB", False), ("LR", True)])
def test_rankdir_turns_the_picture(tmp_path, rankdir, wide):
    x = y = keras.Input((4,))
    for _ in range(6):
        y = L.ReLU()(y)
    plot_model(keras.Model(x, y), tmp_path / "m.svg", rankdir=rankdir)
    root = ET.fromstring((tmp_path / "m.svg").read_text("utf-8"))
    assert (float(root.get("width")[:-2]) > float(root.get("height")[:-2])) == wide


def test_dpi_is_pixels_per_inch(model, tmp_path):
    plot_model(model, tmp_path / "one.png", dpi=72)
    plot_model(model, tmp_path / "two.png", dpi=144)
    one, two = (
        Image.open(io.BytesIO((tmp_path / name).read_bytes())) for name in ("one.png", "two.png")
    )
    assert two.width == pytest.approx(2 * one.width, abs=2)
    assert one.convert("L").getextrema()[0] < 80


def test_a_tensor_used_twice_has_two_edges(tmp_path):
    x = keras.Input((4,))
    plot_model(keras.Model(x, L.Multiply()([x, x])), tmp_path / "m.dot")
    assert (tmp_path / "m.dot").read_text("utf-8").count("n0 -> n1") == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_dot_file_is_dot(model, tmp_path):
    plot_model(model, tmp_path / "m.dot", show_shapes=True, expand_nested=True)
    (graph,) = pydot.graph_from_dot_file(tmp_path / "m.dot")
    assert len(graph.get_subgraphs()) == 2
    assert "ortho" not in graph.to_string()


def test_no_suffix_means_png(model, tmp_path):
    plot_model(model, tmp_path / "picture")
    assert Image.open(io.BytesIO((tmp_path / "picture").read_bytes())).format == "PNG"


def test_hostile_names_stay_text(tmp_path):
    x = keras.Input((4,), name="<b>&\"'\\")
    plot_model(
        keras.Model(x, L.ReLU(name="]]>\u202e")(x)), tmp_path / "m.svg", show_layer_names=True
    )
    assert any("<b>&\"'\\" in text for text in texts(tmp_path / "m.svg"))


def test_a_subclassed_model_is_drawn_from_inside_once_it_was_called(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = L.Dense(2)

        def call(self, x):
            return self.dense(x)

    own = Own()
    with pytest.raises(ValueError, match=r"."):
        plot_model(own, tmp_path / "m.svg")
    own(keras.ops.ones((1, 3)))
    plot_model(own, tmp_path / "m.svg", show_layer_names=True, show_trainable=True)
    assert "Dense" in " ".join(texts(tmp_path / "m.svg"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to_file": "m.pdf"}, r"must end in .*Received: 'm\.pdf'"),
        ({"rankdir": "XX"}, "must be TB, LR, BT or RL"),
        ({"splines": "wavy"}, "must be ortho, curved"),
        ({"dpi": 0}, "dpi must be a number above 0"),
        ({"layer_range": ["a", "b"]}, "no longer supported"),
        ({"colour": "red"}, "Unrecognized keyword arguments: {'colour': 'red'}"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    model, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        plot_model(model, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_said(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="folder must exist"):
        plot_model(model, tmp_path / "nowhere" / "m.png")


@pytest.mark.parametrize(("name", "kind"), [("m.png", "Image"), ("m.svg", "SVG"), ("m.dot", None)])
def test_a_notebook_gets_the_picture(model, tmp_path, monkeypatch, name, kind):
    assert plot_model(model, tmp_path / name) is None
    monkeypatch.setattr("IPython.get_ipython", lambda: types.SimpleNamespace())
    assert "IPython" in sys.modules
    shown = plot_model(model, tmp_path / name)
    if kind is None:
        assert shown is None
    else:
        assert isinstance(shown, getattr(display, kind))


@pytest.mark.parametrize(("branches", "zoom"), [(1, 1.0), (4, 0.6)])
def test_a_wide_one_is_shown_smaller_and_kept_as_it_is(tmp_path, monkeypatch, branches, zoom):
    x = keras.Input((4,))
    model = keras.Model(x, [keras.layers.Dense(2)(x) for _ in range(branches)])
    monkeypatch.setattr("IPython.get_ipython", lambda: types.SimpleNamespace())
    shown = ET.fromstring(plot_model(model, tmp_path / "m.svg", show_shapes=True).data)
    kept = ET.parse(tmp_path / "m.svg").getroot()
    assert shown.get("viewBox") == kept.get("viewBox")
    for side in ("width", "height"):
        points = [float(svg.get(side).removesuffix("pt")) for svg in (shown, kept)]
        assert points[0] == pytest.approx(zoom * points[1], abs=1)


def test_a_network_that_crashes_keras_own_is_drawn(tmp_path):
    network = keras.applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3))
    plot_model(network, tmp_path / "m.svg", show_shapes=True)
    root = ET.fromstring((tmp_path / "m.svg").read_text("utf-8"))
    nodes = [e for e in root.iter() if e.get("class") == "node"]
    assert len(nodes) == len(network.layers)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Xception", "MobileNetV3Small", "NASNetMobile", "EfficientNetB7"])
def test_the_other_networks_that_crash_keras_own_are_drawn(tmp_path, name):
    plot_model(getattr(keras.applications, name)(weights=None), tmp_path / "m.svg")
    root = ET.fromstring((tmp_path / "m.svg").read_text("utf-8"))
    assert sum(e.get("class") == "node" for e in root.iter()) > 100
