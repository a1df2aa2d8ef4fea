"""The modules that money passes through, each with the narrowest fast tests that ought to notice a change of it."""

from __future__ import annotations

from tests.mutation.trial import Plan

CORE = "tests/kiosk/core"
DESK = ("tests/hub/composition/test_desk_answers.py", "tests/hub/composition/test_desk_against.py")
CLAIMS = "tests/hub/composition/test_claims.py"
REPLACING = "tests/hub/composition/test_replacing.py"
CARDS = ("tests/hub/composition/test_card_desk.py",)


def _of(path: str, *further: str, simulated: bool = False) -> Plan:
    """The module's own tests first."""
    folder, _, name = path.rpartition("/")
    return Plan(path, (f"tests/{folder}/test_{name}", *further), simulated)


PLANS = (
    _of("kiosk/payment/table.py", CORE, simulated=True),
    _of("kiosk/payment/fold.py", "tests/kiosk/payment/test_table.py", CORE, simulated=True),
    _of("kiosk/payment/model.py", "tests/kiosk/payment/test_table.py", CORE, simulated=True),
    Plan("kiosk/payment/effects.py", ("tests/kiosk/payment", CORE)),
    _of("kiosk/books.py", CORE, simulated=True),
    _of("kiosk/core/cash.py", "tests/kiosk/core/test_cash_told.py", CORE, simulated=True),
    Plan("kiosk/core/closing.py", ("tests/kiosk/core/test_cash_told.py", CORE), simulated=True),
    _of("kiosk/core/settle.py", "tests/kiosk/core/test_settle_told.py", CORE, simulated=True),
    Plan("kiosk/core/credit.py", ("tests/kiosk/core/test_settle_told.py", CORE), simulated=True),
    _of("kiosk/core/recover.py", "tests/kiosk/core/test_recover_told.py", CORE, simulated=True),
    _of("kiosk/core/offline.py", "tests/kiosk/core/test_offline_told.py", CORE, simulated=True),
    _of("kiosk/core/power_up.py", CORE, simulated=True),
    _of("kiosk/core/fate.py", "tests/kiosk/core/test_power_up.py", CORE, simulated=True),
    _of("kiosk/slips.py", "tests/kiosk/test_slips_told.py", "tests/kiosk/test_receipts.py"),
    _of("kiosk/receipts.py", "tests/kiosk/test_receipts_told.py", "tests/kiosk/test_slips.py"),
    _of("kiosk/money.py"),
    _of("kiosk/journal/row.py", "tests/kiosk/journal/test_verify.py"),
    _of(
        "kiosk/journal/store.py", "tests/kiosk/journal/test_store_told.py", "tests/kiosk/journal/test_file.py"
    ),
    _of(
        "kiosk/journal/file.py",
        "tests/kiosk/journal/test_store_told.py",
        "tests/kiosk/journal/test_store.py",
        "tests/kiosk/journal/test_verify_told.py",
        "tests/kiosk/journal/test_verify.py",
    ),
    _of("kiosk/journal/packing.py", "tests/kiosk/journal/test_store.py"),
    Plan(
        "kiosk/journal/verify.py",
        ("tests/kiosk/journal/test_verify_told.py", "tests/kiosk/journal/test_verify.py"),
    ),
    Plan(
        "kiosk/journal/prune.py",
        ("tests/kiosk/journal/test_prune_told.py", "tests/kiosk/journal/test_prune.py"),
    ),
    Plan(
        "kiosk/hubclient/outcomes.py",
        (
            "tests/kiosk/hubclient/test_outcomes.py",
            "tests/kiosk/hubclient/test_client.py",
            "tests/kiosk/hubclient/test_client_coding.py",
        ),
    ),
    _of("kiosk/hubclient/signing.py"),
    _of("hub/business/allocation.py"),
    _of("hub/business/ledger.py", *DESK),
    _of("hub/business/orders.py", "tests/hub/business/test_order_answers.py", *DESK),
    _of("hub/business/late_fee.py"),
    _of("hub/business/deciding.py", CLAIMS, REPLACING),
    _of("hub/business/keeping.py", *DESK),
    Plan(
        "hub/composition/desk.py",
        (*DESK, "tests/hub/composition/test_desk.py", CLAIMS, REPLACING),
        simulated=True,
    ),
    _of("hub/composition/claims.py", REPLACING),
    _of("hub/composition/forestalling.py", *DESK, REPLACING),
    _of("kiosk/core/card_fate.py", "tests/kiosk/core/test_deliver.py", "tests/kiosk/lanes/test_card.py"),
    _of("kiosk/lanes/authority.py"),
    _of("hub/business/cards.py", *CARDS),
    _of("hub/business/card_writes.py", *CARDS),
    _of("hub/business/card_sales.py", *CARDS),
)
