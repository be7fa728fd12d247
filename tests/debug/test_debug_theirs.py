"""Reading a text again runs no function and no method of the person's."""

import pytest
from mistake_case import diagnosed

START = """\
import keras
from keras import layers

LOG = keras.log = []

def twice(n):
    LOG.append(n)
    return 2 * n

class Block(layers.Layer):
    def call(self, x):
        LOG.append("called")
        return x

class Settings:
    def __bool__(self):
        LOG.append("bool")
        return True

    def __str__(self):
        LOG.append("str")
        return "it"

    def __contains__(self, item):
        LOG.append("in")
        return True

    def __eq__(self, other):
        LOG.append("eq")
        return True

    def __len__(self):
        LOG.append("len")
        return 2

    def __getitem__(self, key):
        LOG.append("item")
        return [4, 5][key]

settings, block = Settings(), Block()
block(keras.Input((4,)))
"""
WRONG = """
def build():
    some = [2, 1]
    image = keras.Input((16, 16, 3))
    h = image
    for turn in range(2):
        {line}
        h = layers.Conv2D(4, 3)(h)
    h = layers.Add()([h, layers.Conv2D(4, 3, padding="same")(image)])
    return h

build()
"""
THEIRS = [
    "a = list(map(twice, some))",
    "a = sorted(some, key=twice)",
    "some.sort(key=twice)",
    "a = list(map(block, [image]))",
    "a = f'{settings}'",
    "a = '{}'.format(settings)",
    "a = settings or 3",
    "a = 3 if settings else 4",
    "a = not settings",
    "a = 3 in settings",
    "a = settings in some",
    "a = len(settings)",
    "a = [each for each in settings]",
    "a, b = settings",
    "a = max(*settings)",
]
OURS = [
    "a = list(map(str, some))",
    "a = sorted(some, key=lambda n: -n)",
    "a = f'{turn}'",
    "a = settings is None",
    "a = [settings, block]",
    "a = isinstance(settings, Settings)",
]


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Diagnoses a text with a line in it: what is offered first, and what of the person's ran."""
    import keras

    monkeypatch.setattr(keras, "log", [], raising=False)

    def run(line):
        path = tmp_path / "person.py"
        source = START + WRONG.format(line=line)
        import keraslab.debug._diagnose as module

        before = []
        real = module.verdict
        monkeypatch.setattr(
            module, "verdict", lambda *a: before.append(list(keras.log)) or real(*a)
        )
        finding, error = diagnosed(source, path)
        assert error is not None
        assert finding is not None
        assert finding.code == "KL205"
        assert before
        return finding.fixes, keras.log[len(before[0]) :]

    return run


@pytest.mark.parametrize("line", THEIRS)
def test_nothing_of_theirs_runs(log, line):
    fixes, ran = log(line)
    assert ran == []
    assert fixes


@pytest.mark.parametrize("line", OURS)
def test_what_harms_nobody_is_read(log, line):
    fixes, ran = log(line)
    assert ran == []
    assert "keep the border with padding" in [fix.title for fix in fixes]


def test_a_function_of_the_text_that_a_builtin_takes_makes_nothing_fail(log):
    fixes, _ = log(
        "some = list(map(lambda n: n, some))\n        def own(n): return n\n"
        "        some = list(map(own, some))"
    )
    assert "keep the border with padding" in [fix.title for fix in fixes]


@pytest.mark.parametrize("early", ["", "if len(some) > 5: return None", "if some: a = 3"])
def test_the_line_that_fails_may_return(early, tmp_path):
    text = WRONG.replace("    h = layers.Add", "    return layers.Add").replace(
        "    return h\n", ""
    )
    source = START + text.format(line=early or "pass")
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    tried = {fix.title: fix.tried for fix in finding.fixes}
    assert tried["keep the border with padding"]
