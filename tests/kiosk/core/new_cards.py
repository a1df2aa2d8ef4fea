"""A dispenser of new cards, the card at its station, and the hub's words on a new card, for playbooks of the core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import structs

from drivers.card.model import CardState, DispenserReport
from drivers.cash.model import CashState
from drivers.meter_card.model import CardContents, Wallet
from kiosk.core.card_fate import Glance
from kiosk.core.inputs import (
    AccountSaid,
    CardAdmitted,
    CardKnown,
    CardPresented,
    CardRead,
    CardStaged,
    CardWritten,
    CreditSaid,
    DeviceFelt,
    DispenserSaid,
    IdentitySaid,
    QuoteSaid,
)
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.outcomes import Answer
from kiosk.payment import effects as fx
from kiosk.payment.effects import CardFace
from kiosk.session.state import Page
from tests.kiosk.core.cards import CUSTOMER, METER, PROFILE
from tests.kiosk.core.refusals import hub_says

SERIAL, OTHER = "B500000000000001", "B500000000000002"
BLANK = CardContents(PROFILE, SERIAL, 0, "", "", Wallet(0, 0), None, {})
PHONE = "15400000125"
FEE_FEN = 2000
CARRIED_FEN, COUNT = 20000, 5
MADE = replace(BLANK, card_type=3, meter_no=METER, customer_no=CUSTOMER, wallet=Wallet(CARRIED_FEN, COUNT))
TORN = replace(BLANK, card_type=3, meter_no=METER, customer_no=CUSTOMER)
PENDING = card_wire.PendingCard(
    purchase_id="0" * 31 + "9",
    kind="reissue",
    meter_no=METER,
    customer_no=CUSTOMER,
    count=COUNT,
    amount_fen=CARRIED_FEN,
    profile=PROFILE,
    paid_at=datetime(2026, 11, 20, 17, 30, tzinfo=UTC),
    reference="0198-F2C4-A1B3",
)


@dataclass
class Desk:
    """A customer without a card before a `Stage` with a dispenser."""

    stage: Any
    account: wire.Account

    def works(self) -> Desk:
        """Dispenser, its reader and the customer's reader are there; the path is empty."""
        fine = self.stage.core.facts.printer
        for unit in ("card_writer", "dispenser", "new_card"):
            self.stage.says(DeviceFelt(unit, fine))
        self.stands(CardState.EMPTY)
        return self

    def stands(self, state: CardState, **more: Any) -> Any:
        """The dispenser tells where its card stands."""
        return self.stage.says(DispenserSaid(DispenserReport(state, **more)))

    def effect(self, kind: type[Any]) -> Any:
        """The one effect of this kind that the last input led to."""
        [found] = [e for e in self.stage.effects if isinstance(e, kind)]
        return found

    def asks(self) -> Desk:
        """The customer has confirmed whose account it is, and is asked who he is."""
        self.stage.press(
            "start", "meter_card", "reissue", *(f"key:{d}" for d in self.account.account_no), "confirm"
        )
        self.stage.says(AccountSaid(self.effect(fx.LookUp).request, Answer(self.account)))
        self.stage.press("correct")
        assert self.stage.at(Page.IDENTITY)
        return self

    def types(self, digits: str = PHONE) -> Any:
        self.stage.press(*(f"key:{d}" for d in digits), "confirm")
        return self.effect(fx.CheckIdentity) if self.stage.at(Page.CHECKING_IDENTITY) else None

    def is_known(
        self, state: Any = "matched", tries_left: int = 4, pending: card_wire.PendingCard | None = None
    ) -> Any:
        """The hub says whether it is the customer, and what new card is owed to him."""
        asked = self.effect(fx.CheckIdentity)
        body = card_wire.IdentityCheck(id=asked.check_id, state=state, tries_left=tries_left, pending=pending)
        return self.stage.says(IdentitySaid(asked.check_id, Answer(body)))

    def is_refused(self, code: str, retry_after_s: int | None = None) -> Any:
        asked = self.effect(fx.CheckIdentity)
        return self.stage.says(IdentitySaid(asked.check_id, hub_says(code, retry_after_s)))

    def is_staged(self, code: str = "") -> Any:
        """The dispenser has brought a card to its station, or says why not."""
        asked = self.effect(fx.StageCard)
        if not code:
            self.stands(CardState.CONTACT)
        return self.stage.says(CardStaged(asked.request, code))

    def is_read(self, contents: CardContents | None = BLANK, code: str = "", damaged: str = "") -> Any:
        asked = self.effect(fx.ReadCard)
        assert asked.new
        face = CardFace(contents, b"\1" * 8, b"\2" * 8, damaged) if contents is not None else None
        return self.stage.says(CardRead(asked.request, face, code))

    def is_judged(self, verdict: Any = "blank", admitted: str | None = "") -> Any:
        """The hub says what the card is; a blank one is `admitted`, or that says why not (None: nothing yet)."""
        asked = self.effect(fx.AskCard)
        body = card_wire.CardRead(
            id=asked.read_id,
            verdict=verdict,
            account=None,
            meter_no=None,
            last=None,
            owed=None,
            min_fen=0,
            max_fen=0,
            hoarding_limit_fen=0,
            as_of=self.account.as_of,
            business_date=self.account.business_date,
        )
        effects = self.stage.says(CardKnown(asked.read_id, Answer(body)))
        return self.is_admitted(admitted) if verdict == "blank" and admitted is not None else effects

    def is_admitted(self, code: str = "") -> Any:
        asked = self.effect(fx.AdmitCard)
        assert (asked.new, asked.profile) == (True, PROFILE)
        return self.stage.says(CardAdmitted(asked.read_id, code))

    def is_quoted(self, **changes: Any) -> Any:
        asked = self.effect(fx.AskQuote)
        opens = asked.business == "open_card"
        quote = wire.Quote(
            id=asked.quote_id,
            account_no=asked.account_no,
            business=asked.business,
            months=(),
            due_fen=0 if opens else FEE_FEN,
            max_fen=200000,
            expires_at=self.account.as_of,
            as_of=self.account.as_of,
            min_fen=1000 if opens else FEE_FEN,
            fee_fen=0 if opens else FEE_FEN,
        )
        quote = msgspec.structs.replace(quote, **changes)
        return self.stage.says(QuoteSaid(asked.quote_id, Answer(quote)))

    def priced(self) -> Desk:
        """A blank card stands ready, and its price on the page."""
        self.asks().types()
        self.is_known()
        self.is_staged()
        self.is_read()
        self.is_judged()
        self.is_quoted()
        assert self.stage.at(Page.NEW_CARD)
        return self

    def paid_before(self, kind: Any = "reissue") -> Desk:
        """A blank card stands ready for what the customer paid for another day."""
        self.asks().types()
        self.is_known(pending=structs.replace(PENDING, kind=kind))
        self.is_staged()
        self.is_read()
        self.is_judged()
        assert self.stage.at(Page.NEW_CARD)
        return self

    def paid(self, fen: int = FEE_FEN) -> Desk:
        """The money is in and the credit request on its way."""
        stage = self.priced().stage
        stage.press("confirm_reissue")
        assert stage.at(Page.CASH)
        stage.acceptor(CashState.IDLE)
        stage.note(fen)
        stage.press("pay_now")
        stage.acceptor(CashState.DISABLED)
        return self

    def sold(self, fee_fen: int = FEE_FEN, **changes: Any) -> Any:
        """The hub books the fee and sells the new card."""
        payment = self.stage.payment
        facts: dict[str, Any] = {
            "id": payment.payment_id,
            "kind": "reissue",
            "meter_no": METER,
            "customer_no": CUSTOMER,
            "count": COUNT,
            "amount_fen": CARRIED_FEN,
            "card_tail": None,
            "profile": PROFILE,
        }
        body = msgspec.structs.replace(
            self.stage.booked(payment),
            to_balance_fen=FEE_FEN - fee_fen,
            balance_before_fen=fee_fen - FEE_FEN,
            balance_after_fen=0,
            purchase=wire.Purchase(**{**facts, **changes}),
            fee_fen=fee_fen,
        )
        return self.stage.says(CreditSaid(payment.payment_id, payment.attempts, Answer(body)))

    def looked(self, contents: CardContents | None, code: str = "") -> Any:
        """The lane tells what came of the write, or of the look."""
        [asked] = [e for e in self.stage.effects if isinstance(e, fx.WriteCard | fx.ReadCardBack)]
        delivery = asked.payment.delivery
        assert delivery is not None
        return self.stage.says(CardWritten(asked.payment.payment_id, delivery.writes, Glance(contents, code)))

    def made(self) -> Desk:
        """The card is written and held out."""
        self.paid().sold()
        self.looked(MADE)
        self.is_presented()
        self.stands(CardState.HELD)
        return self

    def is_presented(self, code: str = "") -> Any:
        return self.stage.says(CardPresented(self.effect(fx.PresentCard).payment.payment_id, code))

    def restarts(self) -> Any:
        """The program ends and starts again; what it asks for at once."""
        self.stage.restart()
        return self.stage.effects
