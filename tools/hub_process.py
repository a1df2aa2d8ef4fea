"""A hub of one's own as a real process, and a client that signs as a kiosk does: for tests and benchmarks."""

import base64
import contextlib
import hashlib
import subprocess
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import requests
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver, algorithms

COVERED = ("@method", "@path", "content-digest", "power-terminal", "power-request")


def power_hub(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a `power-hub` subcommand to its end."""
    command = [sys.executable, "-m", "hub.cli", *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=180)


def write_test_key(path: Path, key: bytes) -> Path:
    """Write a key file that only a bench accepts."""
    path.write_text(f"# TEST KEY\n{key.hex()}\n", encoding="ascii")
    return path


class HubProcess:
    """A running `power-hub serve`; `url` is its address. What it logs goes into `log`, where that is given."""

    def __init__(self, database: str, *options: str, log: Path | None = None) -> None:
        command = [
            sys.executable,
            "-m",
            "hub.cli",
            "serve",
            "--database",
            database,
            "--port",
            "0",
            "--bench",
            *options,
        ]
        with contextlib.ExitStack() as opened:
            errors = opened.enter_context(log.open("ab")) if log is not None else None
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("listening on "):
            self.stop()
            raise RuntimeError(f"the hub did not start: {line!r}")
        self.url = line.split()[-1]

    def stop(self) -> int:
        """End it as a service manager does; give its exit code."""
        self.process.terminate()
        return self._end()

    def kill(self) -> int:
        """End it as a power cut would, as far as processes go."""
        self.process.kill()
        return self._end()

    def _end(self) -> int:
        code = self.process.wait(timeout=60)
        if self.process.stdout:
            self.process.stdout.close()
        return code


def new_id() -> str:
    return uuid.uuid4().hex


class HubClient:
    """Signs requests with the library, over a kept connection, and verifies every signed reply.

    `key_id` names the key where it is not the terminal's own name.
    """

    def __init__(self, url: str, terminal: str, key: bytes, key_id: str = "") -> None:
        self.url = url
        self.terminal = terminal
        self.key_id = key_id or terminal
        self._session = requests.Session()
        keys = MappingKeyResolver(public_keys={self.key_id: key}, private_keys={self.key_id: key})
        self._signer = HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=keys)
        self._verifier = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=keys)

    def close(self) -> None:
        self._session.close()

    def get(self, path: str) -> requests.Response:
        return self.send(self.signed("GET", path))

    def put(self, path: str, content: object) -> requests.Response:
        return self.send(self.signed("PUT", path, msgspec.json.encode(content)))

    def signed(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        age: timedelta = timedelta(0),
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        covered: tuple[str, ...] = COVERED,
    ) -> requests.PreparedRequest:
        """Build a signed request, as old as one likes."""
        fields = {
            "Content-Type": "application/json",
            "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:",
            "Power-Terminal": self.terminal,
            "Power-Request": request_id or new_id(),
            **(headers or {}),
        }
        request = requests.Request(method, self.url + path, headers=fields, data=body).prepare()
        self.sign(request, age=age, covered=covered)
        return request

    def sign(
        self,
        request: requests.PreparedRequest,
        *,
        age: timedelta = timedelta(0),
        covered: tuple[str, ...] = COVERED,
    ) -> None:
        """Sign a request that has its fields already."""
        self._signer.sign(
            request,
            key_id=self.key_id,
            created=datetime.now(UTC) - age,
            label="sig1",
            covered_component_ids=covered,
            use_existing_digest="Content-Digest" in request.headers,
        )

    def send(self, request: requests.PreparedRequest, *, verify: bool = True) -> requests.Response:
        """Send it as it is; check that the reply is signed for this request and this body."""
        reply = self._session.send(request, timeout=60)
        if verify:
            self.verify(request, reply)
        return reply

    def verify(self, request: requests.PreparedRequest, reply: requests.Response) -> None:
        """Raise unless the reply is signed, and for this request."""
        self._verifier.verify(
            reply, require_components=("@status", "content-digest", "power-request"), body=reply.content
        )
        if reply.headers["Power-Request"] != request.headers["Power-Request"]:
            raise RuntimeError("the reply is signed for another request")

    def quote(self, account_no: str, **changes: Any) -> dict[str, Any]:
        """Get a quote over all open months."""
        content = {"account_no": account_no, "business": "arrears", "months": [], "tender": "cash"} | changes
        reply = self.put(f"/v1/quotes/{new_id()}", content)
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer

    def payment_order(
        self, account_no: str, amount_fen: int, quote_id: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Make the body of a cash payment; without a quote id it asks for a quote first."""
        order: dict[str, Any] = {
            "account_no": account_no,
            "quote_id": quote_id or self.quote(account_no)["id"],
            "business": "arrears",
            "tender": "cash",
            "amount_fen": amount_fen,
            "months": [],
            "notes": [{"value_fen": amount_fen, "count": 1}] if amount_fen > 0 else [],
            "kiosk_no": 1,
            "business_date": "2026-01-01",
            "taken_at": "2026-01-01T04:00:00Z",
        }
        return order | changes
