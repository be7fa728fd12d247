"""What ``%load_ext keraslab`` adds: a magic and one listener, and nothing to a good cell."""

import subprocess
import sys
import textwrap

import pytest
from IPython.core.interactiveshell import InteractiveShell

import keraslab as kl


@pytest.fixture
def shell():
    made = InteractiveShell.instance()
    yield made
    made.reset(new_session=False)
    InteractiveShell.clear_instance()


def listeners(shell):
    return {event: list(heard) for event, heard in shell.events.callbacks.items()}


def test_one_listener_is_added_and_no_handler_of_errors(shell):
    before, showing = listeners(shell), shell.showtraceback
    transformers = list(shell.input_transformers_cleanup), list(shell.ast_transformers)
    kl.load_ipython_extension(shell)
    after = listeners(shell)
    added = {e: len(after[e]) - len(before[e]) for e in after if after[e] != before[e]}
    assert added == {"post_run_cell": 1}
    assert shell.showtraceback == showing
    assert shell.custom_exceptions == ()
    assert (list(shell.input_transformers_cleanup), list(shell.ast_transformers)) == transformers


def test_a_cell_that_does_not_fail_is_not_looked_at(shell, monkeypatch):
    asked = []
    monkeypatch.setattr("keraslab.panels._findings.diagnose", asked.append)
    monkeypatch.setattr("keraslab.panels._findings.show_after_error", asked.append)
    kl.load_ipython_extension(shell)
    shell.run_cell("import keras\nkeras.layers.Dense(2)(keras.Input((4,)))")
    assert asked == []
    shell.run_cell("1 / 0")
    assert [type(error) for error in asked] == [ZeroDivisionError]


def test_a_cell_that_does_not_fail_loads_nothing():
    script = """
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "keraslab")
        before = set(sys.modules)
        assert not shell.run_cell("1 + 1").error_in_exec
        loaded = {name for name in set(sys.modules) - before if "keras" in name}
        assert not loaded, loaded
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
