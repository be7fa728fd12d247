"""Time and memory of the tour notebook: a JupyterLab server and the kernel that runs it."""

from __future__ import annotations

import os
import secrets
import socket
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

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "00_tour.ipynb"


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


def _watch(server, own, stop, peaks):
    """Sample the server, and the kernel as this process' other child, until told to stop."""
    while not stop.wait(0.1):
        server_bytes = server.memory_info().rss
        children = [p for p in own.children(recursive=True) if p.pid != server.pid]
        kernel_bytes = 0
        for process in children:
            try:
                kernel_bytes += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        peaks["server"] = max(peaks["server"], server_bytes)
        peaks["kernel"] = max(peaks["kernel"], kernel_bytes)
        peaks["together"] = max(peaks["together"], server_bytes + kernel_bytes)


def main():
    """Print time and peak resident memory of three runs."""
    print(machine())
    print("\n| run | seconds | server MB | kernel MB | together, peak MB |\n|---|---|---|---|---|")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with tempfile.TemporaryDirectory() as folder:
        server = _start_server(folder)
        try:
            for run in (1, 2, 3):
                notebook = nbformat.read(NOTEBOOK, as_version=4)
                peaks = {"server": 0, "kernel": 0, "together": 0}
                stop = threading.Event()
                watcher = threading.Thread(
                    target=_watch,
                    args=(psutil.Process(server.pid), psutil.Process(), stop, peaks),
                )
                watcher.start()
                start = time.perf_counter()
                try:
                    NotebookClient(notebook, timeout=600).execute()
                finally:
                    took = time.perf_counter() - start
                    stop.set()
                    watcher.join()
                sizes = " | ".join(f"{peaks[k] / 2**20:.0f}" for k in peaks)
                print(f"| {run} | {took:.1f} | {sizes} |", flush=True)
        finally:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
