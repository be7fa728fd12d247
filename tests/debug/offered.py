"""What the tests of tried changes share: a page's mistake, and a wrong change of it."""

import re

import keras
import numpy as np

from keraslab import check, explain
from keraslab.debug._rules import SILENT
from keraslab.debug._subject import Subject


def mistake(code):
    """What the bad code of a rule's page makes: its model, and its x and y."""
    bad = re.findall(r"```python\n(.*?)```", explain(code).text, flags=re.DOTALL)[0]
    keras.utils.set_random_seed(0)
    made = {"__name__": "page"}
    exec(compile(bad, "page", "exec"), made)
    return made


def subject_of(made):
    return Subject(made["model"], *data_of(made))


def data_of(made):
    return [made[name] if isinstance(made.get(name), np.ndarray) else None for name in "xy"]


def rule(code):
    return SILENT[code]


def run(source, path):
    """What a script raises; None where it comes to its end."""
    path.write_text(source, encoding="utf-8")
    keras.utils.set_random_seed(0)
    try:
        exec(compile(source, str(path), "exec"), {"__name__": "script"})
    except Exception as error:
        return error
    return None


def silent(model, code, *data):
    """Whether one rule, looking at what a test really changed, has nothing to say."""
    report = check(model, *data, select=code)
    assert report.failed == ()
    return report.codes == ()
