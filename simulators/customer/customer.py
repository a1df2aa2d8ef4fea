"""What a customer does at the kiosk, in the words of a person: begins, finds the account, feeds notes, pays, leaves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulators.bench.bench import Bench
from simulators.customer.hand import Hand
from simulators.customer.purse import Purse
from simulators.customer.reading import NOT_PRINTED, PRINTED, stands
from simulators.far_end import ControlError

NOTES = (10000, 5000, 2000, 1000)
# Pages on which a payment that had money in it comes to its end.
ENDS = ("done", "checking", "claim")
_WAYS_OUT = ("cancel", "leave", "finish", "wrong", "back")
_OUTCOMES = ("cancelled", "message", *ENDS)
_MOVING_S = 60.0
# A slot may still be opening, or opening again; one of which can be read that it takes no further note is believed.
_OPENING_S = 30.0
_SLOT_S = 5.0
_SHUT_S = 15.0
_SLIP_S = 30.0


class JourneyError(Exception):
    """The journey did not go as the customer was promised; the text says what was seen instead."""


@dataclass
class Customer:
    """One person with notes in hand, in front of the bench's kiosk.

    `account_no` and `meter_no` are on the paper bill, `due_fen` is what it asks. `faults` are what happens at named
    moments of the way (`moment`). `screens` are the pictures taken of every page, in order; `told` is the one on which
    one of the words `truths` could be read; `told_page` and `told_texts` are that page's name and all that it says.
    """

    bench: Bench
    hand: Hand
    account_no: str
    meter_no: str
    due_fen: int
    pictures: Path
    say: Callable[[str], None]
    faults: Mapping[str, Callable[[Customer], None]] = field(default_factory=dict)
    screens: list[str] = field(default_factory=list)
    inserted_fen: int = 0
    read: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Of each picture the page's name and all that could be read on it."""
    truths: tuple[str, ...] = ()
    told: str = ""
    told_page: str = ""
    told_texts: tuple[str, ...] = ()
    number: str = ""
    """What is typed to find the account."""
    stacked_before: int = 0
    struck: bool = False
    """A fault that strikes once has struck."""
    sent_away: bool = False
    """The kiosk has ended the payment by itself: no second try at the slot."""
    purse: Purse = field(default_factory=Purse)
    given_fen: int = 0
    """What a page has said to be paid that was not in notes."""
    gone: bool = False
    """Nobody stands there any more: no page is touched."""

    # Looking.

    def sees(self, *pages: str, own: bool = True, timeout_s: float = 60.0) -> str:
        """Wait for one of these pages and take a picture of it."""
        page = self.hand.wait(*pages, own=own, timeout_s=timeout_s)
        self.looks(page)
        return page

    def looks(self, name: str) -> None:
        """Take a picture of what stands there."""
        self.say(f"sees {name}")
        path = self.pictures / f"{len(self.screens) + 1:02d}-{name}.png"
        self.hand.picture(path)
        self.screens.append(str(path))
        page = self.hand.page()
        self.read.append((page["name"], tuple(page["texts"])))
        if not self.told and page["name"] and stands(self.truths, page["texts"]):
            self.told, self.told_page, self.told_texts = str(path), page["name"], tuple(page["texts"])

    def is_told(self, name: str, timeout_s: float = 60.0) -> None:
        """Wait until one of the words stands there that tell the truth, and take a picture of it."""
        self.reads(self.truths, timeout_s)
        self.looks(name)

    def reads(self, words: Sequence[str], timeout_s: float) -> None:
        """Wait until one of these can be read. Raises JourneyError with what stands there instead."""
        until = time.monotonic() + timeout_s
        while not ((page := self.hand.page())["name"] and stands(words, page["texts"])):
            if time.monotonic() > until:
                seen = " | ".join(page["texts"][:12])
                raise JourneyError(f"none of {words} could be read; there stands: {seen}")
            time.sleep(0.05)

    def moment(self, name: str) -> None:
        """Let happen what was planned for this moment."""
        if act := self.faults.get(name):
            self.say(f"now: {name}")
            act(self)

    # The way to the money.

    def begins(self) -> None:
        """Touch the attract page."""
        self.waits_for_welcome()
        self.looks("attract")
        self.moment("before")
        self.hand.touch("id=start")
        self.sees("home")

    def waits_for_welcome(self) -> None:
        """Wait as a person does until a machine that was just switched on says which notes it takes."""
        self.hand.wait("attract", own=False, timeout_s=60)
        self.hand.read("¥100")

    def finds_account(self, business: str = "pay_bill") -> None:
        """Type the account number and confirm whose it is."""
        self._asked_for_number(business)
        self._confirms()

    def finds_meter(self) -> None:
        """Go by the number on the meter instead."""
        self._asked_for_number("pay_bill")
        self.goes_by_meter()
        self._confirms()

    def goes_by_meter(self) -> None:
        """Turn to the page that asks for the number on the meter."""
        if self.number != self.meter_no:
            self.hand.touch("id=by_meter")
            self.sees("enter_meter")
            self.number = self.meter_no

    def mistypes(self, number: str) -> None:
        """Type a wrong number, be told, and clear it away."""
        self.hand.key(number)
        self.hand.touch("id=confirm")
        self.is_told("wrong-number")
        self.hand.touch("id=clear")

    def _asked_for_number(self, business: str) -> None:
        self.goes_on(business)
        self.sees("enter_account")
        self.number = self.account_no
        self.moment("number")

    def _confirms(self) -> None:
        self.hand.key(self.number)
        self.hand.touch("id=confirm")
        if self.sees("confirm_account", "enter_again") == "enter_again":
            self.hand.key(self.account_no)
            self.hand.touch("id=confirm")
        else:
            self.hand.touch("id=correct")

    def comes_to_means(self) -> bool:
        """Go from the bills to the choice of means; False when nothing can be paid now."""
        self.sees("bills")
        self.moment("bills")
        if not self.goes_on("pay", "prepay"):
            return False
        self.sees("means")
        self.moment("means_asked")
        return True

    def chooses_cash(self) -> bool:
        """Go from the bills to the note slot; False when the kiosk takes no notes now."""
        page = self.hand.wait("bills", "provisional")
        if page == "bills":
            if not self.comes_to_means() or not self.goes_on("cash"):
                return False
            page = self.sees("cash", "provisional")
        else:
            self.looks(page)
        if page == "provisional":
            self.hand.touch("id=accept")
            self.sees("cash")
        self.moment("cash_open")
        return True

    def goes_on(self, *ways: str) -> bool:
        """Touch the first of these ways that is open; False when all stay shut.

        A device that does not answer shuts them for a moment; who has read why they are shut does not wait.
        """
        until = time.monotonic() + _SHUT_S
        while not self.hand.choose(*ways):
            if self.told or time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    # Money.

    def feeds(self, least_fen: int) -> None:
        """Put notes in, large ones first, until at least so much is in or the slot takes no more."""
        while self.inserted_fen < least_fen:
            left = least_fen - self.inserted_fen
            if not self.feeds_note(next((note for note in NOTES if note <= left), NOTES[-1])):
                return

    def feeds_note(self, value_fen: int) -> bool:
        """Put one note in and wait until the panel counts it; False when it came back or the slot is shut.

        A note that came back once is tried once more, as people do.
        """
        self.moment("before_note")
        for _ in range(2):
            if self.sent_away or not self._slot_draws_in(value_fen):
                return False
            self.moment("note_drawn_in")
            if self.sent_away:
                return False
            if self._goes_to_the_box():
                break
            self.moment("note_came_back")
        else:
            return False
        self.inserted_fen += value_fen
        self.hand.read(f"{self.inserted_fen // 100:,}.{self.inserted_fen % 100:02d}")
        self.say(f"{value_fen // 100} yuan in, {self.inserted_fen // 100} in all")
        if self.inserted_fen == value_fen:
            self.moment("after_first_note")
        return True

    def tries_note(self, value_fen: int) -> None:
        """Put one note in that does not count, whatever becomes of it."""
        if self._slot_draws_in(value_fen):
            self._goes_to_the_box()

    def _slot_draws_in(self, value_fen: int) -> bool:
        until = time.monotonic() + (_SLOT_S if self.inserted_fen and self.told else _OPENING_S)
        self.stacked_before = self._stacked()
        while not (answer := self.bench.validator("insert", value_fen=value_fen))["taken"]:
            if time.monotonic() > until:
                self.say(f"the slot takes no note: {answer['why']}")
                return False
            time.sleep(0.05)
        return True

    def _goes_to_the_box(self) -> bool:
        before = self.stacked_before
        until = time.monotonic() + _MOVING_S
        while self._stacked() == before:
            status = self.bench.validator("status")
            if status["state"] == "returning":
                with contextlib.suppress(ControlError):
                    self.bench.validator("take_note")
            if (not status["on_way_fen"] and self._stacked() == before) or time.monotonic() > until:
                self.say(f"the note did not go in: {status['state']}")
                return False
            time.sleep(0.02)
        return True

    def _stacked(self) -> int:
        return int(self.bench.validator("status")["counter"])

    # The end.

    def pays(self) -> str:
        """Pay what is in and wait for the page that tells the outcome; the kiosk may have begun that by itself."""
        page = self.hand.wait("cash", *ENDS, own=False, timeout_s=_MOVING_S)
        if page == "cash":
            self.looks("cash-in")
            self.moment("before_pay")
            self._touches_when_on("pay_now")
        return self.learns()

    def _touches_when_on(self, name: str) -> None:
        until = time.monotonic() + _MOVING_S
        while self.hand.page()["name"] == "cash" and time.monotonic() < until:
            if self.hand.choose(name):
                self.moment("pay_pressed")
                return
            time.sleep(0.1)

    def learns(self, own: bool = True, timeout_s: float = 60.0) -> str:
        """Wait for the page that tells what became of the money, and for the slip."""
        end = self.sees(*ENDS, own=own, timeout_s=timeout_s)
        self.moment("told")
        return end

    def takes_slip(self) -> None:
        """Take what the printer gives once the page says so; a customer does not wait for ever."""
        until = time.monotonic() + _SLIP_S
        while not stands(PRINTED, texts := self.hand.page()["texts"]):
            if stands(NOT_PRINTED, texts) or time.monotonic() > until:
                self.say("no slip came")
                return
            time.sleep(0.05)
        self.say("slip taken")

    def finishes(self) -> None:
        """Take the slip and leave."""
        self.takes_slip()
        self.looks("slip")
        if not self.gone:
            self.hand.choose("finish")
        self.sees("attract", own=False, timeout_s=60)

    def goes_home(self) -> None:
        """Give up before any money is in, page by page, until the attract page stands."""
        before = ""
        for _ in range(8):
            page = self._turns_from(before)
            if page == "attract":
                break
            if page in _OUTCOMES:
                self.looks(page)
            way = self.hand.choose(*_WAYS_OUT)
            if not way:
                break
            before = self.hand.chose_on
            if way == "cancel":
                self.hand.wait("cancelled", timeout_s=_MOVING_S)
        self.sees("attract", own=False, timeout_s=120)

    def _turns_from(self, before: str) -> str:
        """Wait until another page stands than the one before, and name it."""
        until = time.monotonic() + _MOVING_S
        while (page := str(self.hand.page()["name"])) in {"", before}:
            if time.monotonic() > until:
                raise JourneyError(f"{before!r} does not go")
            time.sleep(0.05)
        return page

    def finds_the_kiosk_again(self) -> None:
        """Stand before the same kiosk after it was started anew."""
        touches, digits, machine = self.hand.touches, self.hand.digits, self.hand.machine_s
        self.hand.let_go()
        self.hand = Hand(self.bench.finger, quick=self.hand.quick)
        self.hand.touches, self.hand.digits, self.hand.machine_s = touches, digits, machine
