"""Workers of a Dask cluster: what they are sent and tell, and what happens when they die."""

import time

import comparing
import distributed
import psutil
import pytest
from comparing import QUIET, large, listening, small
from training_serially import numbers, serial_numbers
from working import DATA, WAIT, X, die_once, fail, look, nothing, task, until_stopped

from keraslab.train import _compare, compare
from keraslab.train._parcel import pack
from keraslab.train._task import Data
from keraslab.train._workers import open_workers

TOTAL = float(X.sum())


@pytest.fixture(scope="module")
def cluster():
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster
    mine = psutil.Process().children(recursive=True)
    left = [" ".join(each.cmdline()) for each in mine if each.pid not in before]
    # A browser that other tests here have open may start one of its own processes meanwhile.
    others = ("resource_tracker", "chromium")
    assert [line for line in left if not any(name in line for name in others)] == []


@pytest.fixture(scope="module")
def client(cluster):
    with cluster.get_client() as client:
        client.wait_for_workers(2, timeout=WAIT)
        yield client


@pytest.fixture
def workers(client):
    client.wait_for_workers(2, timeout=WAIT)  # one may have been killed by the test before
    workers = open_workers(client, None, 9)
    try:
        workers.place(DATA)
        yield workers
    finally:
        workers.close()


def until(workers, kind, number):
    """Wait for so many messages of a kind."""
    found, end = [], time.monotonic() + WAIT
    while sum(each.kind == kind for each in found) < number:
        assert time.monotonic() < end
        found += workers.messages()
        time.sleep(0.01)
    return found


def test_nothing_listens_but_on_loopback(client):
    me = psutil.Process()
    listening = [
        each.laddr.ip
        for process in (me, *me.children(recursive=True))
        for each in process.net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3
    assert set(listening) == {"127.0.0.1"}


@pytest.mark.parametrize("given", [lambda client: client, lambda client: client.get_executor()])
def test_runs_have_the_data_and_the_threads_and_tell(client, given):
    workers = open_workers(given(client))
    try:
        workers.place(DATA)
        futures = [workers.submit(look, task(seed_index=index)) for index in range(4)]
        found = [each.result(WAIT) for each in futures]
        told = until(workers, "ended", 4)
    finally:
        workers.close()
    assert (workers.kind, workers.count, workers.threads) == ("dask", 2, 1)
    assert [each.threads for each in found] == [1] * 4
    # Which runs a worker gets is Dask's; the first of each empties the data that the next sees.
    seen: dict[int, list[float]] = {}
    for each in found:
        seen.setdefault(each.test["pid"], []).append(each.score)
    assert {max(scores) for scores in seen.values()} == {TOTAL}
    for index in range(4):
        mine = [each for each in told if each.seed_index == index]
        assert [each.kind for each in mine] == ["began", "ended"]
        assert mine[1].values == {"total": found[index].score}


def test_the_numbers_are_those_of_serial_runs(client):
    assert numbers(client) == serial_numbers()


def test_data_are_sent_once_and_tasks_hold_none(client, monkeypatch):
    scattered, submitted = [], []
    scatter, submit = client.scatter, client.submit

    def counted_scatter(what, **given):
        scattered.append((what.nbytes, given["broadcast"]))
        return scatter(what, **given)

    def counted_submit(call, order, placed, channel, **given):
        assert isinstance(placed, distributed.Future)
        submitted.append(len(pack((call, order, placed.key, channel), "it")))
        return submit(call, order, placed, channel, **given)

    monkeypatch.setattr(client, "scatter", counted_scatter)
    monkeypatch.setattr(client, "submit", counted_submit)
    workers = open_workers(client)
    try:
        workers.place(DATA)
        weights = bytes(500)  # the function that builds a model, and no model
        futures = [workers.submit(nothing, task(seed_index=i, build=weights)) for i in range(6)]
        assert [each.result(WAIT).status for each in futures] == ["done"] * 6
        held = client.who_has([workers._placed])
    finally:
        workers.close()
    assert len(scattered) == 1
    assert scattered[0][0] >= X.nbytes
    assert [len(each) for each in held.values()] == [2], "each worker has them before it works"
    assert len(submitted) == 6
    assert max(submitted) < X.nbytes / 10


def test_a_comparison_is_seen_to_go_on(client, monkeypatch):
    monkeypatch.setattr(_compare, "pilot", lambda *_: None)
    seen = []

    def look(comparison):
        seen.append(
            {
                (run.epoch, len(run.history.get("val_mae", [])))
                for run in comparison.runs
                if run.status == "running"
            }
        )

    with listening(look):
        found = compare(
            {"small": small, "large": large},
            (comparing.X, comparing.Y),
            seeds=2,
            epochs=3,
            batch_size=4,
            validation=0.2,
            executor=client,
            threads=1,
            **QUIET,
        )
    assert [run.error for run in found.runs] == [None] * 4
    assert [run.threads for run in found.runs] == [1] * 4
    assert "2 runs share the machines at a time (executor: dask)" in " ".join(found.held_equal)
    assert "The same number of threads: 1 for every run." in found.held_equal
    epochs = set().union(*seen)
    assert any(0 < epoch < 3 for epoch, _ in epochs), "before its end a run tells of its epochs"
    assert all(epoch == count for epoch, count in epochs)
    assert all(run.peak_memory > 10_000_000 for run in found.runs)


def test_stop_reaches_running_and_waiting_runs(workers):
    futures = [workers.submit(until_stopped, task(seed_index=index)) for index in range(4)]
    until(workers, "began", 2)
    workers.stop()
    assert [each.result(WAIT).status for each in futures] == ["stopped"] * 4


def test_a_run_that_is_cancelled_is_stopped_and_not_lost(workers):
    futures = [workers.submit(until_stopped, task(seed_index=index)) for index in range(4)]
    until(workers, "began", 2)
    workers.stop()
    assert all(each.cancel() for each in futures[2:])
    assert [each.cancelled() for each in futures[2:]] == [True, True]
    assert [each.result(WAIT).status for each in futures[:2]] == ["stopped"] * 2


def test_close_stops_what_runs_and_the_next_comparison_works(client):
    workers = open_workers(client)
    workers.place(DATA)
    future = workers.submit(until_stopped, task())
    until(workers, "began", 1)
    workers.close()
    workers.close()
    assert future.result(0).status == "stopped"
    again = open_workers(client)
    try:
        again.place(DATA)
        assert again.submit(nothing, task()).result(WAIT).status == "done"
    finally:
        again.close()


def test_faults_of_a_run_come_back(workers):
    error = workers.submit(fail, task("a")).exception(WAIT)
    assert (type(error), str(error)) == (ValueError, "no good: a")
    assert not workers.dead(error)


def test_a_run_whose_worker_is_killed_goes_to_another(workers, tmp_path):
    mark = tmp_path / "died"
    outcome = workers.submit(die_once, task(state=str(mark))).result(WAIT)
    told = until(workers, "began", 1)  # what the first one told may have died with it
    assert told[-1].values["pid"] == outcome.test["pid"] != int(mark.read_text())


def test_a_run_that_kills_its_workers_is_told(client, cluster, workers, tmp_path, monkeypatch):
    client.wait_for_workers(2, timeout=WAIT)
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    asked = task(state=str(tmp_path / "died"))
    error = workers.submit(die_once, asked).exception(WAIT)
    assert isinstance(error, distributed.KilledWorker)
    assert workers.dead(error)
    workers.renew()
    assert workers.submit(die_once, asked).result(WAIT).status == "done"


def test_data_that_went_with_their_worker_are_sent_again(client, workers):
    client.cancel([workers._placed])
    future = workers.submit(look, task())
    error = future.exception(WAIT)
    assert "had the data is gone" in str(error)
    assert workers.dead(error)
    workers.renew()
    assert workers.submit(look, task()).result(WAIT).score == TOTAL
    placed = workers._placed
    workers.renew()
    assert workers._placed is placed, "data that are there stay there"


def test_workers_that_do_not_see_a_file_are_named(client, workers, tmp_path):
    (tmp_path / "mark").touch()
    assert workers.blind_to(tmp_path / "mark") == []
    assert sorted(workers.blind_to(tmp_path / "none")) == sorted(client.nthreads())


def test_what_cannot_be_sent_is_named(workers):
    with pytest.raises(TypeError, match=r"The data cannot be sent.*self\.train\[0\].*generator"):
        workers.place(Data(((x for x in []),), None, ()))
    with pytest.raises(TypeError, match=r"variant 'wide' \(seed 7\) cannot.*generator"):
        workers.submit(nothing, task("wide", fit={"callbacks": [(x for x in [])]}))


def test_a_cluster_is_not_its_client(cluster):
    with pytest.raises(TypeError, match=r"a LocalCluster; give its client: .*get_client\(\)"):
        open_workers(cluster)


def test_an_asynchronous_client_is_refused(client, monkeypatch):
    monkeypatch.setattr(type(client), "asynchronous", True)
    with pytest.raises(TypeError, match="without asynchronous=True"):
        open_workers(client)


def test_a_cluster_without_workers_says_so(client, monkeypatch):
    monkeypatch.setattr(client, "nthreads", dict)
    with pytest.raises(RuntimeError, match=r"no workers yet.*wait_for_workers\(1\)"):
        open_workers(client)
