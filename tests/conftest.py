"""What all tests share: a quiet, seeded TensorFlow and a Chromium with its network cut off."""

import asyncio
import atexit
import gc
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before the first import of Keras: these are read once, when TensorFlow loads.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")
if "KERASLAB_HOME" not in os.environ:  # the runs of tests are none of the user's
    os.environ["KERASLAB_HOME"] = tempfile.mkdtemp(prefix="keraslab-tests-")
    atexit.register(shutil.rmtree, os.environ["KERASLAB_HOME"], ignore_errors=True)

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name resolves to anything: what slips past the page's own filter still goes nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
NO_CHROMIUM = (
    "Chromium not found: install it (Debian, Ubuntu: 'apt install chromium') "
    "or name it in the environment variable CHROMIUM"
)
LOCAL = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:", "ws://127.0.0.1:")

_hidden_loop: asyncio.AbstractEventLoop | None = None


def _uses_chromium(item: pytest.Item) -> bool:
    return "chromium" in getattr(item, "fixturenames", ())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests and put them last, so that the browser starts once all else passed."""
    for item in items:
        if _uses_chromium(item):
            item.add_marker("browser")
    items.sort(key=_uses_chromium)


def pytest_collection_finish() -> None:
    """Take what stays for good out of every later garbage collection.

    Keras and TensorFlow make half a million objects when they are imported; to go through all of
    them takes 0.3 seconds each time.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let only browser tests see the event loop that Playwright leaves running in this thread.

    Elsewhere it would be taken for the caller's own: `asyncio.run` refuses to start beside
    it, and V8 would wait on it for ever.
    """
    global _hidden_loop
    if not _uses_chromium(item):
        return (yield)
    asyncio._set_running_loop(_hidden_loop)
    try:
        return (yield)
    finally:
        _hidden_loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the browser tests where there is no browser, in one line for all of them."""
    required = os.environ.get("KERASLAB_REQUIRE_BROWSER") == "1"
    if _uses_chromium(item) and _find_chromium() is None and not required:
        pytest.skip(NO_CHROMIUM)


@pytest.fixture(autouse=True)
def _seeds() -> None:
    """Start every test from the same random numbers."""
    random.seed(0)
    np.random.seed(0)
    if "keras" in sys.modules:
        import keras

        keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Return the folder for screenshots and the like, which git ignores."""
    folder = ROOT / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder


def _find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the machine's own Chromium, once for all tests."""
    path = _find_chromium()
    if path is None:
        pytest.fail(NO_CHROMIUM, pytrace=False)
    # Chromium's sandbox cannot start as root, which is what containers run as.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if as_root else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def offline_page(chromium: Browser) -> Iterator[Page]:
    """Open an empty page of 1200 x 900 that reaches this machine only.

    `page.errors` lists page errors and console errors, `page.blocked` the addresses of
    requests that wanted to leave the machine. Both are empty for a page in good order.
    """
    context = chromium.new_context(
        viewport={"width": 1200, "height": 900}, service_workers="block", accept_downloads=True
    )
    page = context.new_page()
    errors: list[str] = []
    blocked: list[str] = []

    def only_local(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            blocked.append(route.request.url)
            route.abort()

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.route("**/*", only_local)
    page.errors, page.blocked = errors, blocked  # type: ignore[attr-defined]
    yield page
    context.close()
