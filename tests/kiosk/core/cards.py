"""A meter card and the hub's words on it, for playbooks of the core."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from drivers.meter_card.model import CardContents, Wallet, WriteBack
from kiosk.core.card_fate import Glance
from kiosk.core.inputs import (
    CardAdmitted,
    CardFelt,
    CardKnown,
    CardRead,
    CardWritten,
    CreditSaid,
    DeviceFelt,
    OutcomeSaid,
    QuoteSaid,
)
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.outcomes import Answer
from kiosk.payment import effects as fx
from kiosk.payment.effects import CardFace
from kiosk.session.state import Page

SERIAL, OTHER = "0102030405060708", "1112131415161718"
METER, CUSTOMER, PROFILE = "000000123456", "000000654321", "state_grid_2013"
OLD_FEN, COUNT = 5000, 6
TOLD = WriteBack(METER, CUSTOMER, 1234, COUNT, 0, 0, "2026-11-20T08:00")
CONTENTS = CardContents(PROFILE, SERIAL, 2, METER, CUSTOMER, Wallet(OLD_FEN, COUNT), TOLD, {})


def written(amount_fen: int) -> CardContents:
    """The card as a whole write leaves it."""
    return replace(CONTENTS, wallet=Wallet(amount_fen, COUNT + 1), write_back=None)


TORN = replace(CONTENTS, write_back=None)
"""The reply file is cleared and the wallet is not written."""


@dataclass
class Card:
    """A customer with a card before a `Stage`."""

    stage: Any
    world: Any
    contents: CardContents = CONTENTS
    account: wire.Account = field(init=False)

    def __post_init__(self) -> None:
        self.account = self.world.account()
        self.stage.says(DeviceFelt("card_writer", self.stage.core.facts.printer))

    def goes_in(self) -> Any:
        return self.stage.says(CardFelt(True))

    def goes_out(self) -> Any:
        return self.stage.says(CardFelt(False))

    def is_read(self, code: str = "") -> Any:
        """The card is read as it was asked for, or `code` says why not."""
        [ask] = [e for e in self.stage.effects if isinstance(e, fx.ReadCard)]
        face = None if code else CardFace(self.contents, b"\1" * 8, b"\2" * 8)
        return self.stage.says(CardRead(ask.request, face, code))

    def is_known(self, verdict: str, **changes: Any) -> Any:
        """The hub says what it knows of the card; one that may be written lets the kiosk in."""
        self.is_judged(verdict, **changes)
        return self.is_admitted() if self.admission else self.stage

    @property
    def admission(self) -> fx.AdmitCard | None:
        """What the last input has the card asked, if anything."""
        return next((each for each in self.stage.effects if isinstance(each, fx.AdmitCard)), None)

    def is_admitted(self, code: str = "") -> Any:
        """The card lets the kiosk in, or `code` says why not."""
        asked = self.admission
        assert asked is not None
        assert (asked.profile, asked.serial, asked.new) == (PROFILE, self.contents.serial, False)
        return self.stage.says(CardAdmitted(asked.read_id, code))

    def is_asked_again(self, verdict: str = "ready") -> str:
        """The card is read and known once more; the word for why it is not asked whether it lets the kiosk in."""
        self.is_read()
        self.is_judged(verdict)
        sight = self.stage.core.session.card
        assert (self.admission is None) == bool(sight.trouble)
        return str(sight.trouble)

    def is_judged(self, verdict: str, **changes: Any) -> Any:
        """The hub says what it knows of the card that it was asked about."""
        [ask] = [e for e in self.stage.effects if isinstance(e, fx.AskCard)]
        facts: dict[str, Any] = {
            "id": ask.read_id,
            "verdict": verdict,
            "account": self.account,
            "meter_no": "1" * 22,
            "last": None,
            "owed": self.unwritten() if verdict == "owed" else None,
            "min_fen": 100,
            "max_fen": 200000,
            "hoarding_limit_fen": 500000,
            "as_of": self.account.as_of,
            "business_date": self.world.day,
        }
        return self.stage.says(CardKnown(ask.read_id, Answer(card_wire.CardRead(**{**facts, **changes}))))

    def shown(self, verdict: str = "ready", **changes: Any) -> Card:
        """The card's page is shown."""
        self.goes_in()
        self.is_read()
        self.is_known(verdict, **changes)
        assert self.stage.at(Page.CARD)
        return self

    def owed(self, amount_fen: int = 10000) -> Card:
        """The card's page is shown, and a purchase waits to be written."""
        return self.shown("owed", owed=self.unwritten(amount_fen))

    def unwritten(self, amount_fen: int = 10000) -> card_wire.OwedPurchase:
        """A purchase that was paid another day and waits to be written."""
        return card_wire.OwedPurchase(
            purchase_id="7" * 32,
            kind="purchase",
            count=COUNT + 1,
            amount_fen=amount_fen,
            paid_at=self.account.as_of,
            reference="AAAA-BBBB-CCCC",
        )

    def at_slot(self, **changes: Any) -> Any:
        """The customer stands at the note slot to buy power."""
        from drivers.cash.model import CashState

        stage = self.shown().stage
        stage.press("buy_power", "cash")
        [ask] = stage.effects
        assert ask.card_read_id
        assert (ask.business, ask.months) == ("buy_power", ())
        quote = wire.Quote(
            id=ask.quote_id,
            account_no=ask.account_no,
            business="buy_power",
            months=(),
            due_fen=0,
            max_fen=200000,
            expires_at=self.account.as_of,
            as_of=self.account.as_of,
            min_fen=100,
        )
        quote = msgspec.structs.replace(quote, **changes)
        stage.says(QuoteSaid(ask.quote_id, Answer(quote)))
        if stage.at(Page.CASH):
            stage.acceptor(CashState.IDLE)
        return stage

    def paid_in(self, fen: int = 10000) -> Card:
        """The customer has paid in cash for power; the credit request is on its way."""
        from drivers.cash.model import CashState

        stage = self.at_slot()
        stage.note(fen)
        stage.press("pay_now")
        stage.acceptor(CashState.DISABLED)
        return self

    def sold(self, fee_fen: int = 0, **changes: Any) -> Any:
        """The hub books the payment and sells the next purchase count; a fee is taken from the balance."""
        payment = self.stage.payment
        facts: dict[str, Any] = {
            "id": payment.payment_id,
            "kind": "purchase",
            "meter_no": METER,
            "customer_no": CUSTOMER,
            "count": COUNT + 1,
            "amount_fen": payment.inserted_fen,
            "card_tail": SERIAL[-4:],
            "profile": PROFILE,
        }
        purchase = wire.Purchase(**{**facts, **changes})
        body = msgspec.structs.replace(
            self.stage.booked(payment),
            to_balance_fen=-fee_fen,
            balance_before_fen=fee_fen,
            balance_after_fen=0,
            purchase=purchase,
            fee_fen=fee_fen,
        )
        return self.stage.says(CreditSaid(payment.payment_id, payment.attempts, Answer(body)))

    def looked(
        self, contents: CardContents | None, code: str = "", serial: str = "", differs: str = ""
    ) -> Any:
        """The lane tells what came of the write, or of the look, that it was asked for last."""
        [asked] = [e for e in self.stage.effects if isinstance(e, fx.WriteCard | fx.ReadCardBack)]
        delivery = asked.payment.delivery
        assert delivery is not None
        glance = Glance(contents, code, serial, differs)
        return self.stage.says(CardWritten(asked.payment.payment_id, delivery.writes, glance))

    def hub_told(self, outcome: Any = None) -> Any:
        """The hub takes the word on how the write ended, or answers otherwise."""
        payment = self.stage.payment
        delivery = payment.delivery
        body = card_wire.WriteOutcome(id=delivery.write_id or "0" * 32, state=delivery.outcome or "unknown")
        return self.stage.says(OutcomeSaid(payment.payment_id, delivery.tellings, outcome or Answer(body)))
