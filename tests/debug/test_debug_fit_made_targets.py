"""Targets and inputs that were made wrong: classes not counted, words, another order."""

import keras
import pytest
from mistake_case import START, diagnosed, proven

HEAD = (
    START
    + """
import pandas as pd
from keras.utils import to_categorical

features = np.ones((12, 8), "float32")
numbers = np.arange(12) % 4
source = keras.Input((8,), name="source")
model = keras.Model(source, layers.Dense(6, activation="softmax", name="kind")(source))
model.compile("sgd", "categorical_crossentropy")
"""
)
ROWS = {
    "in a name": "y = to_categorical(numbers)\nmodel.fit(features, y, verbose=0)",
    "in the call": "model.fit(features, to_categorical(numbers), verbose=0)",
    "by its module": "y = keras.utils.to_categorical(x=numbers)\nmodel.fit(features, y, verbose=0)",
    "with a cast": (
        "y = to_categorical(numbers).astype('float32')\nmodel.evaluate(features, y, verbose=0)"
    ),
    "a part of it": (
        "y = to_categorical(numbers)\nhalf = y[:6]\nmodel.fit(features[:6], half, verbose=0)"
    ),
    "in a function": (
        "def rows(y):\n    return to_categorical(y)\n\n"
        "y = rows(numbers)\nmodel.fit(features, y, verbose=0)"
    ),
    "of a loader": (
        "def load():\n    return features, to_categorical(numbers)\n\n"
        "x, y = load()\nmodel.fit(x, y, verbose=0)"
    ),
    "two at once": (
        "x, y = features, to_categorical(numbers)\nmodel.fit(x, y, batch_size=4, verbose=0)"
    ),
    "given to a function": (
        "def train(model, x, labels):\n    model.fit(x, labels, verbose=0)\n\n"
        "y = to_categorical(numbers)\ntrain(model, features, y)"
    ),
    "np.eye": "y = np.eye(numbers.max() + 1)[numbers]\nmodel.fit(features, y, verbose=0)",
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_with_too_few_columns(name, tmp_path):
    source = HEAD + ROWS[name] + "\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert finding is not None, str(error)
    assert finding.code == "KL712"
    word = "np.eye" if name == "np.eye" else "to_categorical"
    assert finding.cause.name == word
    assert f" {word} " in finding.message
    first = finding.fixes[0]
    assert "6" in first.code
    assert first.tried
    assert first.result == f"{6 if name == 'a part of it' else 12} × 6"
    proven(finding, source, tmp_path / "mended.py")


def test_targets_to_validate_with(tmp_path):
    source = HEAD + (
        "y = to_categorical(numbers, 6)\n"
        "y_val = to_categorical(numbers)\n"
        "model.fit(features, y, validation_data=(features, y_val), verbose=0)\n"
    )
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding.cause.place.text == "to_categorical(numbers)"
    path = tmp_path / "mended.py"
    path.write_text(finding.fixes[0].apply(source), encoding="utf-8")
    assert diagnosed(path.read_text(encoding="utf-8"), path) == (None, None)


def test_classes_that_start_at_one(tmp_path):
    source = HEAD + "y = to_categorical(1 + np.arange(12) % 6)\nmodel.fit(features, y, verbose=0)\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert "start at 1" in finding.message
    assert finding.fixes[0].tried
    proven(finding, source, tmp_path / "mended.py")


def test_columns_of_pandas(tmp_path):
    call = "y = pd.get_dummies(numbers).to_numpy('float32')\nmodel.fit(features, y, verbose=0)\n"
    finding, _ = diagnosed(HEAD + call, tmp_path / "person.py")
    assert finding.cause.name == "get_dummies"


@pytest.mark.parametrize(
    "made",
    [
        "y = to_categorical(numbers, num_classes=4)",
        "y = to_categorical(numbers, 5)",
        "y = to_categorical(numbers, 6)\ny = np.ones((12, 3))",
        "y = np.ones((12, 3))",
        "y = np.eye(6)[numbers][:, :4]",
    ],
)
def test_other_targets_are_not_laid_to_it(made, tmp_path):
    finding, _ = diagnosed(HEAD + made + "\nmodel.fit(features, y, verbose=0)\n", tmp_path / "a.py")
    assert finding.code == "KL712"
    assert finding.cause.name == "y"


# Names of classes.

WORDS = HEAD.replace('"categorical', '"sparse_categorical') + (
    'kinds = np.array(["oak", "elm", "ash", "yew"])[numbers]\n'
)
NAMED = {
    "once": "model.fit(features, kinds, verbose=0)",
    "and below": (
        "model.fit(features, kinds, verbose=0)\nmodel.evaluate(features, kinds, verbose=0)"
    ),
    "in a function": (
        "def train(y):\n    model.fit(features, y, verbose=0)\n"
        "    return model.evaluate(features, y, verbose=0)\n\ntrain(kinds)"
    ),
    "objects": (
        "tree = kinds.astype(object)\nmodel.fit(features, tree, verbose=0)\n"
        "model.test_on_batch(features, tree)"
    ),
    "to validate with": (
        "few = kinds[2:7]\n"
        "model.fit(features, kinds, validation_data=(features[2:7], few), verbose=0)"
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_names_become_numbers(name, tmp_path):
    source = WORDS + NAMED[name] + "\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert finding is not None, str(error)
    assert finding.code == "KL712"
    assert finding.fixes[0].tried
    assert "np.unique" in finding.fixes[0].code
    proven(finding, source, tmp_path / "mended.py")


def test_unknown_names_are_not_numbered(tmp_path):
    source = WORDS + (
        'few = np.array(["fir", "oak"])\n'
        "model.fit(features, kinds, validation_data=(features[:2], few), verbose=0)\n"
    )
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert not any("searchsorted" in fix.code for fix in finding.fixes)


# Arrays in another order.

PAIR = (
    START
    + """
picture, facts = keras.Input((6, 6, 1), name="picture"), keras.Input((3,), name="facts")
both = layers.concatenate([layers.Flatten()(picture), facts])
model = keras.Model([picture, facts], layers.Dense(1)(both))
model.compile("sgd", "mse")
pictures, rows, y = np.ones((8, 6, 6, 1)), np.ones((8, 3)), np.ones((8, 1))
data = {"facts": rows, "picture": pictures}
"""
)
ORDERS = [
    "model.predict([rows, pictures], verbose=0)",
    "model.fit([rows, pictures], y, verbose=0)",
    "model.predict(list(data.values()), verbose=0)",
    "parts = (rows, pictures)\nmodel.predict(parts, verbose=0)",
    "model.predict([*data.values()], verbose=0)",
    'model.fit({"picture": rows, "facts": pictures}, y, verbose=0)',
    'wrong = {"picture": rows, "facts": pictures}\nmodel.evaluate(wrong, y, verbose=0)',
    "model.fit([pictures, rows], y, validation_data=([rows, pictures], y), verbose=0)",
]


@pytest.mark.parametrize("call", ORDERS)
def test_arrays_in_another_order(call, tmp_path):
    finding, error = diagnosed(PAIR + call + "\n", tmp_path / "person.py")
    assert finding is not None, str(error)
    assert finding.code == "KL711"
    assert len(finding.fixes) == 1
    assert finding.fixes[0].tried
    assert "another order" in finding.message
    proven(finding, PAIR + call + "\n", tmp_path / "mended.py")


@pytest.mark.parametrize("call", ["model.predict([rows, rows])", "model.predict([pictures] * 2)"])
def test_no_order_fits(call, tmp_path):
    finding, _ = diagnosed(PAIR + call + "\n", tmp_path / "person.py")
    assert "another order" not in finding.message


# Inputs of text.

TEXT = (
    START
    + """
words = ["some rain", "much sun", "rain again", "wind"]
look = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
look.adapt(words)


def net(look, **settings):
    text = keras.Input(shape=(1,), name="text", **settings)
    h = layers.Embedding(20, 4)(look(text))
    return keras.Model(text, layers.Dense(1)(layers.GlobalAveragePooling1D()(h)))


"""
)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="text of TensorFlow")
@pytest.mark.parametrize(
    "call",
    [
        "model.fit(tf.constant(words), np.ones(4), verbose=0)",
        "model.predict(tf.constant(words)[:, None], verbose=0)",
        "model.evaluate(tf.constant(words), np.ones(4), verbose=0)",
    ],
)
def test_an_input_of_text(call, tmp_path):
    made = 'import tensorflow as tf\nmodel = net(look)\nmodel.compile("sgd", "mse")\n'
    source = TEXT + made + call + "\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert finding is not None, str(error)
    assert finding.code == "KL710"
    assert 'dtype="string"' in finding.fixes[0].code
    assert finding.fixes[0].tried
    proven(finding, source, tmp_path / "mended.py")


@pytest.mark.parametrize("words", ["np.array(words)", "np.array(words, dtype=object)"])
def test_text_of_numpy_is_taken_by_no_input(words, tmp_path):
    made = f'model = net(look)\nmodel.compile("sgd", "mse")\nmodel.predict({words}[:, None])\n'
    finding, _ = diagnosed(TEXT + made, tmp_path / "person.py")
    assert finding is None or not any("string" in fix.code for fix in finding.fixes)


def test_an_input_of_numbers_is_not_declared_as_text(tmp_path):
    source = HEAD + 'model.predict(np.full((4, 8), "a"), verbose=0)\n'
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert not any("string" in fix.code for fix in finding.fixes)
