"""``kl.fit`` of one model on two devices, which are virtual here: each a part of the processor."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("distributed_fit.py")
WAIT = 300
needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="JAX is not installed; see make test-backends"
)


def run(what, **environment):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), what],
        capture_output=True,
        text=True,
        timeout=WAIT,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def in_jax(what):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    return run(what, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu", XLA_FLAGS=flags.strip())


def check(found):
    assert found["found"]["status"] == found["plain"]["status"] == "done"
    assert found["found"]["loss"] == pytest.approx(found["plain"]["loss"], rel=1e-4)


def test_tensorflow_mirrors_a_model():
    found = run("mirrored", KERAS_BACKEND="tensorflow")
    assert found["replicas"] == 2
    check(found)


@needs_jax
@pytest.mark.quick
def test_jax_shares_the_batches():
    found = in_jax("data")
    check(found)
    assert (found["devices"], found["pieces"]) == (2, [[16, 32], [16, 32]])


@needs_jax
@pytest.mark.quick
def test_jax_shares_the_weights_of_a_layer():
    found = in_jax("model")
    check(found)
    assert (found["devices"], found["pieces"]) == (2, [[16, 16], [16, 16]])
