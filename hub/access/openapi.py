"""The contract as a file: `hub/openapi.json` comes from the code and must not drift from it."""

from pathlib import Path

import msgspec

from hub.access.app import create_app

CONTRACT_FILE = Path(__file__).parent.parent / "openapi.json"


def contract() -> bytes:
    """Give the OpenAPI document of the hub's application, with the headers that every request carries."""
    schema = create_app().openapi_schema.to_schema()
    schema["info"]["description"] = DESCRIPTION
    for form in schema["components"]["schemas"].values():
        for field in form.get("properties", {}).values():
            if "maxItems" in field:
                # Litestar takes the dots of `tuple[X, ...]` for a second kind, and one of X and anything is no X.
                field["items"], _anything = field["items"]["oneOf"]
    for path in schema["paths"].values():
        for operation in path.values():
            operation.setdefault("parameters", []).extend(HEADERS)
    # ECMA 262 knows no \Z and means it by $, which in Python lets a line end through.
    document = msgspec.json.encode(schema, order="sorted").replace(rb'\\Z"', b'$"')
    return msgspec.json.format(document, indent=2) + b"\n"


DESCRIPTION = (
    "Requests and replies are signed (RFC 9421, HMAC-SHA256, label sig1, parameters created, keyid; "
    "alg may stand too). "
    'A request covers "@method" "@path" "content-digest" "power-terminal" "power-request", a reply '
    '"@status" "content-digest" "power-request". '
    "The key id is the terminal's id; of a terminal that signs on it is "
    "<terminal>.m.<nonce> for the sign-on and <terminal>.w.<key_no> from then on, and so it is in the reply. "
    "A refusal of a key that is not known here is not signed: it is a hint, and proves nothing. "
    "Amounts are in fen, times in UTC. "
    "A JSON body may be in the content coding kiosk-1, a zlib stream (RFC 1950) whose preset dictionary has the "
    "Adler-32 7f1c79fa: an answer when the request accepts it, a request once the hub has answered in it. "
    "Content-Type is then left out. Digest and signature are of the body as it is sent."
)


def _header(name: str, description: str, pattern: str | None = None) -> dict[str, object]:
    form: dict[str, object] = {"type": "string"}
    if pattern:
        form["pattern"] = pattern
    return {"name": name, "in": "header", "required": True, "description": description, "schema": form}


HEADERS = [
    _header("Content-Digest", "sha-256 of the body, also of the empty one"),
    _header("Power-Terminal", "the terminal's id"),
    _header("Power-Request", "new for every attempt", "^[0-9a-f]{32}$"),
    _header("Signature-Input", "what the signature covers"),
    _header("Signature", "the signature"),
]
