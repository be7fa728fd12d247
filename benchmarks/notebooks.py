"""Time and memory of the notebooks, each in a fresh kernel beside a JupyterLab server.

All of them, or those whose file name starts with a word given: ``benchmarks/notebooks.py 03 04``.
"""

from __future__ import annotations

import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
from _measure import machine
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
REPEATS = 3
MB = 2**20


def _start_server(folder):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1"),
        *(f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"),
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/lab?token={token}", timeout=5)
            return server
        except OSError:
            time.sleep(0.2)
    server.terminate()
    raise RuntimeError("JupyterLab did not answer within a minute.")


class _Watch(threading.Thread):
    """Samples the server, and the kernel as this process' other child, until told to stop."""

    def __init__(self, server):
        super().__init__()
        self.server, self.stop = server, threading.Event()
        self.peaks = {"kernel": 0, "together": 0}
        self.cpu = {}

    def run(self):
        own = psutil.Process()
        while not self.stop.wait(0.05):
            kernel = 0
            for process in own.children(recursive=True):
                if process.pid == self.server.pid:
                    continue
                try:
                    times = process.cpu_times()
                    kernel += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                self.cpu[process.pid] = times.user + times.system
            together = kernel + self.server.memory_info().rss
            self.peaks["kernel"] = max(self.peaks["kernel"], kernel)
            self.peaks["together"] = max(self.peaks["together"], together)


def measure(path, server, folder):
    """Run a notebook once: seconds, CPU seconds of the kernel, peaks of resident memory."""
    notebook = nbformat.read(path, as_version=4)
    # What a notebook saves goes into an empty folder.
    where = {"metadata": {"path": folder}}
    watch = _Watch(psutil.Process(server.pid))
    watch.start()
    start = time.perf_counter()
    try:
        NotebookClient(notebook, timeout=600, resources=where).execute()
    finally:
        took = time.perf_counter() - start
        watch.stop.set()
        watch.join()
    return took, sum(watch.cpu.values()), *(peak / MB for peak in watch.peaks.values())


def main(wanted):
    """Print a row for each notebook: medians, and the worst of time and memory."""
    print(machine())
    print(
        "\n| notebook | seconds | slowest | CPU seconds | kernel, peak MB | with server, peak MB |"
    )
    print("|---|---|---|---|---|---|", flush=True)
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    paths = [p for p in sorted(FOLDER.glob("*.ipynb")) if p.stem.startswith(tuple(wanted) or "")]
    with tempfile.TemporaryDirectory() as folder:
        server = _start_server(folder)
        try:
            for path in paths:
                runs = [measure(path, server, folder) for _ in range(REPEATS)]
                seconds, cpu, kernel, together = zip(*runs, strict=True)
                print(
                    f"| {path.stem} | {statistics.median(seconds):.0f} | {max(seconds):.0f} "
                    f"| {statistics.median(cpu):.0f} | {max(kernel):.0f} | {max(together):.0f} |",
                    flush=True,
                )
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main(sys.argv[1:])
