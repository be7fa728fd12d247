"""Reading configs and files: the same graph as that of the live model, and nothing runs."""

import copy
import io
import json
import struct
import time
import zipfile
from pathlib import Path

import awkward
import keras
import pytest

from keraslab.graph import ModelError, build_skeleton, read_graph
from keraslab.graph import keras_internals as internals

L = keras.layers


@pytest.fixture(autouse=True)
def _names():
    with internals.fresh_names():
        yield


def serialised(model: keras.Model) -> dict:
    """As a file holds it: tuples are lists."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(model)))


# -- equal to the live model


@pytest.mark.parametrize("name", list(awkward.PLAIN))
def test_a_config_reads_as_the_model(name) -> None:
    model = awkward.PLAIN[name]()
    if name == "nested_in_nested_twice":
        # Keras itself forgets that a model in two places is one.
        model = keras.Model.from_config(model.get_config())
    graph = awkward.plain(read_graph(model))
    assert awkward.plain(read_graph(model.get_config())) == graph
    config = serialised(model)
    before = copy.deepcopy(config)
    assert awkward.plain(read_graph(config)) == graph
    assert config == before


def test_a_file_reads_as_the_model(tmp_path) -> None:
    model = awkward.both_ways()
    path = tmp_path / "model.keras"
    model.save(path)
    graph = read_graph(path)
    assert graph.skeleton
    assert awkward.plain(graph) == awkward.plain(read_graph(model))
    assert awkward.plain(read_graph(str(path))) == awkward.plain(graph)


@pytest.mark.parametrize(
    "name",
    [
        "MobileNetV3Small",
        *[
            pytest.param(name, marks=pytest.mark.slow)
            for name in sorted(vars(keras.applications))
            if name[0].isupper() and callable(getattr(keras.applications, name))
            if name != "MobileNetV3Small"
        ],
    ],
)
def test_published_networks_read_from_their_configs(name) -> None:
    model = build_skeleton(getattr(keras.applications, name), weights=None).model
    graph = read_graph(model)
    assert graph.params == model.count_params()
    if None not in model.inputs[0].shape[1:]:
        assert graph.macs is not None
        assert graph.costs.inference_peak is not None
    assert awkward.plain(read_graph(serialised(model))) == awkward.plain(graph)


def test_frozen_parts_stay_frozen() -> None:
    model = awkward.nested_in_nested_twice()
    model.get_layer("inner").trainable = False
    assert read_graph(model).trainable_params == 0
    assert read_graph(serialised(model)).trainable_params == 0
    whole = awkward.shared_at_two_sizes()
    whole.trainable = False
    assert read_graph(serialised(whole)).trainable_params == 0


def test_nothing_is_left_behind() -> None:
    name = keras.backend.get_uid("probe")
    read_graph(serialised(awkward.several_outputs()))
    assert keras.backend.get_uid("probe") == name + 1
    assert not internals.in_stateless_scope()
    assert L.Dense(2)(keras.ops.ones((1, 3))).shape == (1, 2)


# -- what must not or cannot run


def with_strangers() -> keras.Model:
    class Mine(L.Layer):
        def call(self, x):
            raise RuntimeError("it ran")

        def compute_output_shape(self, shape):
            return (*shape[:-1], 7)

        def get_config(self):
            return {**super().get_config(), "note": "<script>"}

    x = keras.Input((6, 4), name="x")
    y = L.Lambda(lambda t: t[:, :3], name="cut")(x)
    y = Mine(name="mine")(y)
    return keras.Model(x, [L.Dense(2, name="dense")(y), L.Lambda(lambda t: t, name="end")(y)])


def test_a_lambda_and_an_unknown_class_are_boxes_with_their_config(tmp_path) -> None:
    model = with_strangers()
    path = tmp_path / "model.keras"
    model.save(path)
    for graph in (read_graph(path), read_graph(serialised(model))):
        cut, mine, end = (graph.call_by_id[f"{name}#0"] for name in ("cut", "mine", "end"))
        assert (cut.type, cut.kind, mine.type, mine.kind) == ("Lambda", "layer", "Mine", "layer")
        assert cut.outputs[0].shape == (None, 3, 4)
        assert mine.outputs[0].shape == (None, 3, 7)
        assert end.outputs[0].shape == (None,)  # nobody recorded it
        assert mine.config["note"] == "<script>"
        assert "function" in cut.config
        assert mine.arguments == ()
        assert (mine.macs, cut.macs, graph.macs) == (None, None, None)
        assert graph.unknown_params == ("mine#0",)
        assert graph.params == 16


def test_a_class_of_this_session_is_opened() -> None:
    @keras.saving.register_keras_serializable("awkward_test")
    class Doubled(L.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.dense = L.Dense(units, name="dense")

        def build(self, shape):
            self.dense.build(shape)

        def call(self, x):
            return self.dense(x) * 2.0

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    x = keras.Input((4,), name="x")
    model = keras.Model(x, Doubled(5, name="doubled")(x))
    graph = read_graph(serialised(model))
    assert awkward.plain(graph) == awkward.plain(read_graph(model))
    assert graph.params == 25


def config_with(layer: dict) -> dict:
    x = keras.Input((4,), name="x")
    config = serialised(keras.Model(x, L.ReLU(name="out")(L.Dense(3, name="dense")(x))))
    data = next(d for d in config["config"]["layers"] if d["name"] == "dense")
    data.update(layer)
    return config


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "os", "class_name": "system"},
        {"module": "keras.src.saving.saving_lib", "class_name": "load_model"},
        {"module": "keras.layers", "class_name": "TFSMLayer"},
        {"module": "keras.layers", "class_name": "TorchModuleWrapper"},
        {"module": "keras", "class_name": "__class__"},
        {"module": "keras.layers", "class_name": "Dense", "config": {"units": {"$": 1}}},
        {"module": "keras.layers", "class_name": "Dense", "config": None},
        {
            "module": "keras.layers",
            "class_name": "StringLookup",
            "config": {"name": "dense", "vocabulary": "/etc/passwd"},
        },
        {"module": None, "class_name": "Dense"},
        {"module": ["keras"], "class_name": "Dense"},
    ],
    ids=lambda layer: str(layer["class_name"]),
)
def test_what_is_not_known_to_be_harmless_is_a_box(layer, monkeypatch) -> None:
    graph = read_graph(config_with(layer))
    box = graph.call_by_id["dense#0"]
    assert (box.type, box.weights_known, box.macs) == (layer["class_name"], False, None)
    assert box.outputs[0].shape == (None, 3)


def test_an_unknown_function_leaves_the_layer_and_its_config() -> None:
    name = {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": 1}
    config = config_with({})
    data = next(d for d in config["config"]["layers"] if d["name"] == "dense")
    data["config"]["activation"] = name
    dense = read_graph(config).call_by_id["dense#0"]
    assert (dense.type, dense.params, dense.macs) == ("Dense", 15, 12)
    assert dense.config["activation"] == name


def test_a_lambda_in_a_wrapper_makes_the_wrapper_a_box() -> None:
    x = keras.Input((5, 4), name="x")
    y = L.TimeDistributed(L.Lambda(lambda t: t, output_shape=(4,)), name="each")(x)
    graph = read_graph(serialised(keras.Model(x, L.ReLU(name="out")(y))))
    assert [c.type for c in graph.calls] == ["InputLayer", "TimeDistributed", "ReLU"]
    assert graph.calls[1].outputs[0].shape == (None, 5, 4)


def test_an_unknown_class_in_a_sequential_model() -> None:
    class Own(L.Layer):
        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((4,), name="x"), Own(name="own"), L.Dense(2, name="d")])
    graph = read_graph(serialised(model))
    assert [c.id for c in graph.calls] == ["x#0", "own#0", "d#0"]
    assert graph.call_by_id["own#0"].outputs[0].shape == (None, 4)
    assert graph.params == 10


# -- broken, hostile, huge


def circle() -> dict:
    config = config_with({})
    layers = config["config"]["layers"]
    dense = next(d for d in layers if d["name"] == "dense")
    text = json.dumps(dense["inbound_nodes"]).replace('["x", 0, 0]', '["out", 0, 0]')
    dense["inbound_nodes"] = json.loads(text)
    return config


def elsewhere() -> dict:
    text = json.dumps(config_with({})).replace('["dense", 0, 0]', '["nowhere", 3, 1]')
    return json.loads(text)


def endless() -> dict:
    config = config_with({})
    config["config"]["layers"].append(config)
    return config


def without_end() -> dict:
    config = config_with({})
    config["config"]["output_layers"] = [["dense"]]
    return config


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, ["empty", "get_config()"]),
        ({"class_name": "Mine", "config": {"a": 1}}, ["'Mine'", "no layers"]),
        ({"layers": []}, ["no layers"]),
        ({"layers": 7, "name": "x"}, ["no layers"]),
        ({"layers": [7], "input_layers": [], "output_layers": []}, ["no config"]),
        ({"layers": [{}], "input_layers": [], "output_layers": []}, ["without a name"]),
        ({"name": "s", "layers": [{"class_name": "Dense", "config": {"units": 1}}]}, ["shape"]),
        (circle(), ["circle", "'dense'"]),
        (elsewhere(), ["'nowhere'", "does not list"]),
        (without_end(), ["says not where"]),
    ],
)
def test_a_broken_config_gets_one_sentence(config, words) -> None:
    with pytest.raises(ModelError) as caught:
        read_graph(config)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_a_config_that_holds_itself_ends() -> None:
    with pytest.raises(ModelError, match="deep"):
        read_graph(endless())


def chain(count: int, backwards: bool) -> dict:
    def tensor(name: str) -> dict:
        config = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, 0, 0]}
        return {"class_name": "__keras_tensor__", "config": config}

    config = serialised(keras.Model(x := keras.Input((4,), name="n0"), L.ReLU(name="n1")(x)))
    first, relu = config["config"]["layers"]
    layers = [first]
    for n in range(1, count + 1):
        data = copy.deepcopy(relu)
        data["name"] = data["config"]["name"] = f"n{n}"
        data["inbound_nodes"] = [{"args": [tensor(f"n{n - 1}")], "kwargs": {}}]
        layers.append(data)
    config["config"]["layers"] = layers[::-1] if backwards else layers
    config["config"]["output_layers"] = [[f"n{count}", 0, 0]]
    return config


@pytest.mark.parametrize("backwards", [False, True])
def test_long_configs_in_any_order_take_time_in_proportion(backwards) -> None:
    def seconds(count: int) -> float:
        config = chain(count, backwards)
        start = time.process_time()
        assert len(read_graph(config).calls) == count + 1
        return time.process_time() - start

    seconds(50)
    assert seconds(1200) < 16 * seconds(200)


@pytest.mark.slow
def test_ten_thousand_layers() -> None:
    start = time.process_time()
    assert len(read_graph(chain(10_000, True)).calls) == 10_001
    assert time.process_time() - start < 120


# -- files


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name.replace("_json", ".json"), content)
    return buffer.getvalue()


def lying_about_its_size() -> bytes:
    data = bytearray(archive(config_json=b" " * (65 * 2**20)))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 100)
    return bytes(data)


def far_too_many_files() -> bytes:
    data = bytearray(archive(config_json=b"{}"))
    struct.pack_into("<I", data, data.rfind(b"PK\x05\x06") + 12, 2**31)
    return bytes(data)


GOOD = archive(config_json=json.dumps(config_with({})).encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["no .keras file"]),
        (b"not a zip at all" * 99, ["no .keras file"]),
        (GOOD[: len(GOOD) // 2], ["no .keras file"]),
        (GOOD[:40] + b"\x00" * 60 + GOOD[100:], ["damaged"]),
        (archive(other=b"1"), ["holds no config.json"]),
        (archive(config_json=b"{"), ["no JSON"]),
        (archive(config_json=b"[" * 100_000), ["no JSON"]),
        (archive(config_json=b"[1, 2]"), ["describes no model"]),
        (archive(config_json=b"{}"), ["empty"]),
        (archive(config_json=b" " * (65 * 2**20)), ["64 MB"]),
        (lying_about_its_size(), ["model.keras"]),
        (far_too_many_files(), ["far more files"]),
    ],
    ids=range(12),
)
def test_a_damaged_file_gets_one_sentence(content, words, tmp_path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_graph(path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_paths_that_are_no_model(tmp_path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        read_graph(tmp_path / "gone.keras")
    with pytest.raises(ModelError, match=r"only the config in a \.keras file.*model\.save"):
        read_graph("model.h5")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(ModelError, match="cannot be read"):
        read_graph(tmp_path / "folder.keras")


def test_the_weights_in_a_file_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(archive(config_json=json.dumps(config_with({})).encode(), **{"w.h5": b"?"}))
    assert read_graph(path).params == 15
