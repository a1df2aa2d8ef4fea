"""The contract file does not drift, and the running hub keeps to it whatever is sent."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from hub.access.openapi import CONTRACT_FILE, contract
from tools.hub_process import HubClient, new_id, power_hub

schema = schemathesis.openapi.from_dict(json.loads(CONTRACT_FILE.read_bytes()))


def test_the_contract_file_is_the_codes(tmp_path: Path) -> None:
    assert CONTRACT_FILE.read_bytes() == contract(), "run power-hub openapi"
    assert power_hub("openapi", "--check").returncode == 0


def test_every_path_of_the_contract_is_there() -> None:
    assert sorted(schema.raw_schema["paths"]) == [
        "/v1/accounts/{account_no}",
        "/v1/card-proofs/{proof_id}",
        "/v1/card-reads/{read_id}",
        "/v1/card-reads/{read_id}/cryptograms/{try_no}",
        "/v1/card-writes/{write_id}",
        "/v1/card-writes/{write_id}/cryptograms/{step_no}",
        "/v1/card-writes/{write_id}/macs/{step_no}",
        "/v1/card-writes/{write_id}/outcome",
        "/v1/claims/{claim_id}",
        "/v1/heartbeats/{beat_id}",
        "/v1/identity-checks/{check_id}",
        "/v1/meters/{meter_no}/account",
        "/v1/orders/{order_id}",
        "/v1/orders/{order_id}/closing",
        "/v1/payments/{payment_id}",
        "/v1/quotes/{quote_id}",
        "/v1/redemptions/{payment_id}",
        "/v1/references/{reference}",
        "/v1/reversals/{reversal_id}",
        "/v1/routes/{route_id}",
        "/v1/sales/{payment_id}",
        "/v1/seal-key",
        "/v1/sign-ons/{sign_on_id}",
        "/v1/status",
    ]


@pytest.mark.parametrize(
    ("form", "field", "kind"),
    [
        ("PaymentOrder", "notes", {"$ref": "#/components/schemas/Notes"}),
        ("PaymentOrder", "months", {"type": "string"}),
        ("ClaimOrder", "notes", {"$ref": "#/components/schemas/Notes"}),
        ("HeartbeatOrder", "open", {"$ref": "#/components/schemas/OpenItem"}),
    ],
)
def test_a_list_with_a_limit_may_hold_what_it_is_a_list_of(
    form: str, field: str, kind: dict[str, str]
) -> None:
    assert schema.raw_schema["components"]["schemas"][form]["properties"][field]["items"] == kind


class _Sign(requests.auth.AuthBase):
    """Signs whatever schemathesis has made up, so that it passes the door."""

    def __init__(self, client: HubClient) -> None:
        self.client = client

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        request.headers["Content-Digest"] = f"sha-256=:{digest}:"
        request.headers["Power-Terminal"] = self.client.terminal
        request.headers["Power-Request"] = new_id()
        self.client.sign(request)
        return request


@pytest.fixture
def sign(hub: Any) -> _Sign:
    return _Sign(hub.client())


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_whatever_is_sent_the_answer_is_in_the_contract(case: Any, hub: Any, sign: _Sign) -> None:
    response = case.call(base_url=hub.process.url, auth=sign, timeout=60)
    # Headers are overwritten by the signature and POST where no POST is belongs to no operation, so these two
    # checks would judge what was never sent.
    judged = [
        CHECKS.get_one(name)
        for name in (
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
        )
    ]
    case.validate_response(response, checks=judged)
