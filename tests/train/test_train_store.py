"""Runs that are kept: written, found again, compared, deleted, exported."""

import csv
import json
import math
import sqlite3
import sys
import types
from contextlib import closing
from datetime import date, datetime, timedelta

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab.train import Store, _alive, _commit
from keraslab.train._database import default_path
from keraslab.train._recorder import Forgets, open_recorder
from keraslab.train._store_writer import writer_of


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "here" / "runs.sqlite")
    yield made
    writer_of(made.path).leave(5)


def keep(store, name="digits", status="done", epochs=3, **facts):
    """Keep a run of two batches an epoch, and give its id."""
    recorder = store.begin({"name": name, **facts})
    for step in range(2 * epochs):
        recorder.add("batch", "loss", step + 1, step / 2, step / 10, 1 / (step + 1))
        if step % 2:
            epoch = (step + 1) / 2
            recorder.add("train", "loss", step + 1, epoch, step / 10, 1 / epoch)
            recorder.add("validation", "loss", step + 1, epoch, step / 10, 2 / epoch)
    recorder.close(status)
    return recorder.id


def test_a_run_comes_back_as_it_was_told(store):
    id_ = keep(store, seed=7, settings={"lr": 0.1, "data": np.int64(3)}, versions={"keras": "3"})
    (run,) = store.runs()
    assert (run.id, run.name, run.status, run.seed) == (id_, "digits", "done", 7)
    assert run.settings == {"lr": 0.1, "data": 3}
    assert run.versions == {"keras": "3"}
    assert run.history == {"loss": [1.0, 0.5, 1 / 3], "val_loss": [2.0, 1.0, 2 / 3]}
    assert run.points["batch", "loss"][2] == (3.0, 1.0, 0.2, 1 / 3)
    assert run.seconds == 0.5
    assert abs(run.started - datetime.now()) < timedelta(minutes=5)


def test_a_run_under_way_is_seen_and_grows(store):
    recorder = store.begin({"name": "now"})
    (run,) = store.runs()
    assert (run.status, run.history) == ("running", {})
    recorder.add("train", "loss", 1, 1.0, 0.1, 0.5)
    assert run.history == {"loss": [0.5]}
    recorder.close("stopped")
    recorder.close("done")  # the first word stands
    assert store.runs()[0].status == "stopped"


def test_notes_stay_with_the_run(store):
    recorder = store.begin({"name": "noted"})
    recorder.note(best=(3, 0.25, "val_loss"), seconds=1.5)
    recorder.note(error="ValueError: no", seconds=2.5)
    recorder.close("failed")
    (run,) = store.runs()
    assert (run.best, run.seconds, run.error) == ((3, 0.25, "val_loss"), 2.5, "ValueError: no")
    assert "ValueError: no" in repr(run)


def test_values_that_are_not_finite_are_kept(store):
    recorder = store.begin({"name": "nan"})
    for step, value in enumerate((1.0, math.nan, math.inf, -math.inf)):
        recorder.add("batch", "loss", step, 0.0, 0.0, value)
    recorder.close("failed")
    values = store.runs()[0].history["loss"]
    assert values[0] == 1.0
    assert math.isnan(values[1])
    assert values[2:] == [math.inf, -math.inf]
    assert store.runs()[0].to_figure().axes


def test_what_is_no_number_or_no_text_costs_nothing_else(store):
    recorder = store.begin({"name": "odd \udcff", "settings": {"f": object(), "s": {1}}, "x": len})
    recorder.add("batch", "lo\udcff", 1, 0.0, 0.0, "no number")
    recorder.add("batch", "lo\udcff", 2, 0.0, 0.0, np.float32(0.5))
    recorder.close("done")
    (run,) = store.runs()
    assert list(run.history.values()) == [[0.5]]
    assert run.facts["lost_points"] == 1
    assert run.settings["f"].startswith("<object")


def test_one_run_that_cannot_be_written_leaves_the_others_alone(store):
    whole = store.begin({"name": "whole"})
    broken = store.begin({"name": "broken", "started": "yesterday"})
    with pytest.warns(UserWarning, match="'broken' is not being kept: what is known of it"):
        broken.close("done")
    whole.close("done")
    assert [run.name for run in store.runs()] == ["whole"]


def test_the_config_is_kept_once_for_runs_that_share_it(store):
    for name in ("a", "b"):
        keep(store, name, config={"layers": ["dense"] * 100})
    assert [run.config for run in store.runs()] == [{"layers": ["dense"] * 100}] * 2
    with closing(sqlite3.connect(store.path)) as file:
        assert file.execute("SELECT count(*) FROM config").fetchone() == (1,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_newest_first_whatever_the_clock_says(store, monkeypatch):
    now = [2_000_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    first = keep(store, "before")
    now[0] -= 86_400 * 365
    second = keep(store, "after the clock was set back")
    running = store.begin({"name": "still running"})
    assert [run.id for run in store.runs()] == [running.id, second, first]
    assert [run.status for run in store.runs()] == ["running", "done", "done"]
    now[0] -= 86_400
    assert store.runs()[0].status == "running"
    running.close("done")


def test_filters(store):
    for name, status in (("Plain", "done"), ("residual", "failed"), ("residual 2", "done")):
        keep(store, name, status, comparison="f1" if name == "Plain" else None, variant="v")

    def names(**given):
        return [run.name for run in store.runs(**given)]

    assert names(name="residual*") == ["residual 2", "residual"]
    assert names(name="plain") == ["Plain"]
    assert names(status="failed") == ["residual"]
    assert names(status=["failed", "done"], name="res*") == ["residual 2", "residual"]
    assert names(comparison="f1", variant="v") == ["Plain"]
    assert names(comparison="f2") == []
    assert len(names(since=timedelta(hours=1))) == 3
    assert len(names(since=date.today() - timedelta(days=1))) == 3
    assert names(since=datetime.now().astimezone() + timedelta(days=2)) == []
    assert names(since="2999-01-01") == []
    with pytest.raises(ValueError, match=r"status takes one or several of running.*'gone'"):
        store.runs(status="gone")
    with pytest.raises(ValueError, match=r"since takes a date.*'yesterday'"):
        store.runs(since="yesterday")


def test_runs_are_a_list(store):
    ids = [keep(store, f"run {number}", epochs=1) for number in range(3)]
    found = store.runs()
    assert len(found) == 3
    assert found[0].id == ids[2]
    assert [run.id for run in found[1:]] == ids[1::-1]
    assert found[ids[1][:8]].name == "run 1"
    with pytest.raises(KeyError, match="no run"):
        found["x"]
    with pytest.raises(KeyError, match="no run"):
        found[""]


def test_delete_takes_runs_or_their_ids_and_nothing_else(store):
    ids = [keep(store, epochs=1, config={"n": number}) for number in range(3)]
    alive = store.begin({"name": "alive"})
    found = store.runs()
    with pytest.raises(ValueError, match="takes the runs to delete"):
        found.delete()
    with pytest.raises(KeyError, match="no run here whose id begins with 'x'"):
        found.delete("x")
    with pytest.raises(KeyError, match="nobody"):
        store.delete(ids[0], "nobody")
    with pytest.raises(ValueError, match="'alive' is under way"):
        store.delete(ids[0], alive.id)
    with pytest.raises(KeyError, match="no run here"):
        found[:1].delete(ids[0])
    with pytest.raises(KeyError, match="no run here"):
        found[:1].delete(found[0], found[1])
    assert len(store.runs()) == 4
    found.delete(ids[0][:8], *[run for run in found if run.id == ids[2]])
    alive.close("done")
    assert [run.id for run in store.runs()] == [alive.id, ids[1]]
    with closing(sqlite3.connect(store.path)) as file:
        assert file.execute("SELECT count(*) FROM points").fetchone() == (3,)
        assert file.execute("SELECT count(*) FROM config").fetchone() == (1,)


def test_a_run_deleted_under_its_writer_says_so_once(store):
    recorder = store.begin({"name": "doomed"})
    store.flush()
    with closing(sqlite3.connect(store.path)) as file:
        file.execute("DELETE FROM run")
        file.commit()
    recorder.add("batch", "loss", 1, 0.0, 0.0, 1.0)
    store.flush()
    with pytest.warns(UserWarning, match="'doomed' is not being kept: it was deleted"):
        recorder.close("done")
    assert len(store.runs()) == 0


def test_text_and_page(store):
    assert repr(store.runs()) == "No runs are kept yet."
    assert not store.path.exists()  # looking makes nothing
    keep(store, "<script>alert(1)</script>\nnext")
    found = store.runs()
    head = repr(found).splitlines()[0]
    assert " ".join(head.split()) == "id name status begun took loss val_loss"
    assert len(repr(found).splitlines()) == 2
    page = found._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert repr(found.filter("nothing")) == "No such runs."
    assert "No such runs." in found.filter("nothing")._repr_html_()


def test_a_long_list_is_cut(store):
    recorders = [store.begin({"name": f"run {number}"}) for number in range(33)]
    for recorder in recorders:
        recorder.close("done")
    lines = repr(store.runs()).splitlines()
    assert len(lines) == 32
    assert lines[-1] == "and 3 more; runs[30:] shows them"


def test_curves_of_a_kept_run(store):
    keep(store)
    (run,) = store.runs()
    (plot,) = run.plots
    assert [line.kind for line in plot.lines] == ["batch", "train", "validation"]
    batch, train, _ = plot.lines
    assert list(train.x) == [1.0, 2.0, 3.0]
    assert list(batch.x[~np.isnan(batch.y)]) == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert np.isnan(batch.y).sum() == 2  # each epoch is a line of its own
    shown = run.show()
    assert shown._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")
    assert len(shown.to_figure().axes) == 1
    assert len(store.runs().show().to_figure().axes) == 1


def test_compare(store):
    keep(store, "<plain>", seed=0, settings={"lr": 0.1, "batch": 32}, cost={"macs": 12000})
    keep(store, "_res$x^2$", epochs=5, seed=0, settings={"lr": 0.2, "batch": 32})
    compared = store.runs().compare()
    first, second = compared.rows()
    assert (first["lr"], second["lr"]) == (0.2, 0.1)
    assert "batch" not in first
    assert "seed" not in first
    assert (first["val_loss"], first["best val_loss"]) == (0.4, 0.4)
    assert "12,000" in repr(compared)
    assert compared.to_frame()["macs"].tolist()[1] == 12000
    (axes,) = compared.to_figure().axes
    assert len(axes.lines) == 4
    assert len(axes.get_legend().get_texts()) == 4
    page = compared._repr_mimebundle_()["text/html"]
    assert "<plain>" not in page
    assert "data:image/png" in page
    assert repr(store.runs("none").compare()) == "No runs to compare."


def test_frame(store):
    keep(store, settings={"lr": 0.1, "shape": [1, 2]}, seed=3)
    frame = store.runs().to_frame()
    row = frame.iloc[0]
    assert (row["name"], row["seed"], row["settings.lr"], row["loss"]) == (
        "digits", 3, 0.1, 1 / 3
    )  # fmt: skip
    assert row["settings.shape"] == "[1, 2]"


def test_csv(store, tmp_path):
    id_ = keep(store, "=1+1", epochs=1)
    store.runs().to_csv(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["run", "name", "kind", "key", "step", "epoch", "seconds", "value"]
    assert rows[0] == [id_, "'=1+1", "batch", "loss", "1", "0.0", "0.0", "1.0"]
    assert len(rows) == 4
    assert [path.name for path in tmp_path.glob("*.csv")] == ["out.csv"]


def test_tensorboard_reads_back_what_its_own_writer_wrote(store, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    id_ = keep(store, "a/b", epochs=2)
    store.runs().to_tensorboard(tmp_path / "events")
    folder = tmp_path / "events" / f"a_b-{id_}"
    start = store.runs()[0].started.timestamp()
    read = {}
    for part in sorted(folder.iterdir()):
        events = EventAccumulator(str(part)).Reload()
        for tag in events.Tags()["tensors"]:
            assert events.SummaryMetadata(tag).plugin_data.plugin_name == "scalars"
            read[part.name, tag] = [
                (e.step, float(make_ndarray(e.tensor_proto)), round(e.wall_time - start, 3))
                for e in events.Tensors(tag)
            ]
    third = float(np.float32(1 / 3))
    assert read == {
        ("train", "batch_loss"): [(1, 1.0, 0.0), (2, 0.5, 0.1), (3, third, 0.2), (4, 0.25, 0.3)],
        ("train", "epoch_loss"): [(0, 1.0, 0.1), (1, 0.5, 0.3)],
        ("validation", "epoch_loss"): [(0, 2.0, 0.1), (1, 1.0, 0.3)],
    }
    assert [path.name for path in (tmp_path / "events").iterdir()] == [folder.name]


def test_mlflow_is_told_through_its_own_client(store, monkeypatch):
    said = []

    class Started:
        info = types.SimpleNamespace(run_id="m1")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            said.append("end")

    class Client:
        def log_batch(self, run_id, metrics):
            said.append((run_id, len(metrics), metrics[0][:2], metrics[0][3]))

        def set_terminated(self, run_id, status):
            said.append((run_id, status))

    mlflow = types.SimpleNamespace(
        MlflowClient=Client,
        set_experiment=lambda name: said.append(name),
        start_run=lambda run_name, nested: said.append(run_name) or Started(),
        set_tags=lambda tags: said.append(tags["keraslab.status"]),
        log_params=lambda params: said.append(params),
    )
    entities = types.SimpleNamespace(Metric=lambda *given: given)
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    keep(store, "one", "failed", seed=3, settings={"opt": {"lr:x": 0.1}})
    store.runs().to_mlflow("study")
    assert said == [
        "study",
        "one",
        "failed",
        {"seed": "3", "opt.lr_x": "0.1"},
        ("m1", 12, ("batch_loss", 1.0), 1),
        "end",
        ("m1", "FAILED"),
    ]


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_an_export_without_its_library_names_the_extra(store, name, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{name}.summary", None)
    with pytest.raises(ImportError, match=rf"keraslab\[{name}\]"):
        getattr(store.runs(), f"to_{name}")(tmp_path)


def test_where_runs_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASLAB_HOME", str(tmp_path / "mine"))
    assert Store().path == tmp_path / "mine" / "runs.sqlite"
    monkeypatch.delenv("KERASLAB_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert tmp_path in default_path().parents
    assert Store(tmp_path).path == tmp_path / "runs.sqlite"
    assert Store(tmp_path / "x.db").path == tmp_path / "x.db"


def small_model():
    x = keras.Input((2,))
    model = keras.Model(x, keras.layers.Dense(1, name="out")(x), name="small")
    model.compile("sgd", "mse", jit_compile=False)
    return model


def test_fit_keeps_its_run(tmp_path):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    run = kl.fit(
        small_model(), x, y, epochs=2, batch_size=4, validation_data=(x, y), seed=5,
        display=False, store=tmp_path / "runs.sqlite",
    )  # fmt: skip
    (kept,) = kl.runs(path=tmp_path / "runs.sqlite")
    assert (kept.id, kept.name, kept.status, kept.seed) == (run.id, "small", "done", 5)
    assert kept.history == {name: pytest.approx(run.history[name]) for name in run.history}
    assert len(kept.points["batch", "loss"]) == 4
    assert kept.settings["epochs"] == 2
    assert kept.settings["x"] == "float32 (8, 2)"
    assert kept.cost == {"params": 3, "macs": 2}
    assert kept.versions["keras"] == keras.__version__
    assert kept.seconds == pytest.approx(run.seconds)
    assert kept.best[0] == 2
    again = keras.models.model_from_json(json.dumps(kept.config))
    assert [layer.name for layer in again.layers][-1] == "out"


def test_fit_keeps_runs_unless_told_not_to(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASLAB_HOME", str(tmp_path))
    with kl.Run("loop", display=False) as run:
        run.log(loss=1.0)
    with kl.Run("unseen", display=False, store=False) as unseen:
        unseen.log(loss=1.0)
    assert [(each.name, each.id) for each in kl.runs()] == [("loop", run.id)]
    assert isinstance(open_recorder(None, {}), Forgets)


def test_a_run_that_goes_on_keeps_its_whole_history(tmp_path):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    given = {"batch_size": 4, "display": False, "store": tmp_path / "runs.sqlite"}
    file = tmp_path / "run.weights.h5"
    kl.fit(small_model(), x, y, epochs=2, checkpoint=file, **given)
    run = kl.fit(small_model(), x, y, epochs=3, resume=file, **given)
    (kept, _) = kl.runs(path=tmp_path / "runs.sqlite")
    assert kept.history == {"loss": pytest.approx(run.history["loss"])}
    assert len(kept.history["loss"]) == 3
    batch, train = kept.plots[0].lines
    assert list(train.x) == [1.0, 2.0, 3.0]
    assert list(batch.x) == [2.5, 3.0]


def measured(tmp_path, model, *callbacks, **given):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    run = kl.fit(
        model, x, y, epochs=3, batch_size=4, display=False, callbacks=list(callbacks),
        store=tmp_path / "runs.sqlite", **given,
    )  # fmt: skip
    return run, kl.runs(path=tmp_path / "runs.sqlite")[run.id]


def test_learning_rate_and_norms_are_kept_as_they_were_seen(tmp_path):
    halves = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    curves = kl.LiveCurves(display=False, norms="updates", budget=1)
    run, kept = measured(tmp_path, small_model(), halves, curves)
    seen = {
        key: list(run.record.series[f"value:{key}"].since()[1])
        for key in ("learning_rate", "update_norm")
    }
    assert len(seen["learning_rate"]) == 3
    assert seen["update_norm"]
    for key, values in seen.items():
        rows = kept.points["value", key]
        assert [row[3] for row in rows] == values
        assert [row[0] for row in rows] == list(run.record.series[f"value:{key}"].since()[0])
    assert kept.history == {name: pytest.approx(run.history[name]) for name in run.history}
    assert [plot.title for plot in kept.plots] == [plot.title for plot in run.record.plots()]
    rates = kept.plots[[plot.id for plot in kept.plots].index("learning_rate")]
    assert [line.kind for line in rates.lines] == ["value"]
    assert list(rates.lines[0].x) == [1.0, 2.0, 3.0]
    assert "update_norm" not in repr(kl.runs(path=tmp_path / "runs.sqlite"))
    # Curves that go on with the same model do not tell of the first training again.
    _, again = measured(tmp_path, run.model, curves)
    assert len(again.points["value", "learning_rate"]) == 3


def test_a_learning_rate_that_never_changes_has_no_curve(tmp_path):
    run, kept = measured(tmp_path, small_model())
    assert len(kept.points["value", "learning_rate"]) == 3
    assert [plot.id for plot in kept.plots] == list(run.history)


def test_git_commit_is_read_from_its_files(tmp_path):
    def told():
        return _commit.git_commit(tmp_path / "deep" / "er")

    (tmp_path / "deep" / "er").mkdir(parents=True)
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("a" * 40 + "\n")
    assert told() == "a" * 40
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert told() is None
    (git / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/main\n")
    assert told() == "b" * 40
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "refs" / "heads" / "main").write_text("c" * 40)
    assert told() == "c" * 40
    (git / "HEAD").write_text("ref: refs/heads/main\nno hash")
    assert told() is None
    tree = tmp_path / "tree"
    tree.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "worktrees").mkdir()
    (git / "worktrees" / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "worktrees" / "commondir").write_text("..\n")
    (tree / ".git").write_text(f"gitdir: {git / 'worktrees'}\n")
    assert _commit.git_commit(tree) == "c" * 40


def test_another_machine_is_judged_by_its_last_sign(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1000.0)
    here = _alive.this_process()
    assert _alive.lives(here, beat=-1e9)  # a clock cannot kill a process that is there
    assert not _alive.lives(here._replace(born="1"), beat=1000.0)
    far = here._replace(host="elsewhere")
    assert _alive.lives(far, beat=990.0)
    assert not _alive.lives(far, beat=900.0)
    before = here._replace(boot="another boot")
    assert not _alive.lives(before, beat=2000.0)
