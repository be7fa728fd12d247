"""What strangers' files, other threads and odd layers must not do to a reading."""

import contextlib
import gc
import json
import os
import random
import signal
import threading
import zipfile

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph import ModelError, diff, read_graph, summary, what_if


@pytest.fixture
def soon():
    """Half a minute, then the test fails; it never waits for ever."""

    def late(*_):
        pytest.fail("it took longer than 30 seconds")

    if hasattr(signal, "setitimer"):
        before = signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, 30)
    yield
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def chain(*layers, shape=(8, 8, 3), **options):
    x = y = keras.Input(shape, name="x")
    for layer in layers:
        y = layer(y)
    return keras.Model(x, y, **options)


def file_of(text, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", text)
    return path


def one_layer(kind, **config):
    entry = {"module": "keras.layers", "class_name": "InputLayer", "config": {}}
    entry["config"] = {"batch_shape": [None, 8], "name": "i"}
    layer = {"module": "keras.layers", "class_name": kind, "config": {"name": "one", **config}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [entry, layer]}}


# -- what waits, or grows, for ever


@pytest.mark.usefixtures("soon")
def test_lists_that_hold_themselves_many_times_are_refused_at_once():
    circle = []
    circle.extend([circle] * 60)
    with pytest.raises(ModelError, match="A Keras model is needed"):
        read_graph(circle)


@pytest.mark.usefixtures("soon")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe.keras"
    os.mkfifo(path)
    with pytest.raises(ModelError, match="is no ordinary file"):
        read_graph(path)


@pytest.mark.usefixtures("soon")
def test_a_config_of_very_many_layers_is_a_sentence():
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}}
    config = one_layer("Dense", units=1)
    config["config"]["layers"] += [dense] * 200_000
    with pytest.raises(ModelError, match="more than 25,000 layers"):
        read_graph(config)


@pytest.mark.usefixtures("soon")
def test_a_config_of_very_many_parts_is_not_unpacked(tmp_path):
    text = '{"config":{"layers":[' + "[]," * 4_000_000 + "[]]}}"
    with pytest.raises(ModelError, match="2,000,000 parts"):
        read_graph(file_of(text, tmp_path / "bomb.keras"))


@pytest.mark.usefixtures("soon")
def test_a_lookup_of_very_many_spare_entries_stays_a_box():
    config = one_layer("IntegerLookup", vocabulary=[1, 2], num_oov_indices=10**9)
    call = read_graph(config).calls[1]
    assert (call.type, call.weights_known) == ("IntegerLookup", False)


def test_a_constant_of_a_huge_text_dtype_is_not_made():
    x = keras.Input((8,), name="x")
    config = keras.saving.serialize_keras_object(keras.Model(x, x + np.ones(8, "float32")))
    text = json.dumps(config)
    assert '"dtype": "float32"}}' in text
    graph = read_graph(json.loads(text.replace('"dtype": "float32"}}', '"dtype": "S99999999"}}')))
    assert graph.unknown_macs  # a box, whose costs are not known


def test_a_name_of_very_many_levels_is_read():
    name = "__".join(["a"] * 3000)
    graph = read_graph(chain(L.Dense(2, name=f"{name}__b"), L.Dense(2, name=f"{name}__c")))
    assert (len(graph.calls), len(graph.groups)) == (3, 50)


# -- what must stay as it was


@pytest.mark.parametrize("way", ["config", "file", "settings", "difference"])
def test_reading_draws_no_random_numbers(way, tmp_path):
    model = chain(L.Dense(3, name="d"), L.Dropout(0.3, name="drop"), L.Dense(2))
    model.save(tmp_path / "m.keras")
    config = model.get_config()
    keras.utils.set_random_seed(3)
    before = random.getstate()
    {
        "config": lambda: read_graph(config),
        "file": lambda: read_graph(tmp_path / "m.keras"),
        "settings": lambda: what_if(model, {"drop": {"rate": 0.4}, "d": {"units": 31}}),
        "difference": lambda: diff(model, config),
    }[way]()
    assert random.getstate() == before


class _Slow(L.Layer):
    """A layer whose call gives other threads time to look at it."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = L.Dense(4)
        self.meet = None

    def call(self, x):
        y = self.inner(x)
        if self.meet is not None:
            with contextlib.suppress(threading.BrokenBarrierError):
                self.meet.wait(0.3)
        return y + 1.0


def test_two_threads_that_read_one_model_leave_its_layers_as_they_were():
    layer = _Slow(name="slow")
    model = chain(layer, shape=(4,))
    layer.meet = threading.Barrier(2)
    before = {part: set(vars(part)) for part in (layer, layer.inner)}
    threads = [threading.Thread(target=read_graph, args=(model,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {part: set(vars(part)) for part in before} == before


def test_many_settings_tried_do_not_pile_up():
    model = chain(L.Dense(8, name="z"), L.Dense(8, name="o"), shape=(32,))
    for units in range(1, 301):
        what_if(model, {"z": {"units": units}})
    gc.collect()
    before = len(gc.get_objects())
    for units in range(301, 601):
        what_if(model, {"z": {"units": units}})
    gc.collect()
    assert len(gc.get_objects()) - before < 10_000


# -- what would be


def test_trainable_and_dtype_are_settings_too():
    model = chain(L.Dense(4, name="d"), L.Dense(2, name="o"))
    frozen = what_if(model, {"d": {"trainable": False}})
    assert (model.count_params(), frozen.trainable_params) == (26, 10)
    assert what_if(frozen, {"d": {"trainable": True}}).trainable_params == 26
    half = what_if(model, {"d": {"dtype": "float16"}})
    assert [w.dtype for w in half.call_by_id["d#0"].weights] == ["float16"] * 2
    assert not diff(half, chain(L.Dense(4, dtype="float16"), L.Dense(2)))


def test_a_frozen_layer_stays_frozen_when_it_grows():
    layer = L.Dense(4, name="d")
    model = chain(layer, L.Dense(2, name="o"))
    layer.trainable = False
    assert what_if(model, {"d": {"units": 5}}).trainable_params == 5 * 2 + 2


@pytest.mark.parametrize(
    "layer",
    [
        L.PReLU(name="odd"),
        L.LayerNormalization(axis=[1, 2], name="odd"),
        L.BatchNormalization(axis=1, name="odd"),
        L.EinsumDense("bhwc,hd->bdwc", output_shape=(5, 8, 3), name="odd"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_size_on_which_weights_depend_is_refused(layer):
    with pytest.raises(ModelError, match="needs other weights"):
        what_if(chain(layer), sizes=(16, 8, 3))


def test_sizes_on_which_no_weight_depends_are_followed():
    model = chain(L.BatchNormalization(axis=1, name="n"), L.PReLU(shared_axes=[2, 3], name="p"))
    wider = what_if(model, sizes=(8, 20, 30))
    assert wider.outputs[0].spec.shape == (None, 8, 20, 30)
    assert wider.params == 4 * 8 + 8


@pytest.mark.parametrize("settings", [["d"], {"d": None}, {"d": 5}, "d"])
def test_settings_that_are_none_say_how_they_are_given(settings):
    with pytest.raises(ModelError, match=r"what_if\(settings=\.\.\.\): give .*'filters': 32"):
        what_if(chain(L.Dense(4, name="d")), settings)


def test_a_setting_that_a_layer_refuses_says_why():
    with pytest.raises(ModelError, match=r"with these settings: Received an invalid value for"):
        what_if(chain(L.Dense(4, name="d")), {"d": {"units": -1}})


# -- unknown is unknown


def test_unknown_weights_are_no_zero():
    model = chain(L.Dense(3, name="d"), L.Dense(4, name="other"))
    config = keras.saving.serialize_keras_object(model)
    layer = config["config"]["layers"][2]
    layer |= {"class_name": "Foreign", "module": "nowhere", "registered_name": "nowhere>Foreign"}
    graph = read_graph(config)
    assert graph.unknown_params == ("other#0",)
    table = summary(graph)
    assert [row.params for row in table.rows] == ["0", "12", "unknown"]
    assert table.totals[0].startswith("Weights: ≥ 12 ")
    assert table.totals[0].endswith("(1 call unknown)")
    totals = {total.name: total for total in diff(graph, chain(L.Dense(3))).totals}
    assert totals["parameters"].a is totals["parameters"].difference is None
    assert totals["trainable"].a is None


class _OwnScale(L.Layer):
    """A layer with a weight that no call inside shows."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale")
        self.built = True

    def call(self, x):
        return x * 2.0


def test_a_box_for_own_weights_hides_no_memory():
    graph = read_graph(chain(_OwnScale(name="own"), shape=(8,)))
    (box,) = [call for call in graph.calls if call.arguments == ("own weights",)]
    assert (box.params, box.outputs, graph.costs.memory[box.id]) == (8, (), 0)
    assert graph.costs.unknown_memory == ()
    assert graph.costs.inference_peak == 2 * 8 * 4


def stateful(units):
    x = keras.Input(batch_shape=(4, 6, 3), name="x")
    y = L.GRU(units, stateful=True, return_sequences=True, name="gru")(x)
    return keras.Model(x, L.LSTM(2, stateful=True, name="lstm")(y))


def test_a_layer_that_keeps_its_states_is_read_and_changed(tmp_path):
    model = stateful(5)
    model.save(tmp_path / "m.keras")
    for given in (model.get_config(), tmp_path / "m.keras"):
        graph = read_graph(given)
        assert not diff(model, graph)
        assert graph.call_by_id["gru#0"].config["stateful"] is True
        assert graph.params == model.count_params()
    wider = what_if(model, {"gru": {"units": 7}})
    assert not diff(wider, stateful(7))
    assert wider.call_by_id["gru#0"].config["stateful"] is True
    assert not diff(what_if(wider, {"gru": {"units": 5}}), model)


@pytest.mark.parametrize("wrapper", ["Bidirectional", "TimeDistributed"])
def test_a_wrapped_layer_that_keeps_its_states_is_read(wrapper, tmp_path):
    shape = (4, 6, 3) if wrapper == "Bidirectional" else (4, 2, 6, 3)
    x = keras.Input(batch_shape=shape, name="x")
    layer = getattr(L, wrapper)(L.LSTM(5, stateful=True), name="wrapped")
    model = keras.Model(x, layer(x))
    model.save(tmp_path / "m.keras")
    for given in (model.get_config(), tmp_path / "m.keras"):
        graph = read_graph(given)
        assert not diff(model, graph)
        assert graph.params == model.count_params() > 0
