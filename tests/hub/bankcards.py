"""A bank card in a customer's hand, and a kiosk with a PIN pad that pays by it over whatever the hub is reached by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.bank.elements import pin_block
from drivers.bank.mac import encrypt
from drivers.bank.working_keys import unwrap
from drivers.security.bench_keys import bank_key
from drivers.security.sealed import seal
from simulators.banks.cards import Card, bench_cards

CARDS = bench_cards("bank_a")
PLAIN, POOR, NO_PIN = CARDS["plain"], CARDS["poor"], CARDS["no_pin"]
MERCHANT = "104310049000001"
AT = "2026-11-23T04:00:00Z"


def acquirers_file(folder: Path, ports: Mapping[str, int], **settings: Any) -> Path:
    """The settings of banks by name and port; `settings` are the same for all."""
    lines = []
    for name, port in ports.items():
        prefix = next(iter(bench_cards(name).values())).pan[:6]
        lines += [
            f"[acquirer.{name}]",
            'title = { zh = "江城银行", en = "River City Bank" }',
            'host = "127.0.0.1"',
            f"port = {port}",
            f'merchant_no = "{MERCHANT}"',
            'tpdu = "6000030000"',
            'header = "603100000000"',
            'mac = "ecb_up"',
            "double_mak = false",
            *(f"{key} = {json.dumps(value)}" for key, value in settings.items()),
            f"[[acquirer.{name}.ranges]]",
            f'prefix = "{prefix}"',
        ]
    file = folder / "acquirers.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def read_card(card: Card, route: Mapping[str, Any], pin: str | None = None) -> dict[str, str]:
    """What the kiosk seals of a card that was swiped, with its PIN as the PIN pad gives it under the route's key."""
    said = {"pan": card.pan, "expiry": card.expiry, "track2": card.track2}
    pin = card.pin if pin is None else pin
    if pin and "pin_key" in route:
        master = bank_key(route["acquirer"], route["terminal_no"])
        pik = unwrap(master, bytes.fromhex(route["pin_key"]["wrapped"]))
        said["pin_block"] = encrypt(pik, pin_block(pin, card.pan)).hex().upper()
    return said


def sealed_card(said: Mapping[str, str], seal_key: Mapping[str, str], terminal: str) -> str:
    jwk = {"kty": "EC", "crv": "P-256", "x": seal_key["x"], "y": seal_key["y"]}
    return seal(jwk, seal_key["kid"], terminal, "bank_card", json.dumps(said))


def route_order(card: Card, amount_fen: int) -> dict[str, Any]:
    return {"prefix": card.pan[:6], "length": len(card.pan), "amount_fen": amount_fen}


def sale_order(account_no: str, quote_id: str, route_id: str, amount_fen: int, sealed: str) -> dict[str, Any]:
    return {
        "account_no": account_no,
        "quote_id": quote_id,
        "business": "arrears",
        "months": [],
        "kiosk_no": 1,
        "business_date": "2026-11-23",
        "made_at": AT,
        "reference": "AAAA-BBBB",
        "amount_fen": amount_fen,
        "route_id": route_id,
        "sealed": sealed,
    }
