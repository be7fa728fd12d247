"""The models that the notebooks train: no rule may hold an error or a warning against them."""

from pathlib import Path

import keras
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

import keraslab as kl

FOLDER = Path(__file__).parents[2] / "notebooks"
# 08_debugging shows models that are wrong on purpose.
NAMES = [path.stem for path in sorted(FOLDER.glob("*.ipynb")) if path.stem != "08_debugging"]
QUICK = {"01_functional_idea"}


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell.instance()
    monkeypatch.chdir(FOLDER)
    yield made
    made.reset(new_session=False)
    InteractiveShell.clear_instance()


@pytest.fixture
def trained(monkeypatch):
    """The reports on all models that were trained; each is trained on a batch or two."""
    reports = []
    fit = keras.Model.fit

    def checked(self, *given, **settings):
        if not any(report.model is self for report in reports):
            reports.append(Checked(self))
        settings |= {"epochs": 1, "steps_per_epoch": 1, "verbose": 0}
        settings.pop("batch_size", None)
        return fit(self, *given, **settings)

    monkeypatch.setattr(keras.Model, "fit", checked)
    return reports


class Checked:
    """A model with what is found about it."""

    def __init__(self, model):
        self.model, self.report = model, kl.check(model)


@pytest.mark.filterwarnings("ignore")  # those of cells that are cut short
@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES]
)
def test_what_a_notebook_trains_is_left_in_peace(name, shell, trained, capsys):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shell.run_cell(cell.source)
    capsys.readouterr()
    assert trained
    assert [str(each.report) for each in trained if not each.report.ok] == []
    models = [v for v in shell.user_ns.values() if isinstance(v, keras.Model) and v.built]
    loud = [str(kl.check(model)) for model in models if not kl.check(model).ok]
    assert loud == []
