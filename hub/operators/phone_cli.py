"""The operators' view of orders that phones pay: `power-hub phone list`."""

import argparse
from typing import Any

from hub.operators.cli import books, json_option, say


def add_phone_commands(commands: Any, database: argparse.ArgumentParser) -> None:
    """Add `phone list`."""
    phone = commands.add_parser("phone", help="orders that phones pay")
    actions = phone.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", parents=[database, json_option()], help="orders, oldest first")
    listing.add_argument("--open", action="store_true", help="only those that are at no end yet")
    listing.set_defaults(command=_list_orders)


def _list_orders(options: argparse.Namespace) -> int:
    from hub.business.phone_rules import PhoneRecord
    from hub.data.phones import listed

    with books(options) as connection:
        found = listed(connection, unsettled=options.open)

    def line(order: PhoneRecord) -> str:
        tried = f", tried {order.tries} times: {order.trouble}" if order.trouble else ""
        number = f", {order.wallet_no}" if order.wallet_no else ""
        return (
            f"{order.id} {order.terminal} {order.amount_fen} fen, {order.state} since "
            f"{order.changed_at:%Y-%m-%d %H:%M:%S}{number}{tried}"
        )

    told = [
        {
            "id": order.id,
            "terminal": order.terminal,
            "amount_fen": order.amount_fen,
            "state": order.state,
            "opened_at": order.opened_at,
            "changed_at": order.changed_at,
            "next_at": order.next_at,
            "wallet_no": order.wallet_no,
            "refusal": order.refusal,
            "refund_no": order.refund_no,
            "tries": order.tries,
            "trouble": order.trouble,
        }
        for order in found
    ]
    say(options, told, "\n".join(map(line, found)) or "none")
    return 0
