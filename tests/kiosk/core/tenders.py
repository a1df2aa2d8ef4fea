"""A kiosk that takes bank cards, a terminal box, phones and recharge cards, on a bench of words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from drivers.eft.model import EftKind, EftResult
from kiosk.config_tenders import BankCard, EftTerminal, Phone, PinPad, Recharge, Scanner
from kiosk.core.inputs import (
    BankCardFace,
    BankCardFelt,
    BankCardRead,
    BoxSaid,
    DeviceFelt,
    OrderSaid,
    PinSaid,
    RedemptionSaid,
    ReversalSaid,
    RouteSaid,
    SaleSaid,
    SecretSealed,
)
from kiosk.hubclient import tender_wire
from kiosk.hubclient.outcomes import Answer
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from tests.kiosk.core.conftest import CONFIG, DAY, FINE, NOW, Stage, account, bill

READER = BankCard(reader="Bank Reader", port="/dev/bank", take_card_s=40, remind_s=8)
OWN = msgspec.structs.replace(
    CONFIG,
    bank_card=READER,
    pin_pad=PinPad(port="/dev/pin", slots={"bank_a": 0}),
    phone=Phone(enabled=True, pay_s=30),
    recharge=Recharge(enabled=True),
    scanner=Scanner(port="/dev/scan"),
)
BOX = msgspec.structs.replace(CONFIG, eft_terminal=EftTerminal(port="/dev/eft", most_asks=3))
FACE = BankCardFace("621214*********0012", "621214", 19, "UnionPay")
TITLE = tender_wire.Title(zh="示例银行", en="Sample Bank")
KEY = tender_wire.PinKey(wrapped="AB" * 16, check="01020304")
WHO = account(bill("2026-09", 9255), bill("2026-10", 2745))
DUE_FEN = 12000
NUMBER = "123456789012345677"


@dataclass
class Till(Stage):
    """A stage with the words of banks, boxes, phones and recharge cards."""

    def up(self) -> Till:
        super().up()
        for device, there in (
            ("bank_reader", self.config.bank_card.reader),
            ("pin_pad", self.config.pin_pad.port),
            ("eft", self.config.eft_terminal.port),
            ("scanner", self.config.scanner.port),
        ):
            if there:
                self.says(DeviceFelt(device, FINE))
        return self

    def only(self, kind: type[Any]) -> Any:
        """The one effect of this kind that the last input led to."""
        [found] = [effect for effect in self.effects if isinstance(effect, kind)]
        return found

    def found_and(self, tender: str) -> None:
        """The customer has found the bill and presses this means."""
        self.found(WHO).press("pay", tender)

    def chosen(self, tender: str) -> Till:
        """The customer has chosen this means for all that is due, and the hub has given its quote."""
        self.found_and(tender)
        ask = self.only(fx.AskQuote)
        assert ask.tender == tender
        self.quoted(ask, WHO)
        return self

    # A bank card in the kiosk's own reader.

    def routed(self, pin: bool = True) -> Till:
        """The card is in, read and routed."""
        accept = self.only(fx.AcceptBankCard)
        self.says(BankCardFelt("in"), BankCardRead(accept.request, FACE))
        ask = self.only(fx.AskRoute)
        route = tender_wire.Route(
            id=ask.route_id,
            acquirer="bank_a",
            title=TITLE,
            terminal_no="90000001",
            pin_key=KEY if pin else None,
        )
        self.says(RouteSaid(ask.route_id, Answer(route)))
        return self

    def typed(self) -> Till:
        """The PIN is typed and entered."""
        request = self.only(fx.AskPin).request
        for digits in range(1, 7):
            self.says(PinSaid(request, "typed", digits))
        self.says(PinSaid(request, "entered", 6))
        return self

    def sale(self, **changes: Any) -> tender_wire.Sale:
        content: dict[str, Any] = {
            "id": self.payment.payment_id,
            "status": "approved",
            "amount_fen": DUE_FEN,
            "payment": self.of_tender(DUE_FEN),
            "bank": tender_wire.BankFacts(
                acquirer="bank_a",
                title=TITLE,
                card=FACE.masked,
                terminal_no="90000001",
                merchant_no="104440000000001",
                trace="000007",
                batch="000001",
                rrn="000000000007",
                auth_code="A00007",
                at=NOW,
            ),
        }
        return tender_wire.Sale(**(content | changes))

    def refused_sale(self, family: str, code: str) -> tender_wire.Sale:
        decline: Any = msgspec.convert({"family": family, "code": code}, tender_wire.Decline)
        return self.sale(status="declined", payment=None, bank=None, decline=decline)

    def bank(self, outcome: Any) -> list[Effect]:
        """The hub's word on the sale."""
        return self.says(SaleSaid(self.payment.payment_id, outcome))

    def undone(self, outcome: Any = None) -> list[Effect]:
        """The hub's word on the newest attempt to undo the sale."""
        reversal = self.payment.reversal
        assert reversal is not None
        answer = tender_wire.Reversal(
            id=reversal.reversal_id,
            payment_id=self.payment.payment_id,
            amount_fen=DUE_FEN,
            outcome="reversed",
            reversed_at=NOW,
            business_date=DAY,
        )
        return self.says(ReversalSaid(self.payment.payment_id, reversal.attempts, outcome or Answer(answer)))

    def of_tender(self, amount_fen: int) -> Any:
        """The payment as the hub booked it."""
        booked = self.booked(self.payment)
        return msgspec.structs.replace(
            booked, amount_fen=amount_fen, to_balance_fen=amount_fen, balance_after_fen=amount_fen
        )

    # A terminal box.

    def box(self, asked: str, code: str = "", **changes: Any) -> list[Effect]:
        """What the box says; its word on the payment's own sale where no trouble is given."""
        payment = self.payment
        content: dict[str, Any] = {
            "kind": EftKind.VOID if asked == "void" else EftKind.SALE,
            "approved": True,
            "code": changes.pop("code_said", "00"),
            "reference": payment.box_reference,
            "amount_fen": payment.asked_fen,
            "card": FACE.masked,
            "trace": "000003",
            "at": datetime(2026, 11, 22, 12, tzinfo=UTC),
        }
        result = None if code else EftResult(**(content | changes))
        attempt = 0 if asked == "sale" else payment.asks
        return self.says(BoxSaid(payment.payment_id, asked, attempt, result, code))

    # A phone.

    def order(self, asked: str, outcome: Any = None, **changes: Any) -> list[Effect]:
        """The hub's word on the order."""
        content: dict[str, Any] = {
            "id": self.payment.payment_id,
            "status": "open",
            "amount_fen": DUE_FEN,
            "title": TITLE,
            "code": "https://wallet.example/o/1",
            "expires_at": NOW,
        }
        if changes.get("status") == "paid":
            content |= {"payment": self.of_tender(DUE_FEN), "wallet_no": "W1"}
        answer = outcome or Answer(tender_wire.Phone(**(content | changes)))
        return self.says(OrderSaid(self.payment.payment_id, asked, self.payment.asks, answer))

    # A recharge card.

    def numbered(self, number: str = NUMBER) -> Till:
        """The number is typed, sealed, quoted for and on its way."""
        self.press(*(f"key:{digit}" for digit in number), "confirm")
        self.says(SecretSealed(self.only(fx.SealSecret).request, "jwe"))
        self.quoted(self.only(fx.AskQuote), WHO)
        return self

    def redeemed(self, outcome: Any = None, value_fen: int = 10000, **changes: Any) -> list[Effect]:
        """The hub's word on the recharge card."""
        content: dict[str, Any] = {
            "id": self.payment.payment_id,
            "status": "redeemed",
            "value_fen": value_fen,
        }
        content |= {"card_end": "0042", "payment": self.of_tender(value_fen)}
        if changes.get("status") == "refused":
            content |= {"payment": None, "value_fen": 0}
        answer = outcome or Answer(tender_wire.Redemption(**(content | changes)))
        return self.says(RedemptionSaid(self.payment.payment_id, self.payment.attempts, answer))

    def told(self) -> Iterator[str]:
        """The names of all events so far."""
        return (type(event).__name__ for event in self.journal)


def kinds(*effects: Effect) -> set[type[Effect]]:
    """Which kinds of acts these are."""
    return {type(effect) for effect in effects}


__all__ = ["BOX", "DUE_FEN", "FACE", "NUMBER", "OWN", "WHO", "Till", "ev", "fx", "kinds"]
