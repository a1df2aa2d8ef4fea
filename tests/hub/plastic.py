"""A customer's meter card in a test's hand, and a kiosk that reads and writes it over the hub's real wire."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from drivers.meter_card.layout import Layout
from drivers.meter_card.model import FileData
from drivers.security import bench_keys, keys
from drivers.security.cipher import TRIPLE_DES
from drivers.security.sealed import seal
from hub.data.seed_cards import PROFILE, card_customer_no, card_meter_no
from hub.data.town_model import TownAccount, TownPurchase
from tools.hub_process import HubClient, new_id

KEYS = bench_keys.card_keys(PROFILE)
TAKEN = TownPurchase(12, 10_000, "taken", date(2026, 1, 1))
AT = "2026-11-23T04:00:00Z"


@dataclass
class Plastic:
    """What stands on a card; `back` is remaining credit and count, as the meter wrote them."""

    serial: str
    meter_no: str | None = None
    customer_no: str | None = None
    card_type: int = 0
    amount_fen: int = 0
    count: int = 0
    back: tuple[int, int] | None = None

    def key(self, master: bytes) -> bytes:
        return keys.diversify(TRIPLE_DES, master, bytes.fromhex(self.serial))

    def inserted(self) -> None:
        """The meter takes what is there."""
        self.back = (self.amount_fen, self.count)

    @property
    def seen(self) -> dict[str, Any]:
        empty = self.back is None
        return {
            "serial": self.serial,
            "count": self.count,
            "amount_fen": self.amount_fen,
            "reply_empty": empty,
        }


def card_of(account: TownAccount) -> Plastic:
    """The card that the account's meter has taken last."""
    [meter] = account.meters
    assert meter.card is not None
    last = meter.card.last
    numbers = card_meter_no(meter.meter_no), card_customer_no(account.account_no)
    card = Plastic(meter.card.serial, *numbers, 2, last.amount_fen, last.count)
    card.inserted()
    return card


def blank_card() -> Plastic:
    return Plastic(f"D5{secrets.token_hex(7).upper()}")


class CardKiosk:
    """One kiosk at the hub's wire."""

    def __init__(self, client: HubClient) -> None:
        self.client = client
        self._key: Any = None

    def seal(self, name: str, said: object) -> str:
        """What is said of a card, sealed to the hub."""
        if self._key is None:
            reply = self.client.get("/v1/seal-key")
            assert reply.ok, reply.text
            self._key = reply.json()
        jwk = {"kty": "EC", "crv": "P-256", "x": self._key["x"], "y": self._key["y"]}
        return seal(jwk, self._key["kid"], self.client.terminal, name, json.dumps(said))

    def put(self, path: str, content: object) -> Any:
        reply = self.client.put(path, content)
        assert reply.ok, reply.text
        return reply.json()

    def read_order(self, card: Plastic, **changes: Any) -> dict[str, Any]:
        challenge, back = secrets.token_bytes(8), None
        if card.back is not None:
            back = {"meter_no": card.meter_no, "customer_no": card.customer_no, "overdraft_fen": 0}
            back |= {"remaining_fen": card.back[0], "count": card.back[1], "illegal_cards": 0}
            back |= {"written_at": "2026-11-22T18:30"}
        contents = {
            "serial": card.serial,
            "meter_no": card.meter_no,
            "customer_no": card.customer_no,
            "card_type": card.card_type,
            "amount_fen": card.amount_fen,
            "count": card.count,
            "write_back": back,
            "damaged": "",
        }
        contents |= {name: changes.pop(name) for name in list(changes) if name in contents}
        order = {
            "profile": PROFILE,
            "sealed": self.seal("card_read", contents),
            "challenge": challenge.hex(),
            "cryptogram": keys.cryptogram(TRIPLE_DES, card.key(KEYS.internal), challenge).hex(),
            "read_at": AT,
        }
        return order | changes

    def read(self, card: Plastic, **changes: Any) -> Any:
        return self.put(f"/v1/card-reads/{new_id()}", self.read_order(card, **changes))

    def quote(self, account: TownAccount, card: Plastic) -> Any:
        read = self.read(card)
        return self.client.quote(account.account_no, business="buy_power", card_read_id=read["id"])

    def pay(self, account: TownAccount, quote: Any, amount_fen: int, **changes: Any) -> Any:
        order = self.client.payment_order(
            account.account_no, amount_fen, quote["id"], business=quote["business"], **changes
        )
        return self.put(f"/v1/payments/{new_id()}", order)

    def buy(self, account: TownAccount, card: Plastic, amount_fen: int = 5000, **changes: Any) -> Any:
        return self.pay(account, self.quote(account, card), amount_fen, **changes)

    def write_order(self, purchase: Any, card: Plastic, **changes: Any) -> dict[str, Any]:
        order = {
            "purchase_id": purchase["id"],
            "kind": purchase["kind"],
            "profile": PROFILE,
            "sealed": self.seal("card_write", {"serial": card.serial, "count": card.count}),
            "made_at": AT,
        }
        return order | changes

    def authorise(self, purchase: Any, card: Plastic, **changes: Any) -> Any:
        return self.put(f"/v1/card-writes/{new_id()}", self.write_order(purchase, card, **changes))

    def carry_out(self, write: Any, card: Plastic) -> None:
        """Let the card judge every cryptogram and MAC, and change only with them."""
        challenge = secrets.token_bytes(8)
        path = f"/v1/card-writes/{write['id']}"
        let_in = self.put(f"{path}/cryptograms/1", {"challenge": challenge.hex()})["cryptogram"]
        expected = keys.cryptogram(TRIPLE_DES, card.key(KEYS.external), challenge)
        assert bytes.fromhex(let_in) == expected
        layout, step = Layout.named(write["profile"]), 0
        files = {each["file"]: bytes.fromhex(each["data"]) for each in write["files"]}
        for name, data in files.items():
            for update in layout.updates(FileData(name, data)):
                step, asked = step + 1, secrets.token_bytes(4)
                order = {"challenge": asked.hex(), "command": update.message[:5].hex()}
                made = self.put(f"{path}/macs/{step}", order)["mac"]
                assert bytes.fromhex(made) == keys.mac4(TRIPLE_DES, card.key(KEYS.mac), asked, update.message)
        held = layout.contents(files, card.serial)
        card.meter_no, card.customer_no, card.card_type = held.meter_no, held.customer_no, held.card_type
        card.amount_fen, card.count, card.back = held.wallet.amount_fen, held.wallet.count, None

    def tell(self, write: Any, card: Plastic, state: str = "written", **changes: Any) -> Any:
        seen = self.seal("card_seen", card.seen)
        order = {"state": state, "seen": seen, "reason": "", "at": AT} | changes
        return self.put(f"/v1/card-writes/{write['id']}/outcome", order)

    def write(self, purchase: Any, card: Plastic, **changes: Any) -> Any:
        write = self.authorise(purchase, card, **changes)
        self.carry_out(write, card)
        assert self.tell(write, card)["state"] == "written"
        return write
