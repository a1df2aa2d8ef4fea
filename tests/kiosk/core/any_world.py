"""Everything before and behind the kiosk, in any order: devices, customers and a hub that know what they did."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from drivers.cash.model import CashState
from drivers.eft.model import EftKind, EftResult
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.config import MeterCard
from kiosk.core import inputs as told
from kiosk.core.card_fate import Glance
from kiosk.hubclient import card_wire, tender_wire, wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment.effects import CardFace
from kiosk.payment.model import DELIVERING, Payment
from tests.kiosk.core.cards import CONTENTS, CUSTOMER, METER, TORN, written
from tests.kiosk.core.conftest import DAY, FINE, NOW
from tests.kiosk.core.tenders import BOX, FACE, KEY, OWN, TITLE, WHO, Till

CARD = MeterCard(reader="r")
OWN_AND_CARD = msgspec.structs.replace(OWN, meter_card=CARD)
BOX_AND_CARD = msgspec.structs.replace(
    BOX, meter_card=CARD, phone=OWN.phone, recharge=OWN.recharge, scanner=OWN.scanner
)
DEAD = DeviceHealth(DeviceStatus.NO_DEVICE)
VALUE_FEN = 10000
OF_HUB = (
    fx.AskHubStatus,
    fx.LookUp,
    fx.AskReference,
    fx.AskQuote,
    fx.AskCard,
    fx.SendCredit,
    fx.SendClaim,
    fx.SendOutcome,
    fx.SendSale,
    fx.SendReversal,
    fx.OpenOrder,
    fx.WatchOrder,
    fx.CloseOrder,
    fx.AskRoute,
    fx.SealSecret,
)
SILENT = (fx.Scan, fx.StopScan, fx.AcknowledgeNote, fx.ResetAcceptor, fx.Beat)


def problem(status: int, code: str) -> wire.Problem:
    return wire.Problem(status=status, code=code)


@dataclass
class World:
    """One kiosk and all that it talks to; `due` are its effects that nobody has answered yet."""

    till: Till
    chance: random.Random
    due: list[fx.Effect] = field(default_factory=list)
    said: list[told.Input] = field(default_factory=list)
    hub_there: bool = True
    bank_place: str = "none"
    accepting: str = ""
    pin: str = ""
    meter_card: Any = None
    meter_contents: Any = CONTENTS
    taken: dict[str, str] = field(default_factory=dict)
    """What the other side did for a payment: sold, undone, open, paid, closed, refused, spent, booked."""
    booked: set[str] = field(default_factory=set)
    last: EftResult | None = None
    never_begun: set[str] = field(default_factory=set)
    trace: int = 0

    def tell(self, *inputs: told.Input) -> None:
        for one in inputs:
            self.said.append(one)
            self.take(self.till.says(one))

    def take(self, effects: list[fx.Effect]) -> None:
        for effect in effects:
            match effect:
                case fx.AcceptBankCard(request):
                    self.accepting = request
                case fx.EjectBankCard():
                    self.accepting = ""
                    if self.bank_place != "none":
                        self.due.append(effect)
                case fx.AskPin(request):
                    assert not self.pin, "a second PIN entry is begun while one is open"
                    self.pin = request
                case fx.EndPin():
                    self.pin = ""
                case _ if not isinstance(effect, SILENT):
                    self.due.append(effect)

    def odd(self, *words: Any) -> Any:
        return self.chance.choice(words)

    # What the hub says.

    def trouble(self) -> tuple[Any, bool]:
        """An outcome that is no answer, and whether the hub may have acted all the same."""
        away: list[tuple[Any, bool]] = [
            (NotSent(NotSentReason.REFUSED, "no"), False),
            (NotSent(NotSentReason.TIMEOUT, "no"), False),
            (Unknown(UnknownReason.BROKEN, "cut"), True),
            (Unknown(UnknownReason.TIMEOUT, "late"), True),
        ]
        there: list[tuple[Any, bool]] = [
            (Unknown(UnknownReason.SERVER_ERROR, "x", problem(503, "bank_away")), False),
            (Refused(problem(401, "bad_signature")), False),
            (Refused(problem(409, "declined")), False),
        ]
        return self.chance.choice(away + there if self.hub_there else away)

    def answer_hub(self, effect: fx.Effect, well: bool) -> None:
        outcome, acted = (None, True) if well else self.trouble()
        key = effect.payment.payment_id if hasattr(effect, "payment") else ""
        business_no = isinstance(outcome, Refused) and not outcome.judges_call_only
        if business_no and (key in self.booked or self.taken.get(key) in {"spent", "sold_here"}):
            outcome, acted = Unknown(UnknownReason.BROKEN, "cut"), True  # it would say the same again
        body = self.act(effect, well) if acted else None
        out: Any = outcome or Answer(body)
        match effect:
            case fx.AskHubStatus():
                self.tell(told.StatusSaid(out))
            case fx.LookUp(request):
                self.tell(told.AccountSaid(request, out))
            case fx.AskReference(request):
                self.tell(told.ReferenceSaid(request, outcome or Unknown(UnknownReason.BROKEN, "")))
            case fx.AskQuote(quote_id):
                self.tell(told.QuoteSaid(quote_id, out))
            case fx.AskCard(read_id):
                self.tell(told.CardKnown(read_id, out))
            case fx.SendClaim(claim):
                self.tell(told.ClaimSaid(claim.claim_id, claim.attempts, out))
            case fx.SendOutcome(payment):
                assert payment.delivery is not None
                self.tell(told.OutcomeSaid(key, payment.delivery.tellings, out))
            case fx.AskRoute(route_id):
                self.tell(told.RouteSaid(route_id, out))
            case fx.SealSecret(request):
                self.tell(told.SecretSealed(request, "jwe" if outcome is None else ""))
            case fx.SendCredit(payment) if payment.tender == "recharge_card":
                self.tell(told.RedemptionSaid(key, payment.attempts, out))
            case fx.SendCredit(payment):
                self.tell(told.CreditSaid(key, payment.attempts, out))
            case fx.SendSale(_):
                self.tell(told.SaleSaid(key, out))
            case fx.SendReversal(payment):
                assert payment.reversal is not None
                self.tell(told.ReversalSaid(key, payment.reversal.attempts, out))
            case fx.OpenOrder(payment):
                self.tell(told.OrderSaid(key, "open", payment.asks, out))
            case fx.WatchOrder(payment):
                self.tell(told.OrderSaid(key, "watch", payment.asks, out))
            case fx.CloseOrder(payment):
                self.tell(told.OrderSaid(key, "close", payment.asks, out))
            case _:
                raise AssertionError(effect)

    def act(self, effect: fx.Effect, well: bool) -> Any:
        """What the hub does, and its word on it."""
        match effect:
            case fx.AskHubStatus():
                return wire.Status(now=NOW, business_date=DAY, mode="open", version="1")
            case fx.LookUp():
                return WHO
            case fx.AskQuote():
                return self.quote(effect)
            case fx.AskCard(read_id):
                return card_wire.CardRead(
                    id=read_id,
                    verdict="ready",
                    account=WHO,
                    meter_no="1" * 22,
                    last=None,
                    owed=None,
                    min_fen=100,
                    max_fen=200000,
                    hoarding_limit_fen=500000,
                    as_of=NOW,
                    business_date=DAY,
                )
            case fx.SendClaim(claim):
                return wire.Claim(
                    id=claim.claim_id,
                    reference=claim.reference,
                    state="open",
                    amount_fen=claim.amount_fen,
                    memo_fen=claim.memo_fen,
                    payment_id=claim.payment_id or None,
                    resolution="",
                )
            case fx.SendOutcome(payment):
                delivery = payment.delivery
                assert delivery is not None
                return card_wire.WriteOutcome(
                    id=delivery.write_id,
                    state=delivery.outcome or "unknown",  # type: ignore[arg-type]
                )
            case fx.AskRoute(route_id):
                return tender_wire.Route(
                    id=route_id,
                    acquirer="bank_a",
                    title=TITLE,
                    terminal_no="90000001",
                    pin_key=KEY if well or self.chance.random() < 0.8 else None,
                )
            case fx.SealSecret():
                return None
            case fx.SendCredit(payment) if payment.tender == "recharge_card":
                return self.redeem(payment, well)
            case fx.SendCredit(payment):
                self.booked.add(payment.payment_id)
                return self.booking(payment, payment.inserted_fen)
            case fx.SendSale(payment):
                return self.sale(payment)
            case fx.SendReversal(payment):
                self.taken[payment.payment_id] = "undone"
                self.booked.discard(payment.payment_id)
                assert payment.reversal is not None
                return tender_wire.Reversal(
                    id=payment.reversal.reversal_id,
                    payment_id=payment.payment_id,
                    amount_fen=payment.asked_fen,
                    outcome="reversed",
                    reversed_at=NOW,
                    business_date=DAY,
                )
            case fx.OpenOrder(payment) | fx.WatchOrder(payment) | fx.CloseOrder(payment):
                return self.order(effect, payment)
        return None

    def quote(self, ask: fx.AskQuote) -> wire.Quote:
        return wire.Quote(
            id=ask.quote_id,
            account_no=ask.account_no,
            business=ask.business,  # type: ignore[arg-type]
            months=ask.months,
            due_fen=WHO.due_fen if ask.business == "arrears" else 0,
            max_fen=200000,
            expires_at=NOW,
            as_of=NOW,
            min_fen=100,
        )

    def booking(self, payment: Payment, fen: int) -> wire.Payment:
        booked = self.till.booked(payment)
        booked = msgspec.structs.replace(booked, amount_fen=fen, to_balance_fen=fen, balance_after_fen=fen)
        if payment.business != "buy_power" or payment.card is None:
            return booked
        good = wire.Purchase(
            id=payment.payment_id,
            kind="purchase",
            meter_no=METER,
            customer_no=CUSTOMER,
            count=payment.card.count + 1,
            amount_fen=fen,
            card_tail=payment.card.serial[-4:],
            profile=payment.card.profile,
        )
        return msgspec.structs.replace(booked, to_balance_fen=0, balance_after_fen=0, purchase=good)

    def sale(self, payment: Payment) -> tender_wire.Sale:
        key = payment.payment_id
        if self.chance.random() < 0.3:
            family: Any = self.odd("funds", "pin", "capture", "other")
            decline = tender_wire.Decline(family=family, code="51")
            return tender_wire.Sale(id=key, status="declined", amount_fen=payment.asked_fen, decline=decline)
        if self.chance.random() < 0.1:
            self.taken[key] = "sold"
            return tender_wire.Sale(id=key, status="reversing", amount_fen=payment.asked_fen)
        self.taken[key] = "sold"
        self.booked.add(key)
        return tender_wire.Sale(
            id=key,
            status="approved",
            amount_fen=payment.asked_fen,
            payment=self.booking(payment, payment.asked_fen),
        )

    def order(self, effect: fx.Effect, payment: Payment) -> tender_wire.Phone:
        key = payment.payment_id
        now = self.taken.get(key, "")
        if isinstance(effect, fx.CloseOrder) and now in {"", "open"}:
            now = "closed"
        elif isinstance(effect, fx.OpenOrder) and not now:
            now = "refused" if self.chance.random() < 0.1 else "open"
        self.taken[key] = now = now or "open"
        if now == "paid":
            self.booked.add(key)
        return tender_wire.Phone(
            id=key,
            status=now,  # type: ignore[arg-type]
            amount_fen=payment.asked_fen,
            title=TITLE,
            code="https://wallet.example/o/1",
            payment=self.booking(payment, payment.asked_fen) if now == "paid" else None,
        )

    def redeem(self, payment: Payment, well: bool) -> tender_wire.Redemption:
        key = payment.payment_id
        if key not in self.booked and (self.taken.get(key) == "refused" or self.chance.random() < 0.3):
            self.taken[key] = "refused"
            return tender_wire.Redemption(
                id=key, status="refused", refusal=self.odd("used", "unknown", "wait")
            )
        self.taken[key] = "spent"
        self.booked.add(key)
        return tender_wire.Redemption(
            id=key,
            status="redeemed",
            value_fen=VALUE_FEN,
            card_end="0042",
            payment=self.booking(payment, VALUE_FEN),
        )

    # What the devices do.

    def answer(self, effect: fx.Effect, well: bool) -> None:
        """Deal with one effect, as it should be or with trouble."""
        if isinstance(effect, OF_HUB):
            self.answer_hub(effect, well and self.hub_there)
            return
        match effect:
            case fx.PrintSlip(job):
                self.tell(told.SlipOutcome(job, well or self.chance.random() < 0.5, "paper"))
            case fx.EnableAcceptor():
                self.take(self.till.acceptor(CashState.IDLE))
            case fx.DisableAcceptor():
                self.take(self.till.acceptor(CashState.DISABLED))
            case fx.StackNote():
                self.take(self.till.acceptor(CashState.STACKED, VALUE_FEN))
                state = CashState.IDLE if self.till.core.session.page == "cash" else CashState.DISABLED
                self.take(self.till.acceptor(state))
            case fx.GiveBackNote():
                self.take(self.till.acceptor(CashState.RETURNING, VALUE_FEN))
                self.take(self.till.acceptor(CashState.DISABLED))
            case fx.EjectBankCard():
                if self.bank_place == "in":
                    self.bank_moves("mouth")
            case fx.CaptureBankCard():
                if self.bank_place in {"in", "mouth"}:
                    self.bank_moves("captured")
            case fx.AskBoxForSale() | fx.AskBoxForLastResult() | fx.AskBoxForVoid():
                self.answer_box(effect, well)
            case fx.ReadCard(request):
                face = CardFace(self.meter_contents, b"\1" * 8, b"\2" * 8)
                there = self.meter_card and (well or self.chance.random() < 0.5)
                self.tell(told.CardRead(request, face if there else None, "" if there else "card_mute"))
            case fx.AdmitCard(read_id):
                self.tell(
                    told.CardAdmitted(read_id, "" if well else self.odd("", "module_away", "card_gone"))
                )
            case fx.WriteCard(payment) | fx.ReadCardBack(payment):
                self.answer_card(effect, payment, well)
            case _:
                raise AssertionError(effect)

    def runs_well(self, but: tuple[type[fx.Effect], ...] = ()) -> None:
        """Answer all that is due, as it should be, and what comes of it."""
        while able := [each for each in self.due if not isinstance(each, but)]:
            self.due.remove(able[0])
            self.answer(able[0], well=True)

    def answer_card(self, effect: fx.Effect, payment: Payment, well: bool) -> None:
        delivery = payment.delivery
        assert delivery is not None
        if self.meter_card and isinstance(effect, fx.WriteCard):
            done = well or self.chance.random() < 0.5
            self.meter_contents = written(delivery.purchase.amount_fen) if done else self.odd(TORN, CONTENTS)
        seen = self.meter_card and (well or self.chance.random() < 0.6)
        glance = Glance(self.meter_contents) if seen else Glance(None, "card_gone")
        self.tell(told.CardWritten(payment.payment_id, delivery.writes, glance))

    def answer_box(self, effect: Any, well: bool) -> None:
        payment = effect.payment
        key = payment.payment_id
        if isinstance(effect, fx.AskBoxForSale):
            self.box_sells(key, payment, well)
        elif isinstance(effect, fx.AskBoxForLastResult):
            result, code = self.last, ""
            if not well and self.chance.random() < 0.5:
                result, code = None, "no_answer"
            elif result is None or key in self.never_begun:
                result, code = None, "nothing"
            self.tell(told.BoxSaid(key, "last", payment.asks, result, code))
        else:
            assert key not in self.booked, "what the hub has booked is voided"
            code = "" if well else self.odd("", "no_answer", "not_sent")
            if code != "not_sent":
                self.taken[key] = "undone"
                self.last = self.box_result(payment, EftKind.VOID, True)
            self.tell(told.BoxSaid(key, "void", payment.asks, None if code else self.last, code))

    def box_result(self, payment: Payment, kind: EftKind, approved: bool) -> EftResult:
        self.trace += 1
        return EftResult(
            kind,
            approved,
            "00" if approved else "51",
            payment.box_reference,
            payment.asked_fen,
            card=FACE.masked,
            trace=f"{self.trace:06}",
            at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        )

    def box_sells(self, key: str, payment: Payment, well: bool) -> None:
        if not well and self.chance.random() < 0.3:
            self.never_begun.add(key)
            self.tell(told.BoxSaid(key, "sale", 0, None, self.odd("not_sent", "no_answer")))
            return
        approved = self.chance.random() < 0.7
        if approved:
            self.taken[key] = "sold"
        self.last = self.box_result(payment, EftKind.SALE, approved)
        heard = well or self.chance.random() < 0.5
        self.tell(told.BoxSaid(key, "sale", 0, self.last if heard else None, "" if heard else "no_answer"))

    # What is put in and taken out.

    def bank_moves(self, place: str) -> None:
        self.bank_place = place if place in {"in", "mouth"} else "none"
        if self.bank_place == "none":
            self.due = [
                each for each in self.due if not isinstance(each, fx.EjectBankCard | fx.CaptureBankCard)
            ]
        self.tell(told.BankCardFelt(place))

    def bank_card_comes(self, code: str = "") -> None:
        request, self.accepting = self.accepting, ""
        self.bank_moves("in")
        self.tell(told.BankCardRead(request, None if code else FACE, code))

    def bank_card_goes(self) -> None:
        if self.bank_place == "mouth":
            self.bank_moves("taken")
        elif self.bank_place == "in" and self.chance.random() < 0.2:
            self.bank_moves("none")  # pulled out

    def meter_card_moves(self, present: bool) -> None:
        open_writes = [p for p in self.till.core.books.payments.values() if p.state in DELIVERING]
        if present and not open_writes:
            self.meter_contents = CONTENTS
        self.meter_card = present
        self.tell(told.CardFelt(present))

    def pin_says(self, what: str) -> None:
        request = self.pin
        if what != "typed":
            self.pin = ""
        self.tell(told.PinSaid(request, what, 6, "line_lost" if what == "failed" else ""))

    def phone_pays(self) -> None:
        """A phone pays an order that is open, whatever the kiosk thinks of it."""
        for key, state in self.taken.items():
            if state == "open":
                self.taken[key] = "paid"

    def restart(self) -> None:
        """The program is begun anew; lanes forget, the far ends do not."""
        kept = [each for each in self.due if isinstance(each, fx.EjectBankCard)]
        # What was on its way may have been heard by the other side, and its answer is nobody's any more.
        for effect in self.due:
            if self.chance.random() < 0.5 and isinstance(effect, OF_HUB) and hasattr(effect, "payment"):
                self.act(effect, well=False)
        self.due, self.accepting, self.pin = [], "", ""
        self.never_begun = set()
        if self.bank_place == "in":
            kept = kept or [fx.EjectBankCard()]  # the lane gives back what it finds in its reader
        self.take(self.till.restart())
        self.said = []
        self.all_felt()
        self.take(self.till.acceptor(CashState.DISABLED, first=True))
        self.due += kept

    def all_felt(self, health: DeviceHealth = FINE) -> None:
        config = self.till.config
        names = ["acceptor", "printer"]
        names += ["card_writer"] if config.meter_card.reader else []
        names += ["bank_reader", "pin_pad"] if config.bank_card.reader else []
        names += ["eft"] if config.eft_terminal.port else []
        names += ["scanner"] if config.scanner.port else []
        self.tell(*(told.DeviceFelt(name, health) for name in names))
        self.tell(told.CardFelt(bool(self.meter_card), seen=False), told.BankCardFelt(self.bank_place))


__all__ = ["BOX_AND_CARD", "DEAD", "OWN_AND_CARD", "World", "replace"]
