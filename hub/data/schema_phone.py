"""Orders that phones pay, and what is given back of them."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, String, Table, Text

from hub.data.schema import metadata

_time = DateTime(timezone=True)
_serial = BigInteger().with_variant(Integer, "sqlite")

# Under the id of the payment that each is to become. `next_at` is when some hub process is to attend to it: who does
# moves it on first, so that nobody else does so meanwhile, and whoever comes when that time is over takes it up again.
phone_orders = Table(
    "phone_orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("terminal", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("scanned", Boolean, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("given_up", Boolean, nullable=False),
    Column("opened_at", _time, nullable=False),
    Column("changed_at", _time, nullable=False),
    Column("next_at", _time, index=True),
    Column("code", Text, nullable=False),
    Column("expires_at", _time),
    Column("wallet_no", String(64), nullable=False),
    Column("refusal", String(16), nullable=False),
    Column("refund_no", String(40), nullable=False),
    Column("kept_back", _serial),
    Column("gave_back", _serial),
    Column("tries", Integer, nullable=False),
    Column("trouble", Text, nullable=False),
)
