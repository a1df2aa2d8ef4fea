"""The hub's tables. The migrations make them; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

REVISION = "0008"
"""The newest migration, so that a start without anything to migrate need not load Alembic."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

_serial = BigInteger().with_variant(Integer, "sqlite")
_fen = BigInteger
_time = DateTime(timezone=True)
_mark = String(64)
_id = String(32)
_bill_no = String(32)
_reference = String(64)

# Customers and what they owe -------------------------------------------------------------------------------

# Phone and identity number stand encrypted (`hub.data.fields`); their marks are keyed fingerprints to compare by. Of a
# row from before there was a key store the phone may stand in clear: it has no mark.
accounts = Table(
    "accounts",
    metadata,
    Column("account_no", String(22), primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("phone_mark", String(64)),
    Column("identity", Text),
    Column("identity_mark", String(64)),
    Column("address", Text, nullable=False),
    Column("supply_unit", Text, nullable=False),
    Column("usage_class", Text, nullable=False),
    Column("tariff_id", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("balance_fen", _fen, nullable=False),
)

meters = Table(
    "meters",
    metadata,
    Column("meter_no", String(22), primary_key=True),
    Column("account_no", ForeignKey("accounts.account_no"), nullable=False, index=True),
    Column("metering_point", Text, nullable=False),
    Column("kind", String(16), nullable=False),
)

bills = Table(
    "bills",
    metadata,
    Column("bill_no", _bill_no, primary_key=True),
    Column("account_no", ForeignKey("accounts.account_no"), nullable=False),
    Column("month", String(7), nullable=False),
    Column("kwh", Integer, nullable=False),
    Column("charge_fen", _fen, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("paid_fen", _fen, nullable=False),
    Column("late_fee_accrued_fen", _fen, nullable=False),
    Column("late_fee_accrued_to", Date),
    Column("late_fee_paid_fen", _fen, nullable=False),
    Index("ix_bills_account_no", "account_no", "month", unique=True),
)

# The ledger ------------------------------------------------------------------------------------------------

transactions = Table(
    "transactions",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("reference", Text, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("posted_at", _time, nullable=False),
    sqlite_autoincrement=True,
)

legs = Table(
    "legs",
    metadata,
    Column("transaction_id", ForeignKey("transactions.id"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("amount_fen", _fen, nullable=False),
    Column("bill_no", _bill_no),
)

# What kiosks ask for, each under an id of theirs -----------------------------------------------------------

quotes = Table(
    "quotes",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("account_no", String(22), nullable=False),
    Column("expires_at", _time, nullable=False),
    Column("reply", LargeBinary, nullable=False),
)

# A row without a transaction is the tombstone that a claim or a reversal leaves: the payment is refused for good.
payments = Table(
    "payments",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text),
    Column("account_no", String(22)),
    Column("amount_fen", _fen),
    Column("transaction_id", _serial),
    Column("reply", LargeBinary),
    Column("claim_id", _id),
    Column("reference", _reference, index=True),
    Column("reversal_id", _id),
)

claims = Table(
    "claims",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("payment_id", _id),
    Column("amount_fen", _fen, nullable=False),
    Column("memo_fen", _fen, nullable=False),
    Column("state", String(8), nullable=False),
    Column("resolution", String(20), nullable=False),
    Column("transaction_id", _serial),
    Column("made_at", _time, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("reference", _reference, nullable=False, index=True),
    Column("reason", String(20), nullable=False),
    Column("account_no", String(22)),
    Column("received_at", _time, nullable=False),
)

reversals = Table(
    "reversals",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("payment_id", _id, nullable=False),
    Column("amount_fen", _fen, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("transaction_id", _serial),
    Column("reply", LargeBinary, nullable=False),
)

# Meter cards ---------------------------------------------------------------------------------------------

# A meter that takes cards; the numbers are those that stand on them. `purchase_count` was sold last.
card_meters = Table(
    "card_meters",
    metadata,
    Column("meter_no", ForeignKey("meters.meter_no"), primary_key=True),
    Column("card_meter_no", String(12), nullable=False, unique=True),
    Column("customer_no", String(12), nullable=False),
    Column("profile", String(32), nullable=False),
    Column("user_type", Integer, nullable=False),
    Column("purchase_count", BigInteger, nullable=False),
    Column("hoarding_limit_fen", _fen, nullable=False),
    Column("alarm1_fen", _fen, nullable=False),
    Column("alarm2_fen", _fen, nullable=False),
    Column("ct_ratio", Integer, nullable=False),
    Column("pt_ratio", Integer, nullable=False),
    Column("opened", Boolean, nullable=False),
)

# No serial stands in clear anywhere: a card goes by its mark, and its row has the serial for the key store to read.
cards = Table(
    "cards",
    metadata,
    Column("mark", _mark, primary_key=True),
    Column("meter_no", String(22), index=True),
    Column("state", String(8), nullable=False),
    Column("sealed", Text, nullable=False),
)

# What was paid and is to be on a card, under the payment's id. A reissue carries a count and sells none.
purchases = Table(
    "purchases",
    metadata,
    Column("id", _id, primary_key=True),
    Column("meter_no", ForeignKey("card_meters.meter_no"), nullable=False),
    Column("account_no", String(22), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("sold_count", BigInteger),
    Column("amount_fen", _fen, nullable=False),
    Column("state", String(10), nullable=False),
    Column("card_mark", _mark),
    Column("reference", _reference),
    Column("paid_at", _time, nullable=False),
    Column("transaction_id", _serial, nullable=False),
    Index("ix_purchases_meter_no", "meter_no", "count"),
    Index("uq_purchases_sold_count", "meter_no", "sold_count", unique=True),
)

card_writes = Table(
    "card_writes",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("plan", LargeBinary, nullable=False),
    Column("purchase_id", ForeignKey("purchases.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("card_mark", _mark, nullable=False),
    Column("state", String(10), nullable=False),
    Column("made_at", _time, nullable=False),
    Column("outcome", Text, nullable=False),
    Index("uq_card_writes_purchase_id", "purchase_id", "number", unique=True),
)

card_reads = Table(
    "card_reads",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("card_mark", _mark, nullable=False, index=True),
    Column("profile", String(32), nullable=False),
    Column("reading", Text, nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("max_fen", _fen, nullable=False),
    Column("received_at", _time, nullable=False),
)

identity_checks = Table(
    "identity_checks",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("account_no", String(22), nullable=False),
    Column("matched", Boolean, nullable=False),
    Column("checked_at", _time, nullable=False),
    Index("ix_identity_checks_account_no", "account_no", "checked_at"),
    Index("ix_identity_checks_terminal", "terminal", "checked_at"),
)

# What people decide about claims ---------------------------------------------------------------------------

persons = Table(
    "persons",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("added_at", _time, nullable=False),
)

# A claim's newest proposal counts. `found_fen` is what the count of the box showed of its memo amount.
proposals = Table(
    "proposals",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("claim_id", ForeignKey("claims.id"), nullable=False, index=True),
    Column("target", String(40), nullable=False),
    Column("found_fen", _fen, nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", _time, nullable=False),
    Column("note", Text, nullable=False),
    Column("decision", String(8), nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", _time),
    Column("decision_note", Text),
    Column("count_transaction_id", _serial),
    Column("transaction_id", _serial),
    sqlite_autoincrement=True,
)

# Terminals and what they said lately -----------------------------------------------------------------------

terminals = Table(
    "terminals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key_file", Text),
    Column("site", Text, nullable=False),
    Column("added_at", _time, nullable=False),
)

# A terminal without a key file signs on with its master key and is given these, wrapped under it.
working_keys = Table(
    "working_keys",
    metadata,
    Column("terminal", String(64), primary_key=True),
    Column("key_no", Integer, primary_key=True, autoincrement=False),
    Column("sign_on_id", _id, nullable=False, unique=True),
    Column("content", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("check", String(6), nullable=False),
    Column("issued_at", _time, nullable=False),
    Column("expires_at", _time, nullable=False),
    Column("reply", LargeBinary, nullable=False),
)

# The newest heartbeat of each terminal. `renewed`: an operator allowed the next one to bring another journal.
heads = Table(
    "heads",
    metadata,
    Column("terminal", String(64), primary_key=True),
    Column("journal_id", _id, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head", String(64), nullable=False),
    Column("renewed", Boolean, nullable=False),
    Column("beat_at", _time, nullable=False),
    Column("open_items", Text, nullable=False),
    Column("backlog", BigInteger, nullable=False),
    Column("backlog_oldest_at", _time),
    Column("version", String(64), nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("terminal", String(64), primary_key=True),
    Column("verdict", String(16), primary_key=True),
    Column("journal_id", _id, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("head", String(64), nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_at", _time, nullable=False),
    Column("last_at", _time, nullable=False),
)

replacements = Table(
    "replacements",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("terminal", String(64), nullable=False),
    Column("journal_id", _id, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("replaced_by", String(64), nullable=False),
    Column("confirmed_by", String(64), nullable=False),
    Column("replaced_at", _time, nullable=False),
    Column("note", Text, nullable=False),
    sqlite_autoincrement=True,
)

# On PostgreSQL an unlogged table (no wait for the disk); on SQLite a file of its own beside the database.
seen_metadata = MetaData()
seen_requests = Table(
    "seen_requests",
    seen_metadata,
    Column("terminal", String(64), primary_key=True),
    Column("request_id", _id, primary_key=True),
    Column("seen_at", _time, nullable=False, index=True),
    prefixes=["UNLOGGED"],
)
