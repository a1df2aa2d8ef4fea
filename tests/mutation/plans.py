"""The modules that money passes through, each with the narrowest fast tests that ought to notice a change of it."""

from __future__ import annotations

from tests.mutation.trial import Plan

PAYMENT = ("tests/kiosk/payment",)
CORE = ("tests/kiosk/core",)
JOURNAL = ("tests/kiosk/journal",)
DESK = ("tests/hub/composition/test_desk.py",)

PLANS = (
    Plan("kiosk/payment/table.py", PAYMENT, simulated=True),
    Plan("kiosk/payment/fold.py", (*PAYMENT, *CORE), simulated=True),
    Plan("kiosk/payment/model.py", (*PAYMENT, *CORE), simulated=True),
    Plan("kiosk/payment/effects.py", (*PAYMENT, *CORE)),
    Plan("kiosk/books.py", (*CORE,), simulated=True),
    Plan("kiosk/core/cash.py", ("tests/kiosk/core/test_cash.py", *CORE), simulated=True),
    Plan("kiosk/core/settle.py", ("tests/kiosk/core/test_settle.py", *CORE), simulated=True),
    Plan("kiosk/core/recover.py", ("tests/kiosk/core/test_recover.py", *CORE), simulated=True),
    Plan("kiosk/core/power_up.py", ("tests/kiosk/core/test_power_up.py", *CORE), simulated=True),
    Plan("kiosk/core/fate.py", ("tests/kiosk/core/test_power_up.py", *CORE), simulated=True),
    Plan("kiosk/money.py", ("tests/kiosk/test_money.py",)),
    Plan("kiosk/journal/row.py", JOURNAL),
    Plan("kiosk/journal/store.py", ("tests/kiosk/journal/test_store.py", *JOURNAL)),
    Plan("kiosk/journal/packing.py", ("tests/kiosk/journal/test_packing.py", *JOURNAL)),
    Plan("kiosk/journal/verify.py", ("tests/kiosk/journal/test_verify.py",)),
    Plan("kiosk/journal/prune.py", ("tests/kiosk/journal/test_prune.py",)),
    Plan("kiosk/hubclient/outcomes.py", ("tests/kiosk/hubclient/test_client.py",)),
    Plan("hub/business/allocation.py", ("tests/hub/business/test_allocation.py",)),
    Plan("hub/business/ledger.py", ("tests/hub/business/test_ledger.py", *DESK)),
    Plan("hub/business/orders.py", ("tests/hub/business/test_orders.py", *DESK)),
    Plan("hub/business/late_fee.py", ("tests/hub/business/test_late_fee.py",)),
    Plan("hub/business/deciding.py", ("tests/hub/business/test_deciding.py",)),
    Plan("hub/business/keeping.py", DESK),
    Plan("hub/composition/desk.py", DESK, simulated=True),
    Plan("hub/composition/claims.py", DESK),
)
