"""``validation_split`` of what cannot be cut is said, and each change of it runs."""

import keras
import numpy as np
import pytest
from mistake_case import START, diagnosed, proven

from keraslab.debug._diagnose import found

HEAD = (
    START
    + """
features, answers = np.ones((12, 3), "float32"), np.ones((12, 1), "float32")
source = keras.Input((3,), name="source")
model = keras.Model(source, layers.Dense(1, name="out")(source))
model.compile("sgd", "mse")
"""
)
BATCHES = """
class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return features[:4], answers[:4]
"""
TF = "import tensorflow as tf\nrows = tf.data.Dataset.from_tensor_slices((features, answers))\n"
STREAM = """
def stream():
    while True:
        yield features[:4], answers[:4]
"""
CASES = {
    "dataset": (TF, "model.fit(rows.batch(4), shuffle=False, validation_split=0.2, verbose=0)", 2),
    "dataset held in a name, over lines": (
        TF + "train = rows.shuffle(12, reshuffle_each_iteration=False).batch(2).prefetch(1)\n",
        "model.fit(\n    train,\n    shuffle=False,\n    validation_split=0.3,\n    verbose=0,\n)",
        2,
    ),
    "dataset given by its name": (
        TF,
        "history = model.fit(validation_split=0.5, x=rows.batch(5), shuffle=False, verbose=0)",
        2,
    ),
    "one batch": (
        TF,
        "model.fit(rows.batch(12), shuffle=False, validation_split=0.2, verbose=0)",
        1,
    ),
    "unknown length": (
        TF + "some = rows.filter(lambda x, y: True).batch(4).repeat()\n",
        "model.fit(some, steps_per_epoch=3, shuffle=False, verbose=0, validation_split=0.2)",
        1,
    ),
    "endless": (
        TF,
        "model.fit(rows.batch(4).repeat(), shuffle=False, steps_per_epoch=3, "
        "validation_split=0.2, verbose=0)",
        1,
    ),
    "PyDataset": (BATCHES, "model.fit(Batches(), validation_split=0.1, verbose=0)", 1),
    "generator": (
        STREAM,
        "model.fit(stream(), shuffle=False, steps_per_epoch=2, validation_split=0.1)",
        1,
    ),
    "one sample": ("", "model.fit(features[:1], answers[:1], validation_split=0.2)", 1),
    "whole": ("", "model.fit(features, answers, validation_split=1.0, verbose=0)", 1),
    "text": ("", 'model.fit(features, answers, validation_split="0.25", verbose=0)', 1),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_split(name, tmp_path):
    setup, call, fixes = CASES[name]
    if "tensorflow" in setup and keras.backend.backend() != "tensorflow":
        pytest.skip("a dataset of TensorFlow")
    source = HEAD + setup + call + "\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert finding is not None, str(error)
    assert finding.code == "KL725"
    assert "validation_split" in finding.message
    assert finding.message.endswith(".")
    assert finding.cause is not None
    assert "validation_split" in finding.cause.place.text
    assert len(finding.fixes) == fixes
    proven(finding, source, tmp_path / "mended.py")


def test_changes_are_tried_where_the_batches_are_known(tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a dataset of TensorFlow")
    setup, call, _ = CASES["dataset"]
    finding, _ = diagnosed(HEAD + setup + call, tmp_path / "person.py")
    assert [fix.tried for fix in finding.fixes] == [True, True]
    assert "model.fit(rows.batch(4).skip(1)," in finding.fixes[0].code
    assert "validation_data=rows.batch(4).take(1)" in finding.fixes[0].code
    wrong = call.replace("model.fit", 'model.compile("sgd", "mse")\nmodel.fit')
    shaped = HEAD + setup.replace("answers))", "answers[:, :, None, None]))") + wrong
    finding, _ = diagnosed(shaped, tmp_path / "person.py")
    assert not any(fix.tried for fix in finding.fixes)


def test_a_generator_is_not_read(tmp_path):
    setup, call, _ = CASES["generator"]
    finding, _ = diagnosed(HEAD + setup + call, tmp_path / "person.py")
    assert [fix.tried for fix in finding.fixes] == [False]


def test_a_class_of_ones_own():
    class Trained(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Trained()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="validation_split") as caught:
        model.fit(iter([(np.ones((4, 3)), np.ones((4, 1)))]), validation_split=0.2)
    finding = found(caught.value, strict=True)
    assert finding is not None
    assert finding.code == "KL725"


@pytest.mark.parametrize("call", ["x=features, y=answers[:5]", "features, answers[:, :, None]"])
def test_another_mistake_beside_a_split_is_another(call, tmp_path):
    source = HEAD + f"model.fit({call}, validation_split=0.25, verbose=0)\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is None or finding.code != "KL725"
