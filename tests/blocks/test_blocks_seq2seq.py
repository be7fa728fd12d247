import keras
import numpy as np
import pytest

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MAKE = {
    "gru": lambda: B.RecurrentSeq2Seq(11, 13, 6),
    "lstm-one-way": lambda: B.RecurrentSeq2Seq(11, 13, 6, cell="lstm", bidirectional=False),
    "transformer": lambda: B.TransformerSeq2Seq(11, 13, 8, depth=2, heads=2),
    "transformer-pre": lambda: B.TransformerSeq2Seq(11, 13, 8, depth=2, heads=2, pre_norm=True),
}


def array(x):
    return keras.ops.convert_to_numpy(x)


def ids(name=None, length=None):
    return keras.Input((length,), dtype="int32", name=name)


class Built:
    """The training graph and the two models of inference of one block, with large weights."""

    def __init__(self, make):
        self.block = make()
        source, target = ids(), ids()
        self.model = keras.Model([source, target], self.block(source, target))
        known = self.block.encode(source)
        self.encoder = keras.Model(source, known)
        given = {key: keras.Input(x.shape[1:], name=key) for key, x in known.items()}
        self.recurrent = "state" in known
        so_far = ids("so_far", 1) if self.recurrent else ids("so_far")
        self.step = keras.Model({"so_far": so_far, **given}, self.block.step(so_far, **given))
        self.scores = keras.Model([source, target], self.block.scores(source, target))
        random = np.random.default_rng(3)
        for weight in self.model.weights:  # as they begin, all states are nearly zero
            weight.assign(array(weight) + random.normal(scale=0.6, size=weight.shape))

    def known(self, source):
        return {key: array(x) for key, x in self.encoder(source).items()}


@pytest.fixture(params=MAKE, scope="module")
def built(request):
    return Built(MAKE[request.param])


def data(samples=4, source=7, target=5, seed=0):
    random = np.random.default_rng(seed)
    x = random.integers(1, 11, (samples, source)).astype("int32")
    x[0, 4:] = 0
    return x, random.integers(1, 13, (samples, target)).astype("int32")


def test_step_by_step_equals_the_training_graph(built):
    source, target = data()
    whole = array(built.model([source, target]))
    assert whole.std() > 0.05  # the weights say something
    known = built.known(source)
    for i in range(target.shape[1]):
        so_far = target[:, i : i + 1] if built.recurrent else target[:, : i + 1]
        now = {key: array(x) for key, x in built.step({"so_far": so_far, **known}).items()}
        np.testing.assert_allclose(now["next"][:, -1], whole[:, i], atol=1e-5)
        if built.recurrent:
            assert not np.allclose(now["state"], known["state"])
            known["state"] = now["state"]


def test_inference_has_no_weights_of_its_own(built):
    parts = {id(w) for part in (built.encoder, built.step) for w in part.weights}
    assert parts == {id(w) for w in built.model.weights}
    assert {id(w) for w in built.scores.weights} < parts
    assert set(built.block.parts) == {"encoder", "decoder"}


def test_padding_of_the_source_changes_nothing(built):
    source, target = data()
    whole, maps = array(built.model([source, target])), array(built.scores([source, target]))
    short = source[:1, :4]
    np.testing.assert_allclose(array(built.model([short, target[:1]])), whole[:1], atol=1e-5)
    np.testing.assert_array_equal(maps[0, ..., 4:], 0)
    longer = np.pad(source, ((0, 0), (0, 3)))
    np.testing.assert_allclose(array(built.model([longer, target])), whole, atol=1e-5)
    assert not built.known(longer)["memory"][:, 7:].any()
    other = np.where(source == 0, 5, source)  # the same length, no padding
    assert np.abs(array(built.model([other, target])) - whole)[0].max() > 1e-4


def test_no_step_sees_what_comes_later(built):
    source, target = data()
    whole = array(built.model([source, target]))
    for i in range(1, target.shape[1]):
        changed = target.copy()
        changed[:, i:] = changed[:, i:] % 12 + 1
        now = array(built.model([source, changed]))
        np.testing.assert_allclose(now[:, :i], whole[:, :i], atol=1e-6)
        assert np.abs(now[:, i] - whole[:, i]).max() > 1e-4


def test_order_of_the_source_matters(built):
    source, target = data()
    now, turned = (array(built.model([x, target])) for x in (source, source[:, ::-1].copy()))
    assert np.abs(now - turned)[1:].max(axis=(1, 2)).min() > 1e-4


def test_maps_are_shares(built):
    source, target = data()
    maps = array(built.scores([source, target]))
    assert maps.shape == ((4, 5, 7) if built.recurrent else (4, 2, 5, 7))
    np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
    assert maps[1:].std() > 0.01


def test_padding_of_the_target_is_left_out_of_the_loss(built):
    source, target = data()
    target[:, 3:] = 0
    built.model.compile("sgd", "sparse_categorical_crossentropy")
    wanted = np.roll(target, -1, axis=1)
    loss = built.model.evaluate([source, target], wanted, verbose=0)
    right = array(built.model([source, target]))[:, :3]
    picked = np.take_along_axis(right, wanted[:, :3, None], axis=-1)
    # Keras takes the mean over the steps that are not padding.
    assert loss == pytest.approx(-np.log(picked).mean(), rel=1e-4)


def test_every_weight_learns_once_states_are_large(built):
    source, target = data()
    built.model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    before = [array(w).copy() for w in built.model.trainable_weights]
    built.model.train_on_batch([source, target], np.random.default_rng(0).normal(size=(4, 5, 13)))
    for weight, old in zip(built.model.trainable_weights, before, strict=True):
        if not weight.path.endswith("key/bias"):
            assert not np.array_equal(array(weight), old), weight.path


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(x, h, layer):
    """Return the state after one step of Keras' GRU (reset after the product)."""
    kernel, recurrent, bias = map(array, layer.weights)
    a, b = np.split(x @ kernel + bias[0], 3, -1), np.split(h @ recurrent + bias[1], 3, -1)
    z, r = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
    return z * h + (1 - z) * np.tanh(a[2] + r * b[2])


def test_recurrent_equals_numpy():
    built = Built(lambda: B.RecurrentSeq2Seq(11, 13, 6))
    encoder, decoder = built.block.parts["encoder"].parts, built.block.parts["decoder"].parts
    source, target = np.array([[3, 1, 9]]), np.array([[12, 4]])

    x = array(encoder["embedding"].embeddings)[source[0]]
    forward, h = [], np.zeros(6)
    for row in x:
        forward.append(h := gru(row, h, encoder["rnn"].forward_layer))
    backward, h = [], np.zeros(6)
    for row in x[::-1]:
        backward.insert(0, h := gru(row, h, encoder["rnn"].backward_layer))
    memory = np.concatenate([forward, backward], axis=-1)
    kernel, bias = map(array, encoder["bridge"].weights)
    state = np.tanh(h @ kernel + bias)  # of the backward reader, at the first id
    known = built.known(source)
    np.testing.assert_allclose(known["memory"][0], memory, atol=1e-5)
    np.testing.assert_allclose(known["state"][0], state, atol=1e-5)

    attention = decoder["attention"].parts
    w, u = array(attention["query"].kernel), array(attention["key"].kernel)
    v = array(attention["attention"].scale)
    rows, maps = [], []
    for row in array(decoder["embedding"].embeddings)[target[0]]:
        state = gru(row, state, decoder["gru"])
        score = np.exp(np.tanh(state @ w + memory @ u) @ v)
        maps.append(score / score.sum())
        y = np.concatenate([maps[-1] @ memory, state])
        for part, function in (("readout", np.tanh), ("output", np.exp)):
            kernel, bias = map(array, decoder[part].weights)
            y = function(y @ kernel + bias)
        rows.append(y / y.sum())
    np.testing.assert_allclose(array(built.model([source, target]))[0], rows, atol=1e-5)
    np.testing.assert_allclose(array(built.scores([source, target]))[0], maps, atol=1e-5)


def test_inputs_are_two_arguments_or_a_list():
    block = B.RecurrentSeq2Seq(5, 6, 2)
    x, y = keras.Input((3,), dtype="int32"), keras.Input((4,), dtype="int32")
    assert block(x, y).shape == block([x, y]).shape == (None, 4, 6)


@pytest.mark.parametrize("cls", [B.RecurrentSeq2Seq, B.TransformerSeq2Seq])
def test_wrong_inputs(cls):
    block = cls(5, 6, 8)
    x, image = ids(), keras.Input((4, 4, 3))
    title = cls.__name__
    with pytest.raises(ValueError, match=rf"{title}.*two inputs.*Received: 1"):
        block(x)
    with pytest.raises(ValueError, match=r"order of the inputs matters"):
        block({"source": x, "target": x})
    with pytest.raises(ValueError, match=r"target must be \(batch, length\).*4, 4, 3"):
        block(x, image)
    with pytest.raises(ValueError, match=r"source must be \(batch, length\).*4, 4, 3"):
        block.encode(image)
    known = block.encode(x)
    with pytest.raises(ValueError, match=r"memory must be \(batch, length, width\).*None, None\)"):
        block.step(x, **{**known, "memory": x})
    assert block(x, x).shape == (None, None, 6)


def test_wrong_settings():
    with pytest.raises(ValueError, match=r"RecurrentSeq2Seq\(width=.*Received: 0"):
        B.RecurrentSeq2Seq(5, 6, 0)
    with pytest.raises(ValueError, match=r"RecurrentSeq2Seq\(cell=.*'lstm'.*Received: 'rnn'"):
        B.RecurrentSeq2Seq(5, 6, 4, cell="rnn")
    with pytest.raises(ValueError, match=r"TransformerSeq2Seq\(depth=.*Received: 0"):
        B.TransformerSeq2Seq(5, 6, 8, depth=0)
    with pytest.raises(ValueError, match=r"multiple of heads, 8. Received: 12. Try: 16"):
        B.TransformerSeq2Seq(5, 6, 12)
    with pytest.raises(ValueError, match=r"TransformerSeq2Seq\(hidden=.*Received: 0"):
        B.TransformerSeq2Seq(5, 6, 8, hidden=0)
    with pytest.raises(ValueError, match=r"TransformerSeq2Seq\(dropout=.*Received: 1"):
        B.TransformerSeq2Seq(5, 6, 8, dropout=1)
    with pytest.raises(ValueError, match="name"):
        B.TransformerSeq2Seq(5, 6, 8, name="a__b")
