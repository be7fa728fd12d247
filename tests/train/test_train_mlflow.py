"""Kept runs in MLflow, written and read back by MLflow itself: `make test-full` installs it."""

import json
import os
import subprocess
import sys

import pytest

from keraslab.train import Store
from keraslab.train._store_writer import writer_of

# MLflow warns of its own parts while it is imported, hence a process of its own.
READ_BACK = """
import json, sys
import mlflow
from keraslab.train import Store
from keraslab.train._store_writer import writer_of

mlflow.set_tracking_uri(sys.argv[2])
store = Store(sys.argv[1])
mlflow.set_experiment("study")
with mlflow.start_run(run_name="around"):  # one that the person has open already
    store.runs().to_mlflow("study")
writer_of(store.path).leave(5)
client = mlflow.MlflowClient()
found = client.search_runs([client.get_experiment_by_name("study").experiment_id])
print(json.dumps({
    run.info.run_name: {
        "status": run.info.status,
        "params": run.data.params,
        "keraslab": run.data.tags["keraslab.status"],
        "metrics": {
            name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
            for name in sorted(run.data.metrics)
        },
    }
    for run in found if run.info.run_name != "around"
}))
"""


@pytest.mark.slow
def test_mlflow_reads_back_what_its_own_client_wrote(tmp_path):
    store = Store(tmp_path / "runs.sqlite")
    for name, status in (("good", "done"), ("bad", "failed"), ("dead", "stopped")):
        recorder = store.begin({"name": name, "seed": 7, "settings": {"adam": {"lr": 0.1}}})
        for step in range(4):
            recorder.add("batch", "loss", step + 1, (step + 1) / 2, step / 10, 1 / (step + 1))
            if step % 2:
                epoch = (step + 1) / 2
                recorder.add("train", "loss", step + 1, epoch, step / 10, 1 / epoch)
                recorder.add("validation", "loss", step + 1, epoch, step / 10, 2 / epoch)
        recorder.close(status)
    writer_of(store.path).leave(5)
    told = subprocess.run(
        [sys.executable, "-c", READ_BACK, store.path, f"sqlite:///{tmp_path / 'mlflow.db'}"],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    found = json.loads(told.stdout.splitlines()[-1])
    assert {name: run["status"] for name, run in found.items()} == {
        "good": "FINISHED",
        "bad": "FAILED",
        "dead": "FINISHED",
    }
    assert found["good"]["params"] == {"seed": "7", "adam.lr": "0.1"}
    assert found["dead"]["keraslab"] == "stopped"
    assert found["good"]["metrics"] == {
        "batch_loss": [[1, 1.0], [2, 0.5], [3, 1 / 3], [4, 0.25]],
        "loss": [[0, 1.0], [1, 0.5]],
        "val_loss": [[0, 2.0], [1, 1.0]],
    }
