"""What a diagnosis and a check must leave alone, whatever they are given."""

import gc
import linecache
import random
import time
import warnings
import weakref

import keras
import numpy as np
import pytest

from keraslab.debug import check, diagnose
from keraslab.debug._evidence import Evidence
from keraslab.debug._replay import Replay
from keraslab.debug._syntax import UNKNOWN
from keraslab.graph import skeleton

HEAD = "import keras, numpy as np\nfrom keras import layers\n"
WIDTHS = "a, b = keras.Input((8,)), keras.Input((4,))\nz = layers.Add()([layers.Dense(5)(a), b])\n"


def failed(text, name="audit.py"):
    """The exception of a source text, and what its variables hold."""
    file = f"/home/somebody/{name}"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    values = {"__name__": "somebody"}
    try:
        exec(compile(text, file, "exec"), values)
    except Exception as error:
        return error, values
    raise AssertionError("the source runs")


def stand():
    """Where the random numbers stand."""
    where, numbers = np.random.get_state()[2], np.random.get_state()[1]
    return random.getstate(), where, np.asarray(numbers).tobytes()


def test_names_and_random_numbers_stay():
    error, _ = failed(HEAD + WIDTHS)
    names = [keras.layers.Dense(2).name]
    before = stand()
    finding = diagnose(error)
    assert stand() == before
    assert finding is not None
    assert (finding.code, len(finding.fixes)) == ("KL206", 2)
    names.append(keras.layers.Dense(2).name)
    one, two = [int(name.rpartition("_")[2]) for name in names]
    assert two == one + 1


def test_no_warning_of_a_trial_comes_out():
    error, _ = failed(
        HEAD
        + "class Odd(layers.Layer):\n"
        + "    def call(self, x):\n"
        + "        import warnings\n"
        + "        warnings.warn('odd')\n"
        + "        return x * 2\n"
        + "import warnings\n"
        + "with warnings.catch_warnings():\n"
        + "    warnings.simplefilter('ignore')\n"
        + "    a, b = keras.Input((8,)), keras.Input((4,))\n"
        + "    z = layers.Add()([Odd()(layers.Dense(5)(a)), b])\n"
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert diagnose(error) is not None
    assert [str(each.message) for each in heard] == []


def test_the_exception_and_the_layers_stay():
    error, values = failed(HEAD + "d = layers.Dense(5)\n" + WIDTHS.replace("layers.Dense(5)", "d"))
    layer, args, trace = values["d"], error.args, error.__traceback__
    nodes = len(layer._inbound_nodes), len(layer._outbound_nodes)
    weights = [np.array(each).tobytes() for each in layer.get_weights()]
    assert diagnose(error) is not None
    assert error.args is args
    assert error.__traceback__ is trace
    assert not hasattr(error, "__notes__")
    assert (len(layer._inbound_nodes), len(layer._outbound_nodes)) == nodes
    assert [np.array(each).tobytes() for each in layer.get_weights()] == weights


def test_functions_do_not_run_again():
    error, values = failed(
        HEAD
        + "told = []\n"
        + "def block(x, n):\n    told.append(n)\n    return layers.Dense(n)(x)\n"
        + "a, b = keras.Input((8,)), keras.Input((4,))\n"
        + "if block(b, 3) > 0:\n    b = block(b, 2)\n"
    )
    assert diagnose(error) is not None
    assert values["told"] == [3]


def test_of_keras_only_layers_and_functions_are_called():
    replay = Replay.of(Evidence(failed(HEAD + WIDTHS)[0]))
    assert replay is not None
    assert replay.apply(keras.utils.set_random_seed, 3) is UNKNOWN
    assert replay.apply(keras.utils.clear_session) is UNKNOWN
    assert isinstance(replay.apply(keras.Input, (3,)), keras.KerasTensor)


def test_a_long_file_takes_no_minute():
    lines = "".join(
        f"def block_{n}(x):\n    return layers.Dense({n % 50 + 1})(x)\n" for n in range(1200)
    )
    error, _ = failed(HEAD + lines + WIDTHS, "long.py")
    start = time.perf_counter()
    finding = diagnose(error)
    assert finding is not None
    assert all(fix.edits for fix in finding.fixes)
    assert time.perf_counter() - start < 3


def test_no_model_is_kept():
    error, values = failed(
        HEAD + "i = keras.Input((8,))\nm = keras.Model(i, layers.Dense(5)(i))\n"
        "z = layers.Add()([m(i), keras.Input((4,))])\n"
    )
    held = weakref.ref(values["m"])
    assert str(diagnose(error))
    del error
    values.clear()
    gc.collect()
    assert held() is None


HOSTILE = """
class Hostile:
    def __getattr__(self, name): raise RuntimeError(name)
    def __eq__(self, other): raise RuntimeError
    def __hash__(self): raise RuntimeError
    def __repr__(self): raise RuntimeError
    def __bool__(self): raise RuntimeError
    def __len__(self): raise RuntimeError
    @property
    def __class__(self): raise RuntimeError
e = Hostile()
a, b = keras.Input((8,)), keras.Input((4,))
"""


@pytest.mark.parametrize(
    "line",
    [
        "layers.Add()([a, e])",
        "layers.Dense(e)(a)",
        "keras.Model(a, e)",
        "keras.Sequential([e])",
        "a + e",
        "layers.Concatenate()(e)",
        "g = []; g += [a, g]; layers.Add()(g)",
    ],
)
def test_hostile_values_raise_nothing(line):
    diagnose(failed(HEAD + HOSTILE + line + "\n")[0])


def test_a_hostile_bystander_hides_no_mistake():
    finding = diagnose(failed(HEAD + HOSTILE + "z = layers.Add()([a, b])\n")[0])
    assert finding is not None
    assert finding.code == "KL206"


def test_a_diagnosis_within_a_skeleton():
    with skeleton():
        error, _ = failed(HEAD + WIDTHS)
        finding = diagnose(error)
    assert finding is not None
    assert finding.code == "KL206"


@pytest.mark.parametrize(
    "text",
    [
        "def build():\n\tif True:\n\t\ta = keras.Input((8,)); b = keras.Input((4,))\n"
        "\t\treturn layers.Add()([a, b])\nbuild()\n",
        "größe = keras.Input((8,)); 名前 = keras.Input((4,)); s = '日本🎉'; "
        "z = layers.Add()([größe, 名前])  # ü\n",
        "a, b = keras.Input((8,)), keras.Input((4,))\n"
        "z = layers.Add(\n    name='q'  # a )\n)(\n    [\n        a,  # a ]\n"
        "        b,\n    ],\n)\n",
        "a, b, c = keras.Input((8,)), keras.Input((4,)), keras.Input((8,))\n"
        "p, q = layers.Add()([a, c]), layers.Add()([a, b])\n",
        "s = 'one\u2028two\x0c'; a, b = keras.Input((8,)), keras.Input((4,))\n"
        "s = '\u2028'; z = layers.Add()([a, b])\n",
        "a, b = keras.Input((8,)), keras.Input((4,))\ns = f'{layers.Add()([a, b]).shape} {1}'\n",
    ],
    ids=["tabs", "names", "lines", "two", "separators", "f-string"],
)
def test_edits_make_odd_texts_run(text):
    text = HEAD + text
    finding = diagnose(failed_at(text))
    assert finding is not None
    assert finding.fixes
    for fix in finding.fixes:
        for whole in (text, text.replace("\n", "\r\n")):
            exec(compile(fix.apply(whole), "<mended>", "exec"), {"__name__": "mended"})


def failed_at(text):
    """As ``failed``, with lines as Python counts them: only at line feeds."""
    file = "/home/somebody/odd.py"
    lines = [f"{line}\n" for line in text.split("\n")[:-1]]
    linecache.cache[file] = (len(text), None, lines, file)
    try:
        exec(compile(text, file, "exec"), {"__name__": "somebody"})
    except ValueError as error:
        return error
    raise AssertionError("the source runs")


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3), keras.layers.Dropout(0.3)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def test_a_check_changes_nothing(model):
    x, y = np.random.default_rng(0).normal(size=(2, 40, 8)).astype("float32")
    held = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    before, built = stand(), model.optimizer.built
    assert check(model, x, y[:, :3]).failed == ()
    assert stand() == before
    assert model.optimizer.built == built
    for was, now in zip(held, model.variables, strict=True):
        np.testing.assert_array_equal(was, keras.ops.convert_to_numpy(now))


def test_samples_that_nobody_batched(model):
    x, y = np.zeros((4, 8), "float32"), np.zeros(4, "float32")

    class Samples(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return x[index], y[index]

    assert check(model, Samples()).failed == ()


def test_nothing_is_taken_from_a_generator(model):
    taken = []

    def batches():
        while True:
            taken.append(1)
            yield np.zeros((4, 8)), np.zeros((4, 3))

    assert check(model, batches()).failed == ()
    assert taken == []
