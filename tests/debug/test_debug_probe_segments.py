"""Segments that run a second time on the way back change no number, and bound what is held."""

import importlib
import random
import tempfile
import weakref

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

from keraslab.debug import _probe_run, _probe_sums, probe
from keraslab.debug._probe_segments import segments_of, steps_of
from keraslab.debug._probe_sums import Sums
from keraslab.graph import keras_internals
from keraslab.graph.keras_internals._segments import OnTape

RNG = np.random.default_rng(11)


class Noisy(L.Layer):
    """Noise from each place that a layer may take it from."""

    def call(self, x, training=False):
        if not training:
            return x
        drawn = random.random() + float(np.random.random())
        return x * drawn * (1.0 + 0.1 * keras.random.normal(ops.shape(x)))


class Paying(L.Layer):
    """Adds two losses, one of which no gradient comes from."""

    def call(self, x):
        self.add_loss(0.3 * ops.mean(ops.square(x)))
        self.add_loss(ops.sum(ops.cast(x > 0, "float32")))
        return x  # the very tensor it was given


class Splitting(L.Layer):
    """Its second output has a slope without end, and no gradient may come to it."""

    def call(self, x):
        return x * 2.0, ops.exp(ops.log(x * 0.0)), ops.argmax(x, axis=-1)


class Remembering(L.Layer):
    """What a call leaves in a variable the next call reads, slope and all."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1],), name="kernel")
        self.last = self.add_weight(shape=(shape[-1],), name="last", trainable=False)

    def call(self, x):
        now = x * self.kernel + self.last
        self.last.assign(ops.mean(now, axis=0))
        return now


def everything():
    x, ids = keras.Input((6, 6, 3), name="x"), keras.Input((5,), dtype="int32", name="ids")
    inner = keras.Input((6, 6, 4), name="inner")
    deep = L.Conv2D(4, 3, padding="same", activity_regularizer="l2")(inner)
    deep = L.Dropout(0.3)(L.BatchNormalization()(deep))
    nested = keras.Model(inner, L.Add(name="sum")([deep, inner]), name="nested")
    shared = L.Conv2D(4, 3, padding="same", kernel_regularizer="l2", name="shared")
    early = L.Conv2D(4, 1, name="early")(x)
    h = shared(early)
    h = L.Dropout(0.4, seed=3)(L.ReLU()(L.BatchNormalization()(h)))
    h = nested(Noisy(name="noisy")(h))
    h = shared(L.GaussianNoise(0.2)(h))
    h = nested(L.BatchNormalization()(h)) + early
    h = L.GlobalAveragePooling2D()(Paying(name="paying")(h))
    twice, endless, place = Splitting(name="splitting")(h)
    h = Noisy(name="again")(twice) + ops.stop_gradient(endless) + L.Embedding(4, 4)(place)
    remembering = Remembering(name="remembering")
    h = remembering(remembering(h))
    words = L.LSTM(4, name="lstm")(L.Embedding(9, 3, mask_zero=True, name="words")(ids))
    top = keras.Sequential([L.Dense(4, "tanh"), L.Dropout(0.2)], name="top")
    h = top(ops.concatenate([h, words], axis=-1))
    return keras.Model([x, ids], [L.Dense(1, name="one")(h), L.Dense(2, name="two")(h)])


def batch(samples):
    ids = RNG.integers(1, 9, (samples, 5))
    ids[:, 3:] = 0
    x = RNG.normal(size=(samples, 6, 6, 3)).astype("float32")
    return [x, ids], [RNG.normal(size=(samples, 1)), RNG.normal(size=(samples, 2))]


def cut(monkeypatch, room):
    """Cut every model into segments of so many bytes."""
    for name, value in (("_SMALL", -1), ("_ROOM", room), ("_SEGMENTS", 1e9)):
        monkeypatch.setattr(_probe_run, name, value)


def counted(monkeypatch):
    """How many calls there are in each segment that runs."""
    found = []
    as_segment = _probe_run.Runner._as_segment

    def noting(self, steps, *others):
        found.append(len(steps))
        as_segment(self, steps, *others)

    monkeypatch.setattr(_probe_run.Runner, "_as_segment", noting)
    return found


def assert_same(found, expected):
    assert found.loss == pytest.approx(expected.loss, rel=1e-6)
    assert np.isfinite(expected.loss)
    for one, other in zip(found.rows, expected.rows, strict=True):
        measured = [one.gradient, *(weight.gradient for weight in one.weights)]
        expecting = [other.gradient, *(weight.gradient for weight in other.weights)]
        assert measured == (pytest.approx(expecting, rel=1e-5) if expecting[0] else expecting)


@pytest.mark.parametrize(
    ("room", "training"),
    [(0, None), (6000, None), (40000, False)],
    ids=["each call", "some calls", "many calls, as in evaluate"],
)
def test_segments_change_no_number(monkeypatch, room, training):
    keras.utils.set_random_seed(2)
    model = everything()
    model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 3.0])
    x, y = batch(7)
    whole = probe(model, x, y, batch_size=4, training=training)
    losses = [len(layer._loss_ids) for layer in model._flatten_layers()]
    cut(monkeypatch, room)
    segments = counted(monkeypatch)
    assert_same(probe(model, x, y, batch_size=4, training=training), whole)
    assert all(np.isfinite(row.gradient) for row in whole.rows if row.gradient is not None)
    heard = [row.call for row in whole.rows if row.gradient]
    assert {"noisy#0", "paying#0", "remembering#1", "words#0", "nested#0/sum#0"} <= {*heard}
    assert len(segments) > 10
    assert (max(segments) == 1) == (room == 0)
    assert [len(layer._loss_ids) for layer in model._flatten_layers()] == losses


def test_a_mask_that_a_layer_takes_off_is_there_the_second_time(monkeypatch):
    ids = keras.Input((5,), dtype="int32")
    words = L.Embedding(9, 3, mask_zero=True)(ids)
    h = words + L.MultiHeadAttention(2, 3)(words, words, use_causal_mask=True)
    model = keras.Model(ids, L.Dense(1)(L.LayerNormalization()(h)))
    model.compile("sgd", "mse")
    (_, x), _ = batch(6)
    y = RNG.normal(size=(6, 5, 1))
    whole = probe(model, x, y)
    cut(monkeypatch, 0)
    segments = counted(monkeypatch)
    assert_same(probe(model, x, y), whole)
    assert len(segments) > 4


class DrawsWithTensorFlow(L.Layer):
    """Takes its noise from TensorFlow's own numbers."""

    def call(self, x):
        tf = importlib.import_module("tensorflow")
        return x * tf.random.uniform(()) * tf.random.normal(())


@pytest.mark.parametrize("seed", [4, None])
def test_what_tensorflow_draws_is_drawn_again_and_goes_on_after(monkeypatch, seed):
    tf = importlib.import_module("tensorflow")
    x = keras.Input((1,))
    first = L.Dense(1, use_bias=False, kernel_initializer="ones", name="first")
    noise = DrawsWithTensorFlow(name="noise")
    model = keras.Model(x, L.ReLU()(noise(first(x))))
    model.compile("sgd", loss=lambda y, out: ops.sum(out, axis=-1))
    data, nothing = RNG.normal(size=(5, 1)).astype("float32"), np.zeros((5, 1))
    try:
        tf.random.set_seed(seed)
        drawn = [float(tf.random.uniform(())) for _ in range(2)]
        tf.random.set_seed(seed)
        found = [float(tf.random.uniform(()))]
        whole = probe(model, data, nothing)
        cut(monkeypatch, 0)
        segments = counted(monkeypatch)
        in_parts = probe(model, data, nothing)
        found.append(float(tf.random.uniform(())))
    finally:
        tf.random.set_seed(None)
    assert len(segments) > 2
    for one in (whole, in_parts):
        # The loss is the kernel, which is one, times data and noise; so is the kernel's gradient.
        into = {row.call: row for row in one.rows}["first#0"].weights[0].gradient
        assert into == pytest.approx(one.loss, rel=1e-5)
        assert one.loss > 0
    if seed is not None:
        assert found == drawn
        assert_same(in_parts, whole)


def test_a_model_followed_in_its_code_is_cut_too(monkeypatch):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.norm = L.Dense(6, "relu"), L.BatchNormalization()
            self.drop, self.last = L.Dropout(0.5), L.Dense(1)

        def call(self, x, training=False):
            h = self.drop(self.norm(self.first(x), training=training), training=training)
            return self.last(ops.concatenate([h, x], axis=-1))

    model = Own()
    x, y = RNG.normal(size=(8, 3)).astype("float32"), RNG.normal(size=(8, 1))
    model(x)
    model.compile("sgd", "mse")
    whole = probe(model, x, y)
    cut(monkeypatch, 0)
    segments = counted(monkeypatch)
    assert_same(probe(model, x, y), whole)
    assert len(segments) >= 5


def chain(depth):
    x = h = keras.Input((16,), name="x")
    for _ in range(depth):
        h = L.Dense(16, "tanh")(h)
    model = keras.Model(x, L.Dense(1)(h))
    model.compile("sgd", "mse")
    return model


def most_alive(model, monkeypatch):
    """The most tensors that calls gave, and that were held at one time."""
    held, most = [], [0]

    def noting(name):
        original = getattr(OnTape, name)

        def noted(self, *given):
            found = original(self, *given)
            tensors = found if name == "segment" else [found]
            held.extend(weakref.ref(t) for t in tensors if len(t) == 32)
            held[:] = [ref for ref in held if ref() is not None]
            most[0] = max(most[0], len(held))
            return found

        monkeypatch.setattr(OnTape, name, noted)

    with monkeypatch.context() as monkeypatch:
        for name in ("tap", "segment"):
            noting(name)
        probe(model, RNG.normal(size=(32, 16)), np.zeros((32, 1)))
    return most[0]


def test_one_segment_and_what_passes_between_them_is_held(monkeypatch):
    model = chain(40)
    assert most_alive(model, monkeypatch) > 40
    cut(monkeypatch, 7 * 4 * (32 * 16 + 16 * 16 + 16))  # what seven calls give, and their weights
    segments = counted(monkeypatch)
    assert most_alive(model, monkeypatch) < 25
    assert 5 <= len(segments) <= 7


def test_cuts_are_where_little_passes():
    x = keras.Input((4,))
    h = L.Dense(4)(x)
    for number in range(6):
        wide = L.Dense(64, "relu", name=f"wide{number}")(h)
        wide = L.Activation("tanh", name=f"bent{number}")(wide)
        h = L.Dense(4, name=f"narrow{number}")(wide)
    nested = keras.Sequential([keras.Input((4,)), L.Dense(4)], name="nested")
    model = keras.Model(x, L.Dense(1)(nested(h)))
    steps = steps_of(model, None)
    sizes = {step.item: 4.0 * step.node.outputs[0].shape[-1] for step in steps}
    weights = 4 * (4 * 64 + 64 + 64 * 4 + 4)
    outputs = [id(model.outputs[0])]
    segments = segments_of(steps, outputs, sizes, 2.5 * (weights + 2 * 256 + 16))
    assert [step for segment in segments for step in segment] == steps
    ends = [segment[-1].item for segment in segments]
    assert ends[-2] == "nested#0"
    assert [len(s) for s in segments if s[-1].item == "nested#0"] == [1]
    assert len(ends) >= 5
    assert all("wide" not in end and "bent" not in end for end in ends)
    alone = segments_of(steps, outputs, sizes, 0)
    assert [len(segment) for segment in alone] == [1] * len(steps)
    assert len(segments_of(steps, outputs, sizes, 1e9)) == 3


@pytest.mark.parametrize("disk", ["free", "full"])
def test_sums_are_kept_in_a_file(monkeypatch, disk):
    monkeypatch.setattr(_probe_sums, "_ROOM", 100)
    monkeypatch.setattr(_probe_sums, "_BLOCK", 7)
    files, opened = [], tempfile.TemporaryFile

    def opening(**settings):
        if disk == "full":
            raise OSError("No space left on device")
        files.append(opened(**settings))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", opening)
    shapes = [(5,), (4, 10), (3,), (23,), (1, 1), ()]
    arrays = [[RNG.normal(size=s).astype("float32") for s in shapes] for _ in range(4)]
    sums = Sums()
    for part in arrays:
        for key, values in enumerate(part):
            sums.add(key, values)
    expected = [np.linalg.norm(np.ravel(sum(same))) for same in zip(*arrays, strict=True)]
    norms = dict(sums.norms())
    assert [norms[key] for key in range(6)] == pytest.approx(expected, rel=1e-6)
    kept = sum(values.nbytes for values in sums._held.values())
    assert kept <= 100 if disk == "free" else kept == 4 * 73
    sums.close()
    assert all(file.closed for file in files)
    assert len(files) == (disk == "free")


def test_sums_in_a_file_are_those_in_memory(monkeypatch):
    model, x, y = chain(3), RNG.normal(size=(8, 16)), np.zeros((8, 1))
    whole = probe(model, x, y, batch_size=3)
    monkeypatch.setattr(_probe_sums, "_ROOM", 0)
    assert probe(model, x, y, batch_size=3).rows == whole.rows


def heard_of(loss_of):
    """The loss and the gradients of what was tapped."""
    tf = pytest.importorskip("tensorflow")
    heard, model = {}, chain(1)

    def running():
        return keras_internals.running(model, training=True)

    with running():
        way = OnTape(tf, heard.__setitem__, model.layers, running)
        return way.loss(loss_of), heard


def test_what_is_not_plain_is_held():
    """A ragged tensor on the way is no reason to refuse."""

    def loss_of(tap, segment):
        import tensorflow as tf

        x = tap("x", ops.ones((2, 3)))
        made = segment(lambda given: [tf.RaggedTensor.from_tensor(given[0] * 2.0)], [x])
        return ops.sum(made[0].to_tensor())

    loss, heard = heard_of(loss_of)
    assert loss == 12
    assert heard["x"].tolist() == [[2.0] * 3] * 2


def test_masks_on_tensors_go_in_and_out():
    masks = []

    def body(given):
        masks.append(given[0]._keras_mask)
        made = given[0] * 3.0
        made._keras_mask = "of the result"
        return [made]

    def loss_of(tap, segment):
        x = ops.ones((2, 3))
        x._keras_mask = "of what is given"
        (made,) = segment(body, [tap("x", x)])
        assert made._keras_mask == "of the result"
        return ops.sum(made)

    _, heard = heard_of(loss_of)
    assert masks == ["of what is given"] * 2
    assert heard["x"].tolist() == [[3.0] * 3] * 2
