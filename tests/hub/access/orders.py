"""Orders of the kiosks' channel, and what a refusal of one must look like."""

from typing import Any

NOTE = {"value_fen": 10_000, "count": 1}


def problem(reply: Any, status: int, code: str) -> dict[str, Any]:
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    document: dict[str, Any] = reply.json()
    assert document["type"] == f"urn:power-hub:problem:{code}"
    assert document["customer_text"]["zh"]
    assert document["customer_text"]["en"]
    return document


def claim_order(**changes: Any) -> dict[str, Any]:
    order = {
        "reference": "K1-0001",
        "payment_id": None,
        "account_no": None,
        "amount_fen": 10_000,
        "memo_fen": 0,
        "reason": "unanswered",
        "notes": [NOTE],
        "made_at": "2026-01-01T04:05:00Z",
    }
    return order | changes
