"""What kiosks are told about a card that was read, and about a write."""

from dataclasses import replace
from datetime import date, datetime

from drivers.meter_card.layout import Layout
from hub.business.card_forms import CardFile, CardRead, CardVerdict, CardWrite, LastPurchase, OwedPurchase
from hub.business.card_sales import CardLimits
from hub.business.card_writes import plan_files, plan_of
from hub.business.cards import Judgement, Known, Purchase, WriteRecord
from hub.business.forms import Account

STRANGE: frozenset[CardVerdict] = frozenset({"foreign", "other_card", "blank"})
"""What is said of a card that is no meter's; nobody's account is shown for it."""


def card_read_answer(
    read_id: str,
    known: Known,
    judgement: Judgement,
    account: Account | None,
    limits: CardLimits,
    most: int,
    now: datetime,
    on: date,
) -> CardRead:
    """Say what may be done with a card, for which `most` fen may be paid; of a strange one no more than that."""
    verdict = judgement.verdict
    meter = None if verdict in STRANGE else known.meter
    orders = judgement.orders if meter else ()
    last = next((each for each in reversed(orders) if each.sells), None)
    bound = replace(known, orders=orders).bound
    return CardRead(
        id=read_id,
        verdict=verdict,
        account=account if meter else None,
        meter_no=meter.meter_no if meter else None,
        last=_last(last) if last else None,
        owed=_owed(bound) if bound and verdict == "owed" else None,
        min_fen=limits.min_fen if most else 0,
        max_fen=most,
        hoarding_limit_fen=meter.hoarding_limit_fen if meter else 0,
        as_of=now,
        business_date=on,
    )


def _last(purchase: Purchase) -> LastPurchase:
    return LastPurchase(
        count=purchase.count,
        amount_fen=purchase.amount_fen,
        state=purchase.state,
        paid_at=purchase.paid_at,
        reference=purchase.reference,
    )


def _owed(purchase: Purchase) -> OwedPurchase:
    return OwedPurchase(
        purchase_id=purchase.id,
        kind=purchase.kind,
        count=purchase.count,
        amount_fen=purchase.amount_fen,
        paid_at=purchase.paid_at,
        reference=purchase.reference,
    )


def write_now(write: WriteRecord, layout: Layout) -> CardWrite:
    """Say what is written, and how that stands now."""
    plan = plan_of(write)
    return CardWrite(
        id=write.id,
        purchase_id=write.purchase_id,
        state=write.state,
        profile=plan.profile,
        card_tail=write.card_mark[-4:],
        files=tuple(
            CardFile(file=each.file, data=each.data.hex().upper()) for each in plan_files(layout, plan)
        ),
        count=plan.count,
        amount_fen=plan.amount_fen,
    )
