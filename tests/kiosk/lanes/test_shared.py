"""Lanes that share a queue: the first that is free takes what comes, one that hangs holds up nobody, all end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Empty

import pytest

from kiosk.lanes.lane import Lane
from kiosk.lanes.shared import Shared
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect

PATIENCE = 60.0


class Worker(Lane):
    """A lane whose work lasts until the test lets it go."""

    def __init__(self, number: int, shared: Shared, began: Callable[[int, Effect], None]) -> None:
        super().__init__(f"worker {number}", lambda _: None, shared.place(number))
        self.number, self.began = number, began
        self.go_on = threading.Semaphore(0)

    def serve(self, effect: Effect) -> None:
        self.began(self.number, effect)
        assert self.go_on.acquire(timeout=PATIENCE)


class House:
    """Three lanes on one queue, and who began what."""

    def __init__(self) -> None:
        self.shared = Shared(3)
        self.log: list[tuple[int, Effect]] = []
        self.changed = threading.Condition()
        self.lanes = [Worker(number, self.shared, self.began) for number in range(3)]

    def began(self, number: int, effect: Effect) -> None:
        with self.changed:
            self.log.append((number, effect))
            self.changed.notify_all()

    def until(self, count: int) -> list[tuple[int, Effect]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.log) >= count, PATIENCE), self.log
            return list(self.log)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    for lane in house.lanes:
        lane.start()
    yield house
    for lane in house.lanes:
        lane.go_on.release(100)
        lane.end()
    for lane in house.lanes:
        lane.join(PATIENCE)
        assert not lane._thread.is_alive()


def work(number: int) -> Effect:
    return fx.StackNote(str(number))


def wait_for_all(house: House) -> None:
    until = threading.Event()
    for _ in range(6000):
        with house.shared._changed:
            if all(house.shared._free):
                return
        until.wait(0.01)
    raise AssertionError("not all lanes wait for work")


def test_one_after_the_other_goes_by_the_first_lane(house: House) -> None:
    for number in range(5):
        wait_for_all(house)
        house.shared.put(work(number))
        house.until(number + 1)
        house.lanes[0].go_on.release()
    assert [lane for lane, _ in house.log] == [0] * 5


def test_what_hangs_holds_up_nobody(house: House) -> None:
    wait_for_all(house)
    for number in range(3):
        house.shared.put(work(number))
    # They were taken in this order; each tells of it when it comes to run.
    begun = sorted(house.until(3), key=lambda each: each[0])
    assert begun == [(number, work(number)) for number in range(3)]
    for number in range(3, 7):
        house.shared.put(work(number))
        house.lanes[1].go_on.release()
        house.until(number + 1)
    assert house.log[3:] == [(1, work(number)) for number in range(3, 7)]


def test_lanes_that_are_told_to_end_all_end_behind_one_that_hangs(house: House) -> None:
    wait_for_all(house)
    house.shared.put(work(0))
    house.until(1)
    house.lanes[2].end()
    for lane in house.lanes[1:]:
        lane.join(PATIENCE)
        assert not lane._thread.is_alive()
    assert house.lanes[0]._thread.is_alive()


def test_nothing_comes_in_time() -> None:
    place = Shared(1).place(0)
    with pytest.raises(Empty):
        place.get(timeout=0.01)
    with pytest.raises(Empty):
        place.get(block=False)


def test_its_length_is_what_nobody_has_begun() -> None:
    shared = Shared(2)
    shared.put(work(1))
    shared.put(work(2))
    assert shared.place(1).qsize() == 2
    assert shared.place(0).get() == work(1)
    assert shared.place(0).qsize() == 1
