import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def model_of(block, shapes):
    inputs = [keras.Input(shape) for shape in shapes]
    return keras.Model(inputs, block(inputs))


def data_of(shapes):
    random = np.random.default_rng(0)
    return [random.normal(size=(4, *shape)).astype("float32") for shape in shapes]


def weights_of(block, part):
    return [np.array(w) for w in block.parts[part].weights]


def randomise(model):
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_gated_of_two_equals_numpy():
    shapes = [(4,), (3,)]
    block = B.Fusion("gated", width=5)
    model = model_of(block, shapes)
    randomise(model)
    a, b = data_of(shapes)
    (wa,), (wb,), (wz,) = (weights_of(block, n) for n in ("hidden_1", "hidden_2", "gate"))
    z = sigmoid(np.concatenate([a, b], -1) @ wz)
    expected = z * np.tanh(a @ wa) + (1 - z) * np.tanh(b @ wb)
    np.testing.assert_allclose(model([a, b]), expected, rtol=1e-4, atol=1e-5)


def test_gated_of_three_equals_numpy():
    shapes = [(2, 4), (2, 3), (2, 1)]
    block = B.Fusion("gated")
    model = model_of(block, shapes)
    randomise(model)
    data = data_of(shapes)
    seen = np.concatenate(data, -1)
    expected = sum(
        sigmoid(seen @ weights_of(block, f"gate_{i}")[0])
        * np.tanh(x @ weights_of(block, f"hidden_{i}")[0])
        for i, x in enumerate(data, start=1)
    )
    np.testing.assert_allclose(model(data), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("first", [(6,), (7, 6), (3, 5, 6), (2, 3, 4, 6)])
def test_film_equals_numpy(first):
    shapes = [first, (4,), (2,)]
    block = B.Fusion("film")
    model = model_of(block, shapes)
    randomise(model)
    x, *conditions = data_of(shapes)
    condition = np.concatenate(conditions, -1)
    (ws, bs), (wt, bt) = weights_of(block, "scale"), weights_of(block, "shift")
    shape = (4,) + (1,) * (len(first) - 1) + (6,)
    expected = x * (condition @ ws + bs).reshape(shape) + (condition @ wt + bt).reshape(shape)
    np.testing.assert_allclose(model([x, *conditions]), expected, rtol=1e-4, atol=1e-4)


def test_film_lets_its_input_pass_at_the_start():
    model = model_of(B.Fusion("film"), [(3, 3, 2), (4,)])
    x, _ = data_of([(3, 3, 2), (4,)])
    np.testing.assert_allclose(model([x, np.zeros((4, 4), "float32")]), x, rtol=1e-6)


@pytest.mark.parametrize(("method", "numpy"), [("add", np.add), ("multiply", np.multiply)])
def test_add_and_multiply_equal_numpy(method, numpy):
    shapes = [(2, 3), (2, 5)]
    block = B.Fusion(method)
    model = model_of(block, shapes)
    a, b = data_of(shapes)
    kernel, bias = weights_of(block, "project_1")
    np.testing.assert_allclose(model([a, b]), numpy(a @ kernel + bias, b), rtol=1e-4, atol=1e-5)
    assert set(block.parts) == {"project_1", method}


@settings(max_examples=12, deadline=None)
@given(
    widths=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    lead=st.lists(st.integers(1, 4), max_size=2),
    width=st.none() | st.integers(1, 6),
    method=st.sampled_from(["concat", "add", "multiply", "gated"]),
)
def test_widths(widths, lead, width, method):
    with keras.StatelessScope(initialize_variables=False):
        y = B.Fusion(method, width)([keras.Input((*lead, w)) for w in widths])
    if method == "concat":
        expected = sum(widths) if width is None else width * len(widths)
    else:
        expected = width or max(widths)
    assert y.shape == (None, *lead, expected)


class TestOrder:
    def test_a_dict_is_read_as_written(self):
        z, a = keras.Input((2,), name="z"), keras.Input((1,), name="a")
        model = keras.Model([z, a], B.Fusion()({"z": z, "a": a}))
        np.testing.assert_array_equal(
            model([np.array([[1.0, 2.0]]), np.array([[3.0]])]), [[1, 2, 3]]
        )

    def test_later_calls_are_read_in_the_first_order(self):
        z, a = keras.Input((4,), name="z"), keras.Input((4,), name="a")
        block = B.Fusion("film")
        first = keras.Model([z, a], block({"z": z, "a": a}))
        second = keras.Model([z, a], block({"a": a, "z": z}))
        data = data_of([(4,), (4,)])
        np.testing.assert_array_equal(first(data), second(data))

    def test_an_order_that_cannot_be_meant_is_named_by_key(self):
        image, row = keras.Input((8, 8, 4)), keras.Input((4,))
        with pytest.raises(
            ValueError, match=r"here 'row', is changed.*Received: 'image' \(None, 8, 8, 4\)"
        ):
            B.Fusion("film")({"row": row, "image": image})
        with pytest.raises(ValueError, match=r"which asks, .*Received: 'image' \(None, 8, 8, 4\)"):
            B.Fusion("cross_attention")({"image": image, "row": row})
        with pytest.raises(ValueError, match=r"Received: 'row' \(None, 4\) after 'text'\."):
            B.Fusion("cross_attention")({"text": keras.Input((9, 4)), "row": row})

    def test_other_keys_are_refused(self):
        x = keras.Input((4,))
        block = B.Fusion("gated", name="f")
        block({"a": x, "b": x})
        with pytest.raises(
            ValueError, match=r"the set of keys was \('a', 'b'\).*Received: \('a', 'c'\)"
        ):
            block({"a": x, "c": x})
        with pytest.raises(ValueError, match="set of keys"):
            block([x, x])

    def test_a_failed_first_call_fixes_no_order(self):
        x = keras.Input((4,))
        block = B.Fusion("add")
        with pytest.raises(ValueError, match="one shape"):
            block([x, keras.Input((3, 4))])
        assert block([x, x, x]).shape == (None, 4)

    def test_arguments_are_a_list(self):
        x = keras.Input((4,))
        block = B.Fusion()
        assert block(x, x).shape == block([x, x]).shape == block((x, x)).shape == (None, 8)


def test_wrong_settings():
    with pytest.raises(ValueError, match=r"Fusion\(method=.*'film'.*Received: 'sum'"):
        B.Fusion("sum")
    with pytest.raises(ValueError, match=r"Fusion\(width=.*Received: 0"):
        B.Fusion("add", 0)
    with pytest.raises(ValueError, match="Leave width out"):
        B.Fusion("film", 4)


def test_wrong_inputs():
    x, image = keras.Input((4,)), keras.Input((8, 8, 4))
    for inputs in ([], [x], {"a": x}, {}):
        with pytest.raises(ValueError, match=r"takes two inputs or more.*Received: [01]\."):
            B.Fusion()(inputs)
    with pytest.raises(
        ValueError, match=r"one shape.*'1' \(None, 8, 8, 4\), '2' \(None, 4\).*film"
    ):
        B.Fusion()([image, x])
    with pytest.raises(ValueError, match="every input after the first must be"):
        B.Fusion("film")([x, image])
    with pytest.raises(ValueError, match="last axis of every input must be known"):
        B.Fusion("add")([keras.Input((None,)), keras.Input((None,))])
    with pytest.raises(ValueError, match="input '1' must be one tensor"):
        B.Fusion()([[x, x], x])
    with pytest.raises(
        ValueError, match=r"a name may hold letters.*'age \(years\)'.*Try: 'age_years'"
    ):
        B.Fusion()({"age (years)": x, "b": x})


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_bilinear_equals_numpy(lead):
    shapes = [(*lead, 4), (*lead, 3)]
    block = B.Fusion("bilinear", width=5)
    model = model_of(block, shapes)
    randomise(model)
    a, b = data_of(shapes)
    kernel, bias = weights_of(block, "weigh")
    kernel = kernel.reshape(4, 3, 5)  # entry i of one, j of the other, output k
    expected = np.stack([((a @ kernel[:, :, k]) * b).sum(-1) + bias[k] for k in range(5)], axis=-1)
    np.testing.assert_allclose(model([a, b]), expected, rtol=1e-4, atol=1e-4)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(block, asks, seen, heads, allowed=1.0):
    """Return multi-head attention, the sum and the normalisation, one head after the other."""
    w = {weight.path.split("attention/")[1]: np.array(weight) for weight in
         block.parts["attention"].weights}  # fmt: skip
    out = w["attention_output/bias"]
    for h in range(heads):
        q, k, v = (
            x @ w[f"{part}/kernel"][:, h] + w[f"{part}/bias"][h]
            for part, x in (("query", asks), ("key", seen), ("value", seen))
        )
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        out = out + softmax(np.where(allowed, scores, -1e9)) @ v @ w["attention_output/kernel"][h]
    y = asks + out
    gamma, beta = weights_of(block, "norm")
    y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-3)
    return y * gamma + beta


def project(block, part, x):
    kernel, bias = weights_of(block, part)
    return x @ kernel + bias


def test_cross_attention_of_sequences_equals_numpy():
    shapes = [(5, 6), (3, 4), (2, 2, 6)]
    block = B.Fusion("cross_attention", heads=2)
    model = model_of(block, shapes)
    randomise(model)
    asks, sequence, image = data_of(shapes)
    seen = np.concatenate([project(block, "project_2", sequence), image.reshape(4, 4, 6)], axis=1)
    expected = attend(block, asks, seen, 2)
    np.testing.assert_allclose(model([asks, sequence, image]), expected, rtol=1e-3, atol=1e-3)


def test_cross_attention_of_a_vector_equals_numpy():
    shapes = [(3,), (5, 4)]
    block = B.Fusion("cross_attention", width=4)
    model = model_of(block, shapes)
    randomise(model)
    vector, sequence = data_of(shapes)
    asks = project(block, "project_1", vector[:, None])
    expected = attend(block, asks, sequence, 1)[:, 0]
    np.testing.assert_allclose(model([vector, sequence]), expected, rtol=1e-3, atol=1e-3)


def test_cross_attention_keeps_to_masks():
    words, vector = keras.Input((4,), dtype="int32"), keras.Input((3,))
    table = keras.layers.Embedding(9, 3, mask_zero=True)
    block = B.Fusion("cross_attention")
    model = keras.Model([vector, words], block({"image": vector, "words": table(words)}))
    x = data_of([(3,)])[0][:1]
    padded = model([x, np.array([[3, 4, 0, 0]])])
    np.testing.assert_allclose(padded, model([x, np.array([[3, 0, 4, 0]])]), rtol=1e-5)
    seen = np.array(table(np.array([[3, 4]])))
    np.testing.assert_allclose(
        padded, attend(block, x[:, None], seen, 1)[:, 0], rtol=1e-4, atol=1e-5
    )


def test_wrong_settings_of_bilinear_and_cross_attention():
    x, sequence = keras.Input((4,)), keras.Input((3, 4))
    with pytest.raises(ValueError, match=r"'bilinear' takes two inputs. Received: 3"):
        B.Fusion("bilinear")([x, x, x])
    with pytest.raises(ValueError, match="one shape"):
        B.Fusion("bilinear")([x, sequence])
    with pytest.raises(ValueError, match=r"Fusion\(heads=.*Received: 0"):
        B.Fusion("cross_attention", heads=0)
    with pytest.raises(ValueError, match=r"only method='cross_attention' has heads.*'add'"):
        B.Fusion("add", heads=2)
    with pytest.raises(ValueError, match=r"heads must divide the width, 4. Received: 3. Try: 2"):
        B.Fusion("cross_attention", heads=3)([x, sequence])
    with pytest.raises(ValueError, match=r"one vector leaves nothing to choose.*\(None, 4\)"):
        B.Fusion("cross_attention")([sequence, x])
    with pytest.raises(ValueError, match=r"the first input, which asks.*\(None, 8, 8, 4\)"):
        B.Fusion("cross_attention")([keras.Input((8, 8, 4)), sequence])
    with pytest.raises(ValueError, match="last axis of every input must be known"):
        B.Fusion("cross_attention")([x, keras.Input((3, None))])
