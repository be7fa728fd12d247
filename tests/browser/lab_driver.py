"""A JupyterLab of our own for tests, and the moves that a test makes in its page."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
from playwright.sync_api import Locator, Page

# No question about news, no look for updates: both want the network.
QUIET = '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}'
START_SECONDS = 60
RUN_SECONDS = 240


@dataclass(frozen=True)
class Lab:
    """A running server: its address, its token and the folder that it shows."""

    url: str
    token: str
    folder: Path
    process: subprocess.Popen[bytes]

    def resident_mb(self) -> dict[str, float]:
        """Return the resident memory of the server and of its kernels, in MB of 2^20 bytes."""
        server = psutil.Process(self.process.pid)
        kernels = server.children(recursive=True)
        return {
            "server": server.memory_info().rss / 2**20,
            "kernels": sum(kernel.memory_info().rss for kernel in kernels) / 2**20,
        }


@contextlib.contextmanager
def serve(folder: Path, home: Path) -> Iterator[Lab]:
    """Start `keraslab lab` on a folder, on loopback and with a token, and stop it in the end.

    Args:
        folder: where the notebooks are copied to, and what the lab shows.
        home: an empty folder for settings and logs; nothing of the user's is read or written.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(QUIET)
    log = home / "server.log"
    command = [
        *(sys.executable, "-m", "keraslab", "lab", str(folder), "--"),
        *("--no-browser", "--ip=127.0.0.1", f"--port={port}"),
        "--ServerApp.port_retries=0",
        f"--LabApp.user_settings_dir={home / 'settings'}",
        f"--LabApp.workspaces_dir={home / 'workspaces'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        # Gives the page `window.jupyterapp`, through which the tests drive it.
        "--LabApp.expose_app_in_browser=True",
    ]
    env = {
        **os.environ,
        "JUPYTER_TOKEN": token,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    # Figures belong into the notebook here, whatever the tests around it ask for.
    env.pop("MPLBACKEND", None)
    # Where a kernel sees this, it does not listen to what libraries write past Python.
    env.pop("PYTEST_CURRENT_TEST", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(f"{url}/api?token={token}", process, log.read_text)
        yield Lab(url, token, folder, process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Callable) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"JupyterLab answers with an error: {error}") from error
        except OSError:
            time.sleep(0.1)  # Nothing listens yet, and nothing says when: ask again.
        else:
            return
    raise RuntimeError(f"JupyterLab did not start within {START_SECONDS} s:\n{log()[-2000:]}")


class NotebookPage:
    """A notebook open in JupyterLab, in a page of the browser."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        """Open a notebook of the lab's folder and wait until its kernel is there."""
        self.page = page
        page.goto(f"{lab.url}/lab/tree/{quote(name)}?reset&token={lab.token}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=60_000
        )
        page.evaluate(
            """async () => {
                const panel = jupyterapp.shell.currentWidget;
                await panel.context.ready;
                await panel.sessionContext.ready;
            }"""
        )

    def run_all(self) -> None:
        """Run all cells; return when each one has replied and the kernel is idle."""
        # The command's promise is fulfilled when every cell has replied. It is not awaited in
        # `evaluate`, which knows no time limit.
        self.page.evaluate(
            """() => {
                window.allCellsReplied = false;
                jupyterapp.commands.execute('notebook:run-all-cells')
                    .finally(() => { window.allCellsReplied = true; });
            }"""
        )
        self.page.wait_for_function("() => window.allCellsReplied", timeout=RUN_SECONDS * 1000)
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(
            """() => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session?.kernel;
                return kernel?.status === 'idle';
            }""",
            timeout=RUN_SECONDS * 1000,
        )

    def cell_errors(self) -> list[str]:
        """Return the last line of every error that a cell shows."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.model.toJSON().cells
                .flatMap(cell => cell.outputs ?? [])
                .filter(output => output.output_type === 'error')
                .map(output => `${output.ename}: ${output.evalue}`)"""
        )

    def on_stderr(self) -> list[str]:
        """Return what stands in red below the cells, though none of them failed."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.model.toJSON().cells
                .flatMap(cell => cell.outputs ?? [])
                .filter(output => output.output_type === 'stream' && output.name === 'stderr')
                .map(output => [output.text].flat().join(''))"""
        )

    def scroll_to_top(self) -> None:
        """Show the first cell."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.content.scrollToItem(0)")

    def close(self) -> None:
        """Shut the kernel down, so that the next notebook finds the memory free."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def run_cell(page: Page, index: int) -> None:
    """Start one cell; its end is not waited for."""
    page.evaluate(
        """index => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.deselectAll();
            jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def output(page: Page, index: int) -> Locator:
    return page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea-output")
