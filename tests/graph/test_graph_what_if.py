"""A changed graph is the graph of the model that Keras builds with the change in its config."""

import copy
from collections import OrderedDict

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as L

from keraslab.graph import ModelError, _change, read_graph, skeleton, what_if


def rebuilt(model, changes):
    """Keras' own answer: the model made again from its config with the change in it."""
    config = copy.deepcopy(model.get_config())
    for layer in config["layers"]:
        layer["config"].update(changes.get(layer["name"], {}))
        layer.pop("build_config", None)  # the shapes that the layers were built for before
    with skeleton():
        return type(model).from_config(config)


def told(graph):
    """All that a change may touch, without what only tells variables apart."""
    calls = [
        (
            c.id,
            c.inputs,
            c.outputs,
            c.rows,
            c.macs,
            [(w.shape, w.dtype, w.trainable) for w in c.weights],
        )
        for c in graph.calls
    ]
    return calls, graph.edges, graph.inputs, graph.outputs, graph.params, graph.macs


def same(model, changes):
    assert told(what_if(model, changes)) == told(read_graph(rebuilt(model, changes)))


@pytest.fixture(scope="module")
def tower():
    with skeleton():
        x = keras.Input((32, 32, 3), name="image")
        y = L.Conv2D(8, 3, padding="same", name="conv1")(x)
        y = L.BatchNormalization(name="norm")(y)
        y = L.ReLU(name="relu")(y)
        y = L.MaxPooling2D(name="pool")(y)
        y = L.SeparableConv2D(12, 3, name="conv2")(y)
        z = L.Conv2D(12, 1, name="side")(y)
        y = L.Add(name="add")([y, z * 2.0])
        y = L.Flatten(name="flat")(y)
        y = L.Dense(16, name="dense")(y)
        return keras.Model(x, L.Dense(4, name="out")(y), name="tower")


CHANGES = st.one_of(
    st.fixed_dictionaries({"conv1": st.fixed_dictionaries({"filters": st.integers(1, 40)})}),
    st.fixed_dictionaries(
        {"conv1": st.fixed_dictionaries({"strides": st.sampled_from([1, 2, 3])})}
    ),
    st.fixed_dictionaries(
        {"pool": st.fixed_dictionaries({"pool_size": st.sampled_from([2, 3, 4])})}
    ),
    st.fixed_dictionaries(
        {"conv2": st.fixed_dictionaries({"kernel_size": st.sampled_from([1, 3, 5])})}
    ),
    st.fixed_dictionaries({"dense": st.fixed_dictionaries({"units": st.integers(1, 99)})}),
    st.fixed_dictionaries(
        {
            "conv1": st.fixed_dictionaries({"filters": st.integers(1, 9)}),
            "out": st.fixed_dictionaries({"units": st.integers(1, 9), "use_bias": st.booleans()}),
        }
    ),
)


@given(CHANGES)
@settings(max_examples=25, deadline=None)
def test_a_changed_setting_gives_what_keras_builds(tower, changes):
    same(tower, changes)


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (keras.applications.MobileNetV2, {"predictions": {"units": 7}}),
        (keras.applications.MobileNetV2, {"Conv1": {"strides": 1}}),
        (keras.applications.ResNet50, {"conv3_block2_2_conv": {"kernel_size": [5, 5]}}),
        (keras.applications.ResNet50, {"conv5_block2_1_conv": {"filters": 99}}),
    ],
)
def test_networks_nobody_here_wrote(make, changes):
    with skeleton():
        model = make(weights=None)
    if "filters" in next(iter(changes.values())):
        changes = {**changes, "conv5_block2_2_conv": {"filters": 512}}
    same(model, changes)


def test_the_graph_before_and_the_model_stay_as_they_were(tower):
    graph = read_graph(tower)
    before = told(graph)
    config = str(tower.get_config())
    nodes = [len(read_graph(tower).calls), tower.count_params()]
    what_if(graph, {"conv1": {"filters": 40}})
    assert told(graph) == before == told(read_graph(tower))
    assert str(tower.get_config()) == config
    assert [len(read_graph(tower).calls), tower.count_params()] == nodes


def test_sizes_of_inputs_that_are_free():
    def build(size):
        with skeleton():
            return keras.applications.MobileNetV2(
                weights=None, input_shape=(size, size, 3), include_top=False, pooling="avg"
            )

    free, fixed = build(None), build(96)
    # Names are the same on every build in a skeleton, so all of it can be compared.
    assert told(what_if(free, sizes=(96, 96, 3))) == told(read_graph(fixed))


def test_the_batch_goes_through_all_shapes(tower):
    graph = what_if(tower, batch=5)
    assert {spec.shape[0] for call in graph.calls for spec in call.outputs} == {5}
    assert graph.macs == read_graph(tower).macs  # they are for one sample
    assert graph.inputs[0].spec.shape == (5, 32, 32, 3)


def test_several_inputs_are_sized_by_name():
    with skeleton():
        text = keras.Input((None,), dtype="int32", name="text")
        sound = keras.Input((None, 4), name="sound")
        y = L.LSTM(8, name="lstm")(L.Embedding(10, 6, mask_zero=True, name="words")(text))
        z = L.GlobalMaxPooling1D(name="pool")(L.Conv1D(8, 3, name="conv")(sound))
        model = keras.Model([text, sound], L.Add(name="add")([y, z]))
    graph = what_if(model, sizes={"text": (20,), "sound": (50, 4)})
    assert graph.call_by_id["words#0"].outputs[0].shape == (None, 20, 6)
    assert graph.call_by_id["conv#0"].outputs[0].shape == (None, 48, 8)
    assert read_graph(model).macs is None
    # 20 steps of four gates of 8 units on 6 + 8 values; 48 places of 8 filters on 3 x 4 values.
    assert graph.macs == 20 * 4 * 8 * (6 + 8) + 48 * 8 * 3 * 4


def test_shared_layers_change_together_and_nested_models_at_each_size():
    with skeleton():
        inner_x = keras.Input((None, None, 3), name="inner")
        inner = keras.Model(inner_x, L.Conv2D(4, 3, name="conv")(inner_x), name="eye")
        small, large = keras.Input((8, 8, 3), name="small"), keras.Input((16, 16, 3), name="large")
        pool = L.GlobalAveragePooling2D(name="pool")
        model = keras.Model(
            [small, large], L.Add(name="add")([pool(inner(small)), pool(inner(large))])
        )
    graph = what_if(model, {"conv": {"filters": 6}})
    convs = [call for call in graph.calls if call.name == "conv"]
    assert [call.outputs[0].shape for call in convs] == [(None, 6, 6, 6), (None, 14, 14, 6)]
    assert graph.params == 3 * 3 * 3 * 6 + 6
    assert len(graph.weights) == 2


@pytest.mark.parametrize("size", [16, 20])
def test_steps_and_sizes_go_through_wrappers(size):
    def build(steps, size):
        with skeleton():
            x = keras.Input((steps, size, size, 3), name="video")
            y = L.TimeDistributed(L.Conv2D(4, 3, name="conv"), name="each")(x)
            y = L.TimeDistributed(L.GlobalAveragePooling2D(name="pool"), name="all")(y)
            y = L.Bidirectional(L.LSTM(5, return_sequences=True, name="lstm"), name="both")(y)
            y = L.GlobalMaxPooling1D(name="max")(y)
            return keras.Model(x, L.Dense(2, name="out")(y), name="video_model")

    free, fixed = build(None, 16), build(7, size)
    assert told(what_if(free, sizes=(7, size, size, 3))) == told(read_graph(fixed))


@pytest.mark.parametrize(
    "around",
    [
        lambda: L.RNN(L.LSTMCell(4), name="around"),
        lambda: L.RNN([L.GRUCell(4), L.SimpleRNNCell(3)], name="around"),
        lambda: L.RNN(L.StackedRNNCells([L.LSTMCell(4), L.LSTMCell(3)]), name="around"),
        lambda: L.RNN(L.GRUCell(4), stateful=True, name="around"),
        lambda: L.Bidirectional(L.RNN(L.LSTMCell(4), name="inner"), name="around"),
        lambda: L.Bidirectional(L.GRU(4, stateful=True, name="inner"), name="around"),
        lambda: L.TimeDistributed(L.Dense(4, name="inner"), name="around"),
        lambda: L.SpectralNormalization(L.Dense(4, name="inner"), name="around"),
    ],
)
def test_layers_inside_others_get_weights_for_the_new_sizes(around):
    def build(units):
        x = keras.Input((5, 3), batch_size=2, name="x")
        y = around()(L.Dense(units, name="before")(x))
        return keras.Model(x, L.Dense(2, name="after")(y), name="wrapped")

    graph, fixed = what_if(build(3), {"before": {"units": 6}}), build(6)
    assert told(graph) == told(read_graph(fixed))
    assert graph.params == fixed.count_params()


def test_a_time_distributed_layer_at_the_end():
    def build(steps):
        with skeleton():
            x = keras.Input((steps, 6), name="x")
            y = L.TimeDistributed(L.Dense(3, name="dense"), name="each")(x)
            return keras.Model(x, y, name="steps")

    graph = what_if(build(None), sizes=(9, 6))
    assert told(graph) == told(read_graph(build(9)))
    assert graph.outputs[0].spec.shape == (None, 9, 3)


def test_a_shared_layer_cannot_have_two_weights():
    with skeleton():
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        first = L.Dense(4, name="first")(a)
        shared = L.Dense(2, name="shared")
        model = keras.Model([a, b], L.Add(name="add")([shared(first), shared(b)]))
    with pytest.raises(ModelError, match=r"shared \(Dense\) is shared.*\[\(5, 2\).*\[\(4, 2\)"):
        what_if(model, {"first": {"units": 5}})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"settings": {"conv": {}}}, r"no layer 'conv'. Did you mean 'conv[12]'\?"),
        (
            {"settings": {"conv1": {"filter": 3}}},
            r"no setting of conv1 \(Conv2D\) 'filter'.*'filters'",
        ),
        ({"settings": {"conv1": {"filters": -1}}}, r"conv1 \(Conv2D\) cannot be made"),
        (
            {"settings": {"conv2": {"filters": 9}}},
            r"add \(Add\) does not take \? × 14 × 14 × 9 and",
        ),
        ({"settings": {"pool": {"pool_size": 99}}}, r"pool \(MaxPooling2D\) does not take"),
        (
            {"sizes": (64, 64, 3)},
            r"dense \(Dense\) was made for \? × 2352 and would get \? × 10800",
        ),
        ({"sizes": {"img": (3,)}}, "no input 'img'. Did you mean 'image'"),
        (
            {"sizes": (64, 64)},
            r"'image' needs 3 sizes, such as \(32, 32, 3\). Received: \(64, 64\)",
        ),
        ({"sizes": "big"}, "Received: 'big'"),
        ({"sizes": (0, 64, 3)}, r"Received: \(0, 64, 3\)"),
        ({"batch": 0}, "Received: 0"),
        ({"batch": True}, "Received: True"),
    ],
)
def test_what_does_not_fit_is_said(tower, arguments, message):
    with pytest.raises(ModelError, match=message):
        what_if(tower, **arguments)


def test_sizes_that_cannot_be_joined_are_refused():
    with skeleton():
        x = keras.Input((None, None, 3), name="image")
        low = L.UpSampling2D(name="up")(L.MaxPooling2D(name="down")(x))
        model = keras.Model(x, L.Concatenate(name="join")([x, low]))
    graph = what_if(model, sizes=(34, 32, 3))
    assert graph.call_by_id["join#0"].outputs[0].shape == (None, 34, 32, 6)
    with pytest.raises(ModelError, match=r"join \(Concatenate\) does not take .* alike in all"):
        what_if(model, sizes=(33, 32, 3))


def test_names_of_several_inputs_are_asked_for():
    with skeleton():
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        model = keras.Model([a, b], L.Add(name="add")([a, b]))
    with pytest.raises(ModelError, match="2 inputs, so give a dict with their names: a, b"):
        what_if(model, sizes=(4,))


def test_what_was_worked_out_is_remembered(tower, monkeypatch):
    graph = read_graph(tower)
    made = []
    work_out = _change._work_out
    monkeypatch.setattr(
        _change, "_work_out", lambda call, *more: (made.append(call.id), work_out(call, *more))[1]
    )
    monkeypatch.setattr(_change, "_MEMO", OrderedDict())
    first = what_if(graph, {"dense": {"units": 23}})
    assert made == ["dense#0", "out#0"]  # the calls that need other weights, and no other
    # What the change does not reach is not even copied.
    before = {call.id: call for call in graph.calls}
    assert [c.id for c in first.calls if c is not before[c.id]] == ["dense#0", "out#0"]
    made.clear()
    assert told(what_if(graph, {"dense": {"units": 23}})) == told(first)
    assert made == []
