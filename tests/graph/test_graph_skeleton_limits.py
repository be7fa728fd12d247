"""Skeletons beside other threads, in little memory, and on names that Keras may move."""

import gc
import subprocess
import sys
import threading
import weakref

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab.graph import build_skeleton, is_skeleton, keras_internals, materialize, skeleton


def small():
    inputs = L.Input((8,))
    model = keras.Model(inputs, L.Dense(1)(L.Dropout(0.2)(L.Dense(4)(inputs))))
    model.compile("sgd", "mse")
    return model


def in_thread(work):
    found = []

    def run():
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def test_skeletons_do_not_touch_a_fit_in_another_thread():
    x = np.random.default_rng(0).random((64, 8)).astype("float32")
    y = x.sum(1, keepdims=True)

    def train(model, callbacks=()):
        return model.fit(x, y, batch_size=8, epochs=3, verbose=0, callbacks=list(callbacks)).history

    keras.utils.set_random_seed(1)
    expected = train(small())
    keras.utils.set_random_seed(1)
    model = small()
    began, go_on = threading.Event(), threading.Event()

    def wait(*_):
        began.set()
        assert go_on.wait(60)

    hook = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: wait() if epoch else 0)
    found = []
    state = keras_internals.capture_thread_state()

    def run():
        with state:
            found.append(train(model, [hook]))
            new = small()
            found.append((is_skeleton(new), new.get_weights()[0].shape, new.optimizer is not None))

    thread = threading.Thread(target=run)
    thread.start()
    assert began.wait(60)
    with skeleton():
        made = small()
        go_on.set()
        thread.join()
        assert is_skeleton(small())
    assert is_skeleton(made)
    assert found == [expected, (False, (8, 4), True)]


def test_two_threads_build_and_make_real_at_once():
    with skeleton():
        model = small()
    barrier = threading.Barrier(4)
    failed = []

    def work():
        try:
            barrier.wait()
            for _ in range(5):
                materialize(build_skeleton(small).model)
            materialize(model)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert keras_internals._listening._patched == []
    assert model.predict(np.zeros((1, 8)), verbose=0).shape == (1, 1)


def look():
    return (
        keras.config.dtype_policy().name,
        keras.layers.Dense(1).name,
        keras.saving.get_custom_objects().get("Mine"),
        keras.config.is_traceback_filtering_enabled(),
        keras.saving.get_registered_object("Mine"),
    )


def test_the_state_of_a_thread_arrives_in_another():
    plain = in_thread(look)
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        keras.config.disable_traceback_filtering()
        L.Dense(1)
        with keras.saving.custom_object_scope({"Mine": small}):
            state = keras_internals.capture_thread_state()

            def carried():
                with state:
                    inside = look()
                return inside, look()

            inside, after = in_thread(carried)
            assert after == plain
            assert inside == look() != plain
            assert inside[0] == "mixed_float16"
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.enable_traceback_filtering()


def test_seeds_arrive_in_another_thread():
    def draw():
        return np.array(keras.random.normal((3,))).tolist()

    def draw_with(state):
        with state:
            return draw()

    for before in (0, 1):
        draws = []
        for how in ("main", "thread"):
            keras.utils.set_random_seed(9)
            for _ in range(before):
                draw()
            if how == "main":
                draws.append(draw())
            else:
                state = keras_internals.capture_thread_state()
                draws.append(in_thread(lambda state=state: draw_with(state)))
        assert draws[0] == draws[1]


def test_a_skeleton_can_be_built_in_one_thread_and_made_real_in_another():
    keras.utils.set_random_seed(4)
    expected = small().get_weights()
    keras.utils.set_random_seed(4)
    state = keras_internals.capture_thread_state()

    def build():
        with state:
            return build_skeleton(small).model

    model = materialize(in_thread(build))
    for one, other in zip(expected, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rebuilds_leave_nothing_behind():
    from keras.src.backend.common import global_state

    base = keras.Sequential([L.Input((8,)), L.Dense(3)])

    def build():
        inputs = L.Input((8,))
        model = keras.Model(inputs, L.Dense(1)(base(L.Dense(8)(inputs))))
        model.compile("adam", "mse")
        return model

    def sizes():
        held = vars(global_state.GLOBAL_STATE_TRACKER)
        return {k: len(v) for k, v in held.items() if hasattr(v, "__len__")}

    models = weakref.WeakSet()
    models.add(build_skeleton(build).model)
    gc.collect()
    before = sizes()
    for _ in range(40):
        models.add(build_skeleton(build).model)
    gc.collect()
    assert len(models) == 0
    assert sizes() == before


GPT = """
import gc, keras, psutil
from keras import layers as L
from keraslab.graph import read_graph, skeleton
def build(width, depth):
    x = inputs = L.Input((1024,), dtype="int32")
    x = L.Embedding(50257, width)(x)
    for _ in range(depth):
        y = L.LayerNormalization()(x)
        x = x + L.MultiHeadAttention(25, width // 25)(y, y)
        y = L.Dense(4 * width, "gelu")(L.LayerNormalization()(x))
        x = x + L.Dense(width)(y)
    return keras.Model(inputs, L.LayerNormalization()(x))
def read(width, depth):
    with skeleton():
        graph = read_graph(build(width, depth))
    return graph, graph.costs.inference_peak
read(50, 1)
gc.collect()
before = psutil.Process().memory_info().rss
graph, peak = read(1600, 48)
grown = psutil.Process().memory_info().rss - before
print(graph.params, graph.macs, peak, grown)
"""


@pytest.mark.slow
def test_a_model_of_a_billion_parameters_costs_little():
    output = subprocess.run(
        [sys.executable, "-c", GPT], capture_output=True, text=True, check=True
    ).stdout
    parameters, macs, peak, grown = map(int, output.split())
    assert parameters > 1_500_000_000
    assert macs > 1024 * 1_400_000_000  # each weight outside the table, at each of the steps
    assert peak > 0
    assert grown < 30 * 2**20


def test_every_private_name_of_keras_is_where_it_was():
    assert keras_internals.moved_names() == []


def test_a_moved_name_is_named(monkeypatch):
    monkeypatch.delattr(keras.Layer, "_open_name_scope")
    assert keras_internals.moved_names() == ["keras.Layer._open_name_scope"]


def test_a_name_that_only_a_probe_needs_is_named_and_breaks_nothing_else(monkeypatch):
    monkeypatch.delattr("keras.src.trainers.compile_utils.CompileLoss")
    assert keras_internals.moved_names() == ["keras.src.trainers.compile_utils.CompileLoss"]
