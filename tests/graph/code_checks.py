"""Running generated code, and holding what it builds against the first model."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras

import keraslab as kl
from keraslab.graph import Code, diff, to_code


def run(code: str, **supplied: Any) -> keras.Model:
    names: dict[str, Any] = dict(supplied)
    exec(compile(code, "generated", "exec"), names)
    made: keras.Model = names["model"]
    return made


def given_names(model: keras.Model) -> set[str]:
    """All names of layers that are not of the kind Keras counts up."""
    from keraslab.graph._facts import is_automatic, without_counters

    layers = [call for call in kl.read_graph(model).calls if call.kind == "layer"]
    return {without_counters(call.name) for call in layers if not is_automatic(call)}


def check(model: keras.Model, real: bool = False) -> Code:
    code = to_code(model)
    if real:
        made = run(code)
    else:
        with kl.skeleton():
            made = run(code)
    found = diff(model, made)
    assert not found, f"{found}\n{code}"
    assert not found.renamed
    assert given_names(made) == given_names(model)
    assert type(made).__name__ in ("Functional", "Sequential")
    assert isinstance(made, keras.Sequential) == isinstance(model, keras.Sequential)
    if isinstance(model, keras.Sequential):
        return code
    paths = [
        [path for path, _ in keras.tree.flatten_with_path(side)]
        for one in (model, made)
        for side in (one.input, one.output)
    ]
    assert paths[:2] == paths[2:]
    return code


def tidy(codes: dict[str, str], folder: Path) -> None:
    """Assert that the formatter leaves the code as it is, and that the linter is silent."""
    for name, code in codes.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")

    def ruff(*arguments: str) -> None:
        # Run elsewhere, it does not take keraslab for code of the same project.
        command = [sys.executable, "-m", "ruff", *arguments, "--isolated", "."]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout

    ruff("format", "--diff")
    ruff("check", "--select", "E,F,I,W", "--ignore", "E501,E402")
