"""What can go wrong with the file of runs: killed kernels, two at once, disks, locks, strangers."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import warnings
from contextlib import closing, contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab.train import Store, _database, _store_recorder, _store_writer
from keraslab.train._database import StoreError, connect, connect_to_read, journal_of, on_network
from keraslab.train._store_writer import writer_of

ROOT = Path(kl.__file__).parents[1]
SECONDS = 60
"""After which a process or a condition that did not come is given up."""

# The store alone: its package, without the rooms that load Keras.
ALONE = f"""
import os, sys, time, types, warnings
sys.path.insert(0, {str(ROOT)!r})
package = types.ModuleType("keraslab.train")
package.__path__ = [{str(ROOT / "keraslab" / "train")!r}]
sys.modules["keraslab.train"] = package
from keraslab.train import _database, _store_writer
from keraslab.train._store import Store
store = Store(sys.argv[1])
"""


@contextmanager
def process(code, path):
    """A Python process that has the store, ended in any case."""
    running = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ALONE + textwrap.dedent(code), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # What waits for it on a pipe is freed when it does not come to its end.
    late = threading.Timer(SECONDS, running.kill)
    late.start()
    try:
        yield running
    finally:
        late.cancel()
        running.kill()
        running.communicate()


def whole(code, path):
    """Run a process to its end, and give what it printed."""
    with process(code, path) as running:
        out, errors = running.communicate()
        assert running.returncode == 0, errors
        return out


def until(condition):
    """Wait for what another process or thread does."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.sqlite")
    yield made
    writer_of(made.path).leave(5)


def sound(store):
    """Whether SQLite finds nothing wrong with the file."""
    with closing(sqlite3.connect(store.path)) as file:
        return file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_store_needs_neither_keras_nor_numpy(store):
    said = whole(
        """
        store.begin({"name": "x"}).close("done")
        print(len(store.runs()), [n for n in ("keras", "tensorflow", "numpy") if n in sys.modules])
        """,
        store.path,
    )
    assert said == "1 []\n"


def test_a_killed_kernel_leaves_its_run(store):
    code = """
    recorder = store.begin({"name": "killed", "seed": 3})
    for step in range(1000):
        recorder.add("batch", "loss", step + 1, step / 400, step / 100, 1.0)
    print("logged", flush=True)
    while True:
        step += 1
        recorder.add("batch", "loss", step + 1, step / 400, step / 100, 1.0)
        time.sleep(0.001)
    """
    with process(code, store.path) as child:
        assert child.stdout.readline() == "logged\n"
        until(lambda: store.runs() and len(store.runs()[0].points.get(("batch", "loss"), ())) > 999)
        assert store.runs()[0].status == "running"
        with pytest.raises(ValueError, match="under way"):
            store.delete(store.runs()[0].id)
        child.kill()
        child.wait()
        (run,) = store.runs()
        assert (run.name, run.status, run.seed) == ("killed", "killed", 3)
        steps = [row[0] for row in run.points["batch", "loss"]]
        assert steps == list(range(1, len(steps) + 1))
        assert run.seconds == pytest.approx((len(steps) - 1) / 100)
        assert sound(store)
    assert [each.name for each in store.runs(status="killed")] == ["killed"]
    store.delete(run.id)
    assert len(store.runs()) == 0


def test_a_run_that_nobody_ended_is_flushed_when_its_process_ends(store):
    whole(
        """
        recorder = store.begin({"name": "left"})
        recorder.add("train", "loss", 1, 1.0, 0.1, 0.5)
        """,
        store.path,
    )
    (run,) = store.runs()
    assert (run.status, run.history) == ("killed", {"loss": [0.5]})


@pytest.mark.parametrize("journal", ["wal", "truncate"])
def test_two_kernels_write_at_once(store, journal):
    code = f"""
    if {journal == "truncate"}:
        _database.on_network = lambda path: True
    print("there", flush=True)
    sys.stdin.readline()
    for number in range(4):
        recorder = store.begin({{"name": f"{{sys.stdin.name}} {{number}}"}})
        for step in range(2000):
            recorder.add("batch", "loss", step, 0.0, 0.0, float(number))
        recorder.close("done")
    store.flush()
    """
    with process(code, store.path) as one, process(code, store.path) as two:
        for child in (one, two):
            assert child.stdout.readline() == "there\n"
        for child in (one, two):
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in (one, two):
            _, errors = child.communicate()
            assert child.returncode == 0, errors
    found = store.runs()
    assert [run.status for run in found] == ["done"] * 8
    assert all(len(run.points["batch", "loss"]) == 2000 for run in found)
    assert sound(store)
    with closing(sqlite3.connect(store.path)) as file:
        # How a file is kept is written into it for WAL only; else it is up to who opens it.
        assert (journal_of(file) == "wal") == (journal == "wal")


def test_a_full_disk_warns_once_and_training_goes_on(store):
    said = whole(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
        recorder = store.begin({"name": "large"})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for step in range(20_000):
                recorder.add("batch", "loss", step, 0.0, 0.0, 1.0)
            store.flush()
            for step in range(100):
                recorder.add("batch", "loss", step, 0.0, 0.0, 1.0)
            recorder.close("done")
            print(step, len(caught), caught[0].message)
        """,
        store.path,
    )
    assert said.startswith("99 1 The run 'large' is not being kept: ")


def limited(monkeypatch, pragma):
    """Let the file be opened with a limit that can be lifted; gives what to set for that."""
    limit = [pragma]

    def opened(path, **options):
        file = connect(path, **options)
        for each in limit:
            file.execute(each)
        return file

    monkeypatch.setattr(_store_writer, "connect", opened)
    return limit


def test_what_a_full_disk_refused_is_written_when_there_is_room(store, monkeypatch):
    store.begin({"name": "first"}).close("done")
    writer_of(store.path).leave(5)
    limit = limited(monkeypatch, "PRAGMA max_page_count=1")
    recorder = store.begin({"name": "second"})
    for step in range(10_000):
        recorder.add("batch", "loss", step, 0.0, 0.0, 1.0)
    store.flush()
    with pytest.warns(UserWarning, match="'second' is not being kept: the disk of .* is full"):
        recorder.note(more=1)
    assert [run.name for run in store.runs()] == ["first"]
    limit.clear()
    until(lambda: store.flush() and len(store.runs()) == 2)
    recorder.add("batch", "loss", step + 1, 0.0, 0.0, 1.0)
    recorder.close("done")
    run = store.runs()[0]
    assert (run.status, len(run.points["batch", "loss"]), run.facts["more"]) == ("done", 10_001, 1)
    assert sound(store)


def test_memory_is_bounded_while_nothing_can_be_written(store, monkeypatch):
    monkeypatch.setattr(_store_recorder, "MOST", 100)
    limit = limited(monkeypatch, "PRAGMA query_only=ON")
    recorder = store.begin({"name": "long"})
    for step in range(1000):
        recorder.add("batch", "loss", step, 0.0, 0.0, 1.0)
    store.flush()
    with pytest.warns(UserWarning, match=r"read-only"):
        recorder.add("train", "loss", 1000, 1.0, 0.0, 1.0)
    store.flush()
    assert sum(map(len, recorder._waiting.values())) == 4 * 101
    limit.clear()
    until(lambda: store.flush() and len(store.runs()) == 1)
    recorder.close("done")
    (run,) = store.runs()
    assert len(run.points["batch", "loss"]) == 100  # values of batches go first, never an epoch's
    assert run.history == {"loss": [1.0]}
    assert run.facts["lost_points"] == 900


def test_warnings_that_are_errors_do_not_end_the_training(store, monkeypatch, caplog):
    limited(monkeypatch, "PRAGMA query_only=ON")
    recorder = store.begin({"name": "strict"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorder.close("done")
    assert "'strict' is not being kept" in caplog.text


@pytest.fixture
def read_only_folder():
    """A folder that everyone may enter, wherever the tests' own folders lie."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)
        os.chmod(folder, 0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="other rights on this system")
def test_a_read_only_disk_warns_once_and_can_be_read(read_only_folder):
    store = Store(read_only_folder / "runs.sqlite")
    store.begin({"name": "before"}).close("done")
    writer_of(store.path).leave(5)
    os.chmod(read_only_folder, 0o555)
    os.chmod(store.path, 0o444)
    said = whole(
        """
        import keraslab.train._runs
        if os.geteuid() == 0:  # root writes everywhere, so it becomes somebody else
            os.setgid(65534)
            os.setuid(65534)
        recorder = store.begin({"name": "after"})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            recorder.close("done")
            print([run.name for run in store.runs()], len(caught), caught[0].message)
        """,
        store.path,
    )
    assert said.startswith("['before'] 1 The run 'after' is not being kept: ")
    assert "read-only" in said


def test_a_locked_file_is_waited_for_beside_the_training(store, monkeypatch):
    monkeypatch.setattr(_store_writer, "LOCK_WAIT", 0.01)
    store.begin({"name": "first"}).close("done")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        recorder = store.begin({"name": "second"})
        with pytest.warns(UserWarning, match="another program keeps .* locked"):
            recorder.close("done")
        assert [run.name for run in store.runs()] == ["first"]  # who reads need not wait
        monkeypatch.setattr("keraslab.train._store.connect", quick)
        (first,) = store.runs()
        with pytest.raises(StoreError, match="Nothing was deleted: another program"):
            store.delete(first.id)
        other.execute("ROLLBACK")
    until(lambda: store.flush() and len(store.runs(status="done")) == 2)


def quick(path):
    """Open the file without patience."""
    return connect(path, wait=0.01)


class WithoutWal(sqlite3.Connection):
    """A connection to a file that lies where memory cannot be shared."""

    refuses = sqlite3.OperationalError("locking protocol")

    def execute(self, statement, *given):
        if statement == "PRAGMA journal_mode=WAL":
            if self.refuses is not None:
                raise self.refuses
            statement = "PRAGMA journal_mode"
        return super().execute(statement, *given)


@pytest.mark.parametrize("refuses", [sqlite3.OperationalError("locking protocol"), None])
def test_where_wal_is_refused_another_journal_does(store, monkeypatch, refuses):
    real = sqlite3.connect
    monkeypatch.setattr(WithoutWal, "refuses", refuses)
    monkeypatch.setattr(
        _database.sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=WithoutWal)
    )
    with closing(connect(store.path)) as file:
        assert journal_of(file) == "truncate"
    recorder = store.begin({"name": "home"})
    recorder.add("train", "loss", 1, 1.0, 0.1, 0.5)
    recorder.close("done")
    assert store.runs()[0].history == {"loss": [0.5]}


MOUNTS = """\
/dev/sda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
//files/share /mnt/the\\040share cifs rw 0 0
you@host: /home/me/far fuse.sshfs rw 0 0
/dev/sdb /home/me/near xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "far"),
    [
        ("/var/x", False),
        ("/home/me/x", True),
        ("/homes/x", False),
        ("/mnt/the share/x", True),
        ("/home/me/far/x", True),
        ("/home/me/near/x", False),
    ],
)
def test_network_folders_are_told_by_their_mounts(path, far):
    assert on_network(Path(path), MOUNTS) is far


def test_a_network_folder_gets_no_wal(store, monkeypatch):
    monkeypatch.setattr(_database, "on_network", lambda path: True)
    with closing(connect(store.path)) as file:
        assert journal_of(file) == "truncate"


@pytest.mark.parametrize("kind", ["text", "stranger", "newer"])
def test_a_file_that_is_not_ours_is_left_as_it_is(store, kind):
    if kind == "text":
        store.path.write_text("my notes, " * 1000)
    elif kind == "newer":
        connect(store.path).close()
        with closing(sqlite3.connect(store.path)) as file:
            file.execute("PRAGMA user_version=99")
    else:
        with closing(sqlite3.connect(store.path)) as file:
            file.execute("CREATE TABLE mine (x)")
    before = store.path.read_bytes()
    said = {"text": "damaged", "stranger": "of something else", "newer": "newer keraslab"}[kind]
    recorder = store.begin({"name": "lost"})
    with pytest.warns(UserWarning, match=said):
        recorder.close("done")
    with pytest.raises(StoreError, match=said):
        store.runs()
    assert store.path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_leaves_the_file_alone(store):
    said = whole(
        """
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside a thread
        recorder = store.begin({"name": "parent"})
        recorder.add("batch", "loss", 1, 0.0, 0.0, 1.0)
        store.flush()
        child = os.fork()
        if not child:
            recorder.add("batch", "loss", 2, 0.0, 0.0, 2.0)
            recorder.close("failed")
            own = store.begin({"name": "child"})
            own.close("done")
            sys.exit()
        os.waitpid(child, 0)
        recorder.add("batch", "loss", 3, 0.0, 0.0, 3.0)
        recorder.close("done")
        print([(run.name, run.status, run.history) for run in store.runs()])
        """,
        store.path,
    )
    assert said == "[('child', 'done', {}), ('parent', 'done', {'loss': [1.0, 3.0]})]\n"
    assert sound(store)


def test_the_thread_ends_when_no_run_is_under_way(store, monkeypatch):
    monkeypatch.setattr(_store_writer, "LINGER", 0.0)
    store.begin({"name": "short"}).close("done")
    until(lambda: writer_of(store.path)._thread is None)
    store.begin({"name": "again"}).close("done")
    assert len(store.runs()) == 2


def test_a_file_just_being_made_has_no_runs(store):
    store.path.touch()
    assert len(store.runs()) == 0
    with closing(connect_to_read(store.path)) as file, pytest.raises(sqlite3.OperationalError):
        file.execute("CREATE TABLE x (y)")


def test_fit_goes_on_where_no_run_can_be_kept(tmp_path):
    (tmp_path / "file").touch()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    with pytest.warns(UserWarning, match="is not being kept") as caught:
        run = kl.fit(
            model, np.ones((4, 2)), np.ones((4, 1)), epochs=2, display=False,
            store=tmp_path / "file" / "runs.sqlite",
        )  # fmt: skip
    assert run.status == "done"
    assert len([each for each in caught if "is not being kept" in str(each.message)]) == 1


@pytest.mark.slow
def test_a_kernel_killed_in_mid_epoch_leaves_its_fit(tmp_path):
    code = f"""
    import sys
    sys.path.insert(0, {str(ROOT)!r})
    import keras, numpy as np
    import keraslab as kl

    class Says(keras.callbacks.Callback):
        async_safe = False
        def on_train_batch_end(self, batch, logs=None):
            if batch == 20:
                print("in mid-epoch", flush=True)

    def batches():
        while True:
            yield np.ones((4, 2), "float32"), np.ones((4, 1), "float32")

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)], name="doomed")
    model.compile("sgd", "mse")
    kl.fit(model, batches(), steps_per_epoch=10**8, callbacks=[Says()], display=False)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KERASLAB_HOME": str(tmp_path)},
    )
    late = threading.Timer(2 * SECONDS, child.kill)
    late.start()
    try:
        assert child.stdout.readline() == "in mid-epoch\n"
        found = Store(tmp_path)
        until(lambda: found.runs() and found.runs()[0].last)
        assert found.runs()[0].status == "running"
    finally:
        late.cancel()
        child.kill()
        child.communicate()
    (run,) = found.runs()
    assert (run.name, run.status) == ("doomed", "killed")
    assert len(run.history["loss"]) >= 20
    assert run.config["config"]["name"] == "doomed"
