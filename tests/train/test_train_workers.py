"""Workers in this process and in processes of this machine: what they are told and tell back."""

import contextlib
import dataclasses
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import keras
import loky
import psutil
import pytest
from training_serially import numbers, serial_numbers
from working import (
    DATA,
    WAIT,
    X,
    die_once,
    fail,
    fail_softly,
    look,
    message,
    nothing,
    settings,
    task,
    until_stopped,
)

from keraslab.train import _workers_local
from keraslab.train._keras_settings import KerasSettings
from keraslab.train._parcel import FolderParcel, pack, unpack
from keraslab.train._thread_count import thread_environment, threads_in_use, use_threads
from keraslab.train._work import Order, work
from keraslab.train._workers import open_workers
from keraslab.train._workers_executor import ExecutorWorkers, start_method_of

TOTAL = float(X.sum())
SERIAL = Path(__file__).with_name("training_serially.py")


@contextlib.contextmanager
def opened(*given, data=DATA):
    workers = open_workers(*given)
    try:
        workers.place(data)
        yield workers
    finally:
        workers.close()


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left():
    yield
    _workers_local.end_processes()
    left = [p for p in psutil.Process().children() if "loky" in " ".join(p.cmdline())]
    # loky's own tracker of semaphores ends with this process.
    assert [p for p in left if "resource_tracker" not in " ".join(p.cmdline())] == []


@pytest.fixture(scope="module")
def warm():
    """Hold the processes that the tests of this file share."""
    with opened("local", 1, 2) as workers:
        futures = [workers.submit(nothing, task()) for _ in range(2)]
        assert [each.result(WAIT).status for each in futures] == ["done", "done"]
        yield workers


@pytest.fixture
def local(warm):
    with opened("local", 1, 2) as workers:
        yield workers


def until(tells, kind, number):
    """Wait for so many messages of a kind."""
    found, end = [], time.monotonic() + WAIT
    while sum(each.kind == kind for each in found) < number:
        assert time.monotonic() < end
        found += tells.messages()
        time.sleep(0.01)
    return found


# In this process


def test_serial_works_at_once_and_tells_who_listens():
    with opened() as workers:
        heard = []
        workers.on_message = heard.append
        future = workers.submit(
            lambda asked, data, channel: channel.send(message(asked, "began")) or data, task()
        )
        assert future.done()
        assert future.result() is DATA, "nothing is copied"
        assert [each.kind for each in heard] == ["began"]
        assert workers.messages() == []
        assert (workers.kind, workers.count, workers.threads) == ("serial", 1, threads_in_use())


def test_serial_keeps_messages_where_nobody_listens():
    with opened() as workers:
        workers.submit(lambda asked, data, channel: channel.send(message(asked, "epoch")), task())
        assert [each.kind for each in workers.messages()] == ["epoch"]
        assert workers.messages() == []


def test_a_listener_at_fault_does_not_end_a_training(capsys):
    with opened() as workers:
        workers.on_message = lambda told: 1 / 0
        send = lambda asked, data, channel: channel.send(message(asked, "epoch")) or "whole"  # noqa: E731
        assert workers.submit(send, task()).result() == "whole"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_serial_faults_are_in_the_future_and_interrupts_are_not():
    def interrupted(*_):
        raise KeyboardInterrupt

    with opened() as workers:
        future = workers.submit(fail, task("a"))
        assert str(future.exception()) == "no good: a"
        assert not workers.dead(future.exception())
        with pytest.raises(KeyboardInterrupt):
            workers.submit(interrupted, task())


def test_serial_stops():
    with opened() as workers:
        asks = lambda asked, data, channel: channel.stopping  # noqa: E731
        assert workers.submit(asks, task()).result() is False
        workers.stop()
        assert workers.submit(asks, task()).result() is True


def test_threads_of_a_pool_train_one_at_a_time_with_what_keras_was_told():
    inside, most, policies = [], [], []

    def train(asked, data, channel):
        inside.append(asked.seed_index)
        most.append(len(inside))
        policies.append(keras.config.dtype_policy().name)
        channel.send(message(asked, "began"))
        time.sleep(0.01)  # long enough for another thread to come in, were it let in
        inside.remove(asked.seed_index)

    before = keras.config.dtype_policy()
    with ThreadPoolExecutor(3) as pool, opened(pool) as workers:
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            futures = [workers.submit(train, task(seed_index=index)) for index in range(5)]
            assert [each.exception(WAIT) for each in futures] == [None] * 5
        finally:
            keras.config.set_dtype_policy(before)
        assert most == [1] * 5
        assert policies == ["mixed_bfloat16"] * 5
        assert sorted(each.seed_index for each in workers.messages()) == [0, 1, 2, 3, 4]
        assert (workers.kind, workers.count) == ("executor", 1)


# In processes of this machine


def test_local_runs_have_the_data_the_threads_and_no_more_processes_than_cores(local):
    futures = [local.submit(look, task(seed_index=index)) for index in range(4)]
    found = [each.result(WAIT) for each in futures]
    assert [each.score for each in found] == [TOTAL] * 4, "no run sees what another changed"
    assert [each.threads for each in found] == [1] * 4
    assert local.threads == 1
    assert local.count == max(1, min(2, loky.cpu_count()))
    assert len({each.test["pid"] for each in found}) <= local.count
    assert os.getpid() not in {each.test["pid"] for each in found}
    told = local.messages()
    for index in range(4):
        mine = [each for each in told if each.seed_index == index]
        assert [each.kind for each in mine] == ["began", "ended"]
        assert mine[1].values == {"total": TOTAL}
    assert local.messages() == []


def test_the_numbers_are_those_of_serial_runs(warm):
    assert numbers("local") == serial_numbers()


def test_warm_processes_are_used_again(warm):
    seen = []
    for _ in range(2):
        with opened("local", 1, 2) as workers:
            futures = [workers.submit(look, task()) for _ in range(4)]
            seen.append({each.result(WAIT).test["pid"] for each in futures})
    pids = {int(path) for path in warm.executor._processes}
    assert seen[0] | seen[1] <= pids


@pytest.mark.parametrize(
    ("cores", "threads", "runs", "count"), [(8, 3, 9, 2), (8, 1, 3, 3), (2, 4, 9, 1)]
)
def test_cores_are_not_oversubscribed(monkeypatch, cores, threads, runs, count):
    monkeypatch.setattr(loky, "cpu_count", lambda: cores)
    workers = open_workers("local", threads, runs)
    try:
        assert (workers.count, workers.threads) == (count, threads)
    finally:
        workers.close()


def test_stop_reaches_runs_in_processes(local):
    futures = [local.submit(until_stopped, task(seed_index=index)) for index in range(local.count)]
    until(local, "began", local.count)
    local.stop()
    assert [each.result(WAIT).status for each in futures] == ["stopped"] * local.count


def test_close_stops_what_still_runs_and_removes_the_folder(warm):
    with opened("local", 1, 2) as workers:
        futures = [workers.submit(until_stopped, task(seed_index=i)) for i in range(workers.count)]
        until(workers, "began", workers.count)
        folder = workers._post.folder
        assert folder.is_dir()
    assert [each.result(0).status for each in futures] == ["stopped"] * len(futures)
    assert not folder.exists()


def test_faults_in_a_process_come_back(local):
    error = local.submit(fail, task("a")).exception(WAIT)
    assert (type(error), str(error)) == (ValueError, "no good: a")
    assert not local.dead(error)
    outcome = local.submit(fail_softly, task()).result(WAIT)
    assert (outcome.error, outcome.exception) == ("OnlyHereError: no", None)


def test_what_keras_was_told_holds_in_processes(warm):
    class Twice(keras.layers.Layer):
        factor = 2

    Twice.__module__ = "__main__"
    before = keras.config.dtype_policy(), keras.config.epsilon()
    for factor in (2, 3):  # a cell that defines a class may run again
        Twice.factor = factor
        keras.saving.get_custom_objects()["test>Twice"] = Twice
        keras.config.set_dtype_policy("mixed_bfloat16")
        keras.config.set_epsilon(1e-5)
        try:
            with opened("local", 1, 2) as workers:
                said = workers.submit(settings, task()).result(WAIT).versions
        finally:
            keras.config.set_dtype_policy(before[0])
            keras.config.set_epsilon(before[1])
            del keras.saving.get_custom_objects()["test>Twice"]
        assert said == {"policy": "mixed_bfloat16", "epsilon": "1e-05", "twice": str(factor)}


def test_a_process_that_is_killed_is_told_and_replaced(tmp_path, warm):
    with opened("local", 1, 2) as workers:
        asked = task(state=str(tmp_path / "died"))
        error = workers.submit(die_once, asked).exception(WAIT)
        assert isinstance(error, loky.process_executor.TerminatedWorkerError)
        assert workers.dead(error)
        (began,) = workers.messages()
        assert began.kind == "began", "what it told before it died is there"
        late = workers.submit(nothing, task()).exception(WAIT)
        assert workers.dead(late), "a broken pool gives futures that say so"
        workers.renew()
        pool = workers.executor
        workers.renew()
        assert workers.executor is pool, "one renewal serves all runs that died together"
        outcome = workers.submit(die_once, asked).result(WAIT)
        assert (outcome.status, outcome.test["pid"] != began.values["pid"]) == ("done", True)


@pytest.mark.slow
def test_processes_end_with_a_notebook_that_is_killed(tmp_path):
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from working import DATA, task, until_stopped\n"
        "from keraslab.train._workers import open_workers\n"
        "workers = open_workers('local', 1, 1)\n"
        "workers.place(DATA)\n"
        "workers.submit(until_stopped, task())\n"
        "while not (told := workers.messages()): time.sleep(0.01)\n"
        "print(int(told[0].values['pid']), workers._post.folder, flush=True)\n"
        "time.sleep(300)\n"
    )
    notebook = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with notebook:
        pid, folder = notebook.stdout.readline().split()
        worker = psutil.Process(int(pid))
        notebook.kill()
    worker.wait(WAIT)
    assert not Path(folder).exists()


def test_lokys_names_are_there():
    assert loky.process_executor._MAX_MEMORY_LEAK_SIZE > 0, "else raise it in another way"


def test_an_interrupt_of_the_notebook_leaves_processes_alone(local):
    future = local.submit(until_stopped, task())
    (began,) = until(local, "began", 1)
    os.kill(int(began.values["pid"]), signal.SIGINT)
    local.stop()
    assert future.result(WAIT).status == "stopped"


# Executors that a user made


def test_a_pool_that_forks_is_refused():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert start_method_of(pool) == "fork"
        with pytest.raises(ValueError, match=r"forks.*executor='local'.*get_context\('spawn'\)"):
            open_workers(pool)


def test_a_pool_that_spawns_works_until_a_process_dies(tmp_path):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool, opened(pool, 1, 2) as workers:
        assert (workers.kind, workers.count) == ("executor", 1)
        outcome = workers.submit(look, task()).result(WAIT)
        assert (outcome.score, outcome.threads) == (TOTAL, 1)
        assert [each.kind for each in workers.messages()] == ["began", "ended"]
        asked = task(state=str(tmp_path / "died"))
        error = workers.submit(die_once, asked).exception(WAIT)
        assert workers.dead(error)
        with pytest.raises(RuntimeError, match=r"ProcessPoolExecutor died.*finished runs are kept"):
            workers.renew()


class Elsewhere(Executor):
    """An executor of some library, whose processes may be anywhere: all it gets is pickled."""

    def submit(self, call, /, *given):
        future = Future()
        future.set_result(call(*unpack(pack(given, "it"))))
        return future


def test_an_executor_of_any_kind_gets_the_data_with_each_run():
    with opened(Elsewhere()) as workers:
        assert isinstance(workers, ExecutorWorkers)
        outcomes = [workers.submit(look, task()).result() for _ in range(2)]
        assert [each.score for each in outcomes] == [TOTAL, TOTAL]
        assert sorted(path.name for path in workers._post.folder.iterdir()) != []
        assert len(workers.messages()) == 4


def test_one_of_an_executor_of_any_kind_is_asked_whether_it_sees_a_file(tmp_path):
    (tmp_path / "mark").touch()
    with opened(Elsewhere()) as workers:
        assert workers.blind_to(tmp_path / "mark") == []
        assert workers.blind_to(tmp_path / "none") == ["those of the Elsewhere"]


def test_a_channel_without_its_folder_is_silent(tmp_path):
    with opened(Elsewhere()) as workers:
        channel = unpack(pack(workers._post.channel, "it"))
    channel.send(message(task(), "began"))
    assert channel.stopping is False


def test_a_task_is_small_whatever_the_model_weighs():
    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000)])
    config = model.get_config()
    build = pack(lambda: keras.Sequential.from_config(config), "it")
    sent = []

    class Counting(Elsewhere):
        def submit(self, call, /, *given):
            sent.append(len(pack(given, "it")))
            return Future()

    workers = ExecutorWorkers(Counting(), 1)
    try:
        workers._placed = FolderParcel("somewhere")
        workers.submit(nothing, task(build=build))
    finally:
        workers._futures.clear()
        workers.close()
    assert sent[0] < 10_000 < 4 * model.count_params()


# What is no executor


@pytest.mark.parametrize(
    ("executor", "said"),
    [
        ("dask", "Received: 'dask'"),
        (3, "Received: a int"),
        (ThreadPoolExecutor, "Received: the class ThreadPoolExecutor; make an object of it"),
        (type("SpecCluster", (), {"get_client": print})(), "executor=cluster.get_client()"),
        (type("LoadBalancedView", (), {"executor": print})(), "executor=view.executor"),
    ],
)
def test_a_wrong_executor_is_told_what_is_possible(executor, said):
    with pytest.raises(TypeError) as caught:
        open_workers(executor)
    assert said in str(caught.value)
    assert "'local'" in str(caught.value)
    assert "dask.distributed.Client" in str(caught.value)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_threads_are_checked(threads):
    with pytest.raises(ValueError, match="threads must be a whole number"):
        open_workers(None, threads)


# Threads


def test_a_backend_that_has_started_keeps_its_threads_and_says_so():
    keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))
    found = threads_in_use()
    assert use_threads(found + 1) == use_threads(None) == found
    order = Order.of(nothing, task(), KerasSettings.of_this_process(), found + 1)
    with pytest.raises(RuntimeError, match=f"has started with {found} before.*client.restart"):
        work(order, DATA, None)


def test_another_backend_is_refused():
    told = dataclasses.replace(KerasSettings.of_this_process(), backend="jax")
    with pytest.raises(RuntimeError, match="Start the workers with KERAS_BACKEND=jax"):
        work(Order.of(nothing, task(), told, None), DATA, None)


@pytest.mark.slow
def test_threads_are_set_before_the_backend_starts_and_told_as_they_are():
    code = (
        "import json, keras\n"
        "from keraslab.train._thread_count import threads_in_use, use_threads\n"
        "found = [use_threads(3)]\n"
        "keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))\n"
        "print(json.dumps([*found, use_threads(None), use_threads(2), threads_in_use()]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=WAIT, check=True
    )
    assert json.loads(done.stdout) == [3, 3, 3, 3]
    assert set(thread_environment(2).values()) == {"2"}
