"""Ordered delivery: nothing is lost while the receiver is away, and nothing waits for it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from spacetime_rl.tracking.delivery import Delivery


class Receiver:
    """Takes records, unless it is down or refuses one."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.calls: list[list[int]] = []
        self.down = False
        self.refuses: int | None = None
        self.gate = threading.Event()
        self.gate.set()

    def job(self, number: int) -> Callable[[], None]:
        def deliver() -> None:
            self.gate.wait(10)
            if self.down:
                raise ConnectionError("nobody listens")
            if number == self.refuses:
                raise ValueError(f"{number} is no good")
            self.taken.append(number)

        return deliver

    def take(self, numbers: Sequence[int]) -> None:
        self.gate.wait(10)
        if self.down:
            raise ConnectionError("nobody listens")
        if self.refuses in numbers:
            raise ValueError(f"{self.refuses} is no good")
        self.taken += numbers
        self.calls.append(list(numbers))


def is_passing(error: Exception) -> bool:
    return isinstance(error, ConnectionError)


def start(receiver: Receiver, capacity: int = 100) -> Delivery:
    return Delivery("the receiver", is_passing, capacity=capacity, first_pause_s=0.02, longest_pause_s=0.05)


def wait_until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_jobs_run_in_order_and_close_delivers_all() -> None:
    receiver = Receiver()
    delivery = start(receiver)
    for number in range(50):
        delivery.submit(receiver.job(number))
    assert delivery.close() == 0
    assert receiver.taken == list(range(50))


def test_what_waits_is_delivered_once_the_receiver_is_back_and_the_outage_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = Receiver()
    receiver.down = True
    delivery = start(receiver)
    for number in range(5):
        delivery.submit(receiver.job(number))
    wait_until(lambda: "does not answer" in caplog.text)
    time.sleep(0.2)
    receiver.down = False
    assert delivery.close() == 0
    assert receiver.taken == [0, 1, 2, 3, 4]
    assert caplog.text.count("does not answer") == 1
    assert caplog.text.count("answers again") == 1


def test_a_refused_record_is_dropped_with_a_warning_and_later_ones_go_on(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    receiver.refuses = 1
    delivery = start(receiver)
    for number in range(3):
        delivery.submit(receiver.job(number))
    assert delivery.close() == 0
    assert receiver.taken == [0, 2]
    assert "1 is no good" in caplog.text


def test_items_that_wait_one_after_the_other_go_together_and_nothing_overtakes_a_job() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    delivery = start(receiver)
    delivery.submit(receiver.job(0))
    for number in (1, 2, 3):
        delivery.submit_item(receiver.take, number)
    delivery.submit(receiver.job(4))
    delivery.submit_item(receiver.take, 5)
    receiver.gate.set()
    assert delivery.close() == 0
    assert receiver.taken == [0, 1, 2, 3, 4, 5]
    assert receiver.calls == [[1, 2, 3], [5]]


def test_items_that_waited_for_the_receiver_are_delivered_once() -> None:
    receiver = Receiver()
    receiver.down = True
    delivery = start(receiver, capacity=1000)
    for number in range(250):
        delivery.submit_item(receiver.take, number)
    receiver.down = False
    assert delivery.close() == 0
    assert receiver.taken == list(range(250))
    assert max(map(len, receiver.calls)) == 100


def test_a_refused_item_costs_none_of_those_it_went_with(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    receiver.gate.clear()
    receiver.refuses = 2
    delivery = start(receiver)
    delivery.submit(receiver.job(0))
    for number in range(1, 6):
        delivery.submit_item(receiver.take, number)
    receiver.gate.set()
    assert delivery.close() == 0
    assert receiver.taken == [0, 1, 3, 4, 5]
    assert caplog.text.count("2 is no good") == 1


def test_beyond_its_capacity_the_oldest_item_makes_room() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    delivery = start(receiver, capacity=4)
    delivery.submit(receiver.job(0))
    delivery.submit(receiver.job(1))
    for number in range(2, 8):
        delivery.submit_item(receiver.take, number)
    receiver.gate.set()
    assert delivery.close() == 4
    assert receiver.taken == [0, 1, 6, 7]


def test_close_gives_up_on_a_receiver_that_stays_away_and_counts_what_is_lost() -> None:
    receiver = Receiver()
    receiver.down = True
    delivery = start(receiver)
    for number in range(3):
        delivery.submit(receiver.job(number))
    assert delivery.close(grace_s=0.5) == 3


def test_close_waits_for_a_receiver_that_is_only_slow() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    delivery = start(receiver)
    delivery.submit(receiver.job(0))
    threading.Timer(0.6, receiver.gate.set).start()
    assert delivery.close(grace_s=0.2) == 0
    assert receiver.taken == [0]


def test_submitting_never_waits() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    delivery = start(receiver)
    for number in range(100):
        delivery.submit(receiver.job(number))
    receiver.gate.set()
    delivery.close()


@pytest.fixture(autouse=True)
def _log_warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


def test_what_a_database_says_is_told_rather_than_what_is_wrapped_round_it(caplog: pytest.LogCaptureFixture) -> None:
    def fill_the_disk() -> None:
        full = sqlite3.OperationalError("database or disk is full")
        try:
            raise OperationalError("INSERT", {}, full)
        except OperationalError as error:
            error.add_detail("raised as a result of autoflush")
            raise MlflowException(str(error)) from error

    delivery = start(Receiver())
    delivery.submit(fill_the_disk)
    delivery.close()
    assert caplog.messages == ["the receiver refused a record; training goes on without it: database or disk is full"]
