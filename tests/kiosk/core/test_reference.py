"""Looking a slip up: what is typed, what the hub's word means to the customer, and how often one may guess."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.cash.model import CashState
from kiosk.core.inputs import ReferenceSaid
from kiosk.core.reference import FATES
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Refused, Unknown, UnknownReason
from kiosk.numbers import reference
from kiosk.payment import effects as fx
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page, Session, SlipFate
from tests.kiosk.core.refusals import hub_says

TYPED, WORD = "0198F2C4A1B3", "0198-F2C4-A1B3"
GONE: NotSent = NotSent(NotSentReason.REFUSED, "no")
NOBODYS: Refused = Refused(wire.Problem(status=404, code="unknown_reference"))
BUSY = hub_says("hub_busy", 2)
CREDITED = wire.Reference(
    reference=WORD,
    kind="payment",
    state="credited",
    amount_fen=10000,
    memo_fen=0,
    resolution="",
    made_at=datetime(2026, 11, 22, 17, 5, tzinfo=UTC),
    booked_on=date(2026, 11, 23),
)


def types(stage: Any, word: str = TYPED) -> Any:
    """From the first page to the question that goes to the hub."""
    stage.press("start", "look_up_slip", *(f"key:{letter}" for letter in word), "confirm")
    return stage


def asks(stage: Any, outcome: Outcome[wire.Reference], word: str = TYPED) -> SlipFate:
    """Look the reference up and hear this; gives what the customer is told."""
    types(stage, word)
    return answered(stage, outcome)


def answered(stage: Any, outcome: Outcome[wire.Reference]) -> SlipFate:
    [ask] = stage.effects
    assert isinstance(ask, fx.AskReference)
    assert stage.at(Page.ASKING_REFERENCE)
    stage.says(ReferenceSaid(ask.request, outcome))
    assert stage.at(Page.REFERENCE)
    told: SlipFate = stage.core.session.slip
    return told


def test_twelve_digits_and_letters_are_taken_and_no_more(stage: Any) -> None:
    stage.press("start", "look_up_slip", "key:G", "key:a", "key:", "key:AB", "key:-")
    assert stage.core.session.digits == ""
    stage.press(*(f"key:{letter}" for letter in TYPED + "F0"))
    assert stage.core.session.digits == TYPED
    stage.press("delete", "delete")
    assert stage.core.session.digits == TYPED[:-2]
    stage.press("clear")
    assert stage.core.session.digits == ""


def test_the_hub_is_asked_for_the_reference_as_it_stands_on_the_slip(stage: Any) -> None:
    [ask] = types(stage).effects
    assert ask == fx.AskReference(ask.request, WORD)


def test_a_short_reference_is_told_without_asking_the_hub(stage: Any) -> None:
    assert types(stage, TYPED[:-1]).effects == []
    assert stage.at(Page.ENTER_REFERENCE)
    assert stage.core.session.entry_error == "too_short"
    stage.press("key:3")
    assert stage.core.session.entry_error == ""
    assert len(stage.press("confirm")) == 1


def test_a_booked_payment_is_told_in_the_kiosks_own_time(stage: Any) -> None:
    slip = asks(stage, Answer(CREDITED))
    assert slip == SlipFate(
        "booked", WORD, "payment", 10000, 0, made_at=CREDITED.made_at, booked_on=date(2026, 11, 23)
    )
    assert slip.made_at is not None
    assert slip.made_at.isoformat() == "2026-11-23T01:05:00+08:00"


@pytest.mark.parametrize(
    ("kind", "state", "fate"),
    [
        ("purchase", "authorised", "unwritten"),
        ("purchase", "owed", "unwritten"),
        ("reissue", "owed", "unmade"),
        ("open_card", "owed", "unmade"),
        ("purchase", "written", "booked"),
        ("purchase", "taken", "booked"),
        ("purchase", "a newer word", "booked"),
    ],
)
def test_power_that_is_on_no_card_yet_is_told_so(stage: Any, kind: str, state: str, fate: str) -> None:
    power = wire.PurchaseFate(id="d" * 32, kind=kind, count=8, amount_fen=10000, state=state)
    assert asks(stage, Answer(msgspec.structs.replace(CREDITED, purchase=power))).fate == fate


@pytest.mark.parametrize(
    ("state", "resolution", "fate"),
    [
        ("credited", "", "booked"),
        ("reversed", "", "reversed"),
        ("open", "", "person"),
        ("closed", "already_credited", "booked"),
        ("closed", "nothing_found", "nothing_found"),
        ("released", "credited", "credited"),
        ("released", "refunded", "refunded"),
    ],
)
def test_each_word_of_the_hub_is_told(stage: Any, state: str, resolution: str, fate: str) -> None:
    body = wire.Reference(
        reference=WORD,
        kind="claim",
        state=state,
        amount_fen=5000,
        memo_fen=1000,
        resolution=resolution,
        made_at=CREDITED.made_at,
    )
    slip = asks(stage, Answer(body))
    assert (slip.fate, slip.kind, slip.amount_fen, slip.memo_fen, slip.booked_on) == (
        fate,
        "claim",
        5000,
        1000,
        None,
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ({"resolution": "given_to_charity"}, "payment"),
        ({"state": "escalated"}, "payment"),
        ({"kind": "deposit", "state": "on_loan"}, ""),
    ],
)
def test_a_word_that_is_not_known_here_sends_to_a_person(stage: Any, word: dict[str, str], kind: str) -> None:
    told = json.dumps(msgspec.to_builtins(CREDITED) | word)
    slip = asks(stage, Answer(wire.decode(wire.Reference, told.encode())))
    assert (slip.fate, slip.kind, slip.amount_fen) == ("other", kind, 10000)
    assert stage.core.page.title
    assert stage.core.facts.hub_up


@pytest.mark.parametrize(
    ("outcome", "fate"),
    [
        (GONE, "hub_gone"),
        (Unknown(UnknownReason.TIMEOUT, ""), "hub_gone"),
        (Unknown(UnknownReason.MISMATCH, ""), "hub_gone"),
        (hub_says("hub_fault"), "hub_gone"),
        (Refused(wire.Problem(status=401, code="bad_signature")), "hub_gone"),
        (BUSY, "hub_busy"),
    ],
)
def test_a_hub_that_does_not_tell_is_no_unknown_reference(
    stage: Any, outcome: Outcome[wire.Reference], fate: str
) -> None:
    assert asks(stage, outcome) == SlipFate(fate, WORD)
    assert stage.core.session.unknown_slips == 0
    stage.press("correct")
    assert stage.at(Page.ENTER_REFERENCE)
    assert stage.core.session.digits == TYPED


def test_an_unknown_reference_can_be_corrected(stage: Any) -> None:
    assert asks(stage, NOBODYS) == SlipFate("unknown", WORD)
    stage.press("correct", "delete", "key:4")
    [ask] = stage.press("confirm")
    assert ask.reference == "0198-F2C4-A1B4"
    assert answered(stage, Answer(CREDITED)).fate == "booked"
    stage.press("another")
    assert stage.core.session.digits == ""


def test_who_guesses_is_sent_to_the_hotline(stage: Any) -> None:
    most = stage.config.screen.most_unknown_references
    asks(stage, NOBODYS)
    for _ in range(most - 2):
        stage.press("correct", "confirm")
        assert answered(stage, NOBODYS).fate == "unknown"
    stage.press("another", *(f"key:{letter}" for letter in TYPED), "confirm")
    assert answered(stage, NOBODYS) == SlipFate("too_many", WORD)
    assert stage.core.page.back is None
    stage.press("correct")
    assert stage.at(Page.REFERENCE)
    assert stage.press("another", *(f"key:{letter}" for letter in TYPED), "confirm") == []
    assert stage.core.session.slip.fate == "too_many"
    stage.press("finish")
    assert stage.core.session == Session()
    assert len(types(stage).effects) == 1


def test_a_known_reference_is_no_guess(stage: Any) -> None:
    asks(stage, NOBODYS)
    for _ in range(8):
        stage.press("another", *(f"key:{letter}" for letter in TYPED), "confirm")
        answered(stage, Answer(CREDITED))
    assert stage.core.session.unknown_slips == 1


@pytest.mark.parametrize("leave", ["back", "time"])
def test_a_stale_answer_changes_nothing(stage: Any, leave: str) -> None:
    [ask] = types(stage).effects
    if leave == "back":
        stage.wait(16)
        assert stage.core.page.back is not None
        stage.press("back")
        assert stage.core.session.digits == TYPED
    else:
        stage.says(ReferenceSaid("another", Answer(CREDITED)))
        assert stage.at(Page.ASKING_REFERENCE)
        stage.says(ReferenceSaid(ask.request, GONE))
        stage.press("correct")
    stage.says(ReferenceSaid(ask.request, Answer(CREDITED)))
    assert stage.at(Page.ENTER_REFERENCE)
    assert stage.core.session.slip is None


def test_a_hub_that_is_silent_is_said_to_be_slow(stage: Any) -> None:
    types(stage)
    said = {stage.core.page.prompt}
    for seconds in (3, 13):
        stage.wait(seconds)
        said.add(stage.core.page.prompt)
    assert len(said) == 3
    assert stage.core.page.back is not None


def test_the_hubs_word_on_a_slip_tells_that_it_is_there(stage: Any) -> None:
    types(stage)
    stage.leaves()
    assert not stage.core.facts.hub_up
    answered_by = stage.core._desk.asked
    stage.says(ReferenceSaid(answered_by, NOBODYS))
    assert stage.core.facts.hub_up
    stage.wait(1)
    stage.press("correct", "confirm")
    [ask] = stage.effects
    stage.says(ReferenceSaid(ask.request, GONE))
    assert not stage.core.facts.hub_up


def test_a_look_up_that_ran_out_of_time_says_more_than_an_answer_from_before_it(stage: Any) -> None:
    [ask] = types(stage).effects
    stage.wait(stage.config.hub.query_deadline_s + 1)
    stage.says(ReferenceSaid(ask.request, Unknown(UnknownReason.TIMEOUT, "")))
    assert not stage.core.facts.hub_up


def waiting(stage: Any) -> str:
    """A payment that the hub has not answered, its customer gone; gives its reference."""
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(16)
    assert stage.stands(PaymentState.CHECKING)
    stage.press("finish")
    return reference(stage.payment.payment_id)


@pytest.mark.parametrize("outcome", [NOBODYS, BUSY, GONE])
def test_money_of_which_only_this_kiosk_knows_is_being_checked(stage: Any, outcome: Any) -> None:
    word = waiting(stage)
    slip = asks(stage, outcome, word.replace("-", ""))
    assert (slip.fate, slip.reference, slip.kind, slip.amount_fen) == ("checking", word, "payment", 5000)
    assert slip.made_at == datetime.fromisoformat(stage.payment.taken_at)
    assert stage.core.session.unknown_slips == 0


def test_a_kiosk_that_knows_the_hub_gone_tells_of_its_own_money_and_of_no_other(stage: Any) -> None:
    word = waiting(stage)
    stage.leaves()
    stage.press("start")
    [way] = [key for key in stage.core.page.choices if key.id == "look_up_slip"]
    assert way.enabled
    stage.press("back")
    slip = asks(stage, GONE, word.replace("-", ""))
    assert (slip.fate, slip.reference, slip.amount_fen) == ("checking", word, 5000)
    stage.press("another", *(f"key:{letter}" for letter in TYPED), "confirm")
    assert answered(stage, GONE) == SlipFate("hub_gone", WORD)


def test_an_answer_that_could_not_be_had_is_no_guess(stage: Any) -> None:
    most = stage.config.screen.most_unknown_references
    asks(stage, NOBODYS)
    for outcome in (GONE, BUSY) * most:
        stage.press("correct", "confirm")
        assert answered(stage, outcome).fate in {"hub_gone", "hub_busy"}
    assert stage.core.session.unknown_slips == 1
    stage.press("correct", "confirm")
    assert answered(stage, NOBODYS).fate == "unknown"


def test_what_the_hub_knows_goes_before_what_this_kiosk_believes(stage: Any) -> None:
    word = waiting(stage)
    body = wire.Reference(
        reference=word,
        kind="payment",
        state="credited",
        amount_fen=5000,
        memo_fen=0,
        resolution="",
        made_at=CREDITED.made_at,
    )
    assert asks(stage, Answer(body), word.replace("-", "")).fate == "booked"


def test_a_claim_of_which_only_this_kiosk_knows_is_for_a_person(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.wait(62)
    [case] = stage.core.books.open_claims
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    stage.press("finish")
    slip = asks(stage, NOBODYS, case.reference.replace("-", ""))
    assert (slip.fate, slip.kind, slip.amount_fen, slip.memo_fen) == ("person", "claim", 0, 10000)
    assert slip.made_at == datetime.fromisoformat(case.made_at)


def test_a_payment_and_the_note_in_doubt_beside_it_have_each_a_reference(make_stage: Any) -> None:
    stage = make_stage(ids=lambda: uuid.uuid4().hex).up()
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.wait(62)
    [case] = stage.core.books.open_claims
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(16)
    stage.press("finish")
    word = reference(stage.payment.payment_id)
    assert case.reference != word
    for asked, told in (
        (word, ("checking", word, "payment", 5000, 0)),
        (case.reference, ("person", case.reference, "claim", 0, 10000)),
    ):
        slip = asks(stage, NOBODYS, asked.replace("-", ""))
        assert (slip.fate, slip.reference, slip.kind, slip.amount_fen, slip.memo_fen) == told
        stage.press("finish")


def test_a_payment_that_became_a_claim_is_told_once(stage: Any) -> None:
    word = waiting(stage)
    stage.hub(Refused(wire.Problem(status=422, code="over_limit")))
    [case] = stage.core.books.open_claims
    assert case.reference == word
    assert stage.stands(PaymentState.CLAIMED)
    slip = asks(stage, GONE, word.replace("-", ""))
    assert (slip.fate, slip.kind, slip.amount_fen, slip.memo_fen) == ("person", "claim", 5000, 0)
    assert slip.made_at == datetime.fromisoformat(case.made_at)


def test_the_page_asks_before_it_ends_and_leaves_nothing(stage: Any) -> None:
    asks(stage, Answer(CREDITED))
    stage.press("large")
    stage.wait(stage.config.screen.private_idle_s * 2 + 1)
    assert stage.at(Page.MORE_TIME)
    stage.press("more_time")
    assert stage.at(Page.REFERENCE)
    assert stage.core.session.slip is not None
    stage.wait(stage.config.screen.private_idle_s * 2 + stage.config.screen.question_s * 1.5 + 1)
    assert stage.at(Page.ATTRACT)
    assert stage.core.session == Session()


def test_help_gives_the_answer_back(stage: Any) -> None:
    slip = asks(stage, Answer(CREDITED))
    stage.press("help", "close_help")
    assert stage.at(Page.REFERENCE)
    assert stage.core.session.slip == slip


def test_looking_up_writes_nothing_into_the_journal(stage: Any) -> None:
    asks(stage, Answer(CREDITED))
    stage.press("another", "back", "back")
    assert stage.at(Page.ATTRACT)
    assert stage.journal == []


def test_every_resolution_of_the_contract_has_its_words() -> None:
    contract = json.loads((Path(__file__).parents[3] / "hub" / "openapi.json").read_text(encoding="utf-8"))
    facts = contract["components"]["schemas"]["ReferenceView"]["properties"]
    assert {state for state, _ in FATES} == set(facts["state"]["enum"])
    assert {resolution for _, resolution in FATES} == set(facts["resolution"]["enum"])
