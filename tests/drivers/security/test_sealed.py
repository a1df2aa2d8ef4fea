"""Sealed fields against RFC 7518's example, another JWE library in both directions, and every change on the way."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from drivers.security import sealed
from drivers.security.sealed import SealError

# RFC 7518 appendix C, test keys by nature.
ALICE = {
    "kty": "EC",
    "crv": "P-256",
    "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
}
BOB = {
    "kty": "EC",
    "crv": "P-256",
    "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
    "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
}
BOBS_PUBLIC = {name: BOB[name] for name in ("kty", "crv", "x", "y")}
TERMINAL, FIELD = "kiosk-1", "identity"
TEXT = "11010519491231002X 张三"

registry = jwe.JWERegistry(
    header_registry={"pwr": HeaderParameter("where it belongs", "str")}, algorithms=["ECDH-ES", "A256GCM"]
)


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "="), "big")


def _private(jwk: dict[str, str]) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(_number(jwk["d"]), ec.SECP256R1())


def _jose(jwk: dict[str, str]) -> ECKey:
    return ECKey.import_key(dict[str, str | list[str]](jwk))


def _z(token: sealed.Sealed) -> bytes:
    """What the host's key store computes: ECDH of Bob's key with the sender's point."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), token.epk)
    return _private(BOB).exchange(ec.ECDH(), point)


def _opened(text: str, terminal: str = TERMINAL, field: str = FIELD) -> str:
    token = sealed.split(text)
    return sealed.open_(token, sealed.content_key(_z(token), token.header), terminal, field)


def _token(**changes: object) -> str:
    """Make a sealed field by the other library, with some of its header changed."""
    header: dict[str, object] = {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "kid": "host-1",
        "pwr": f"{TERMINAL}/{FIELD}",
    }
    return jwe.encrypt_compact(header | changes, TEXT, _jose(BOBS_PUBLIC), registry=registry)


def test_rfc_7518_appendix_c() -> None:
    theirs = _private(ALICE).exchange(ec.ECDH(), _private(BOB).public_key())
    assert theirs.hex() == "9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4"
    key = sealed.concat_kdf(theirs, "A128GCM", 128, b"Alice", b"Bob")
    assert base64.urlsafe_b64encode(key).decode() == "VqqN6vgjbSBcIijNcacQGg=="


def test_another_library_opens_what_we_seal() -> None:
    token = sealed.seal(BOBS_PUBLIC, "host-1", TERMINAL, FIELD, TEXT)
    read = jwe.decrypt_compact(token, _jose(BOB), registry=registry)
    assert read.plaintext == TEXT.encode()
    assert (read.protected["kid"], read.protected["pwr"]) == ("host-1", "kiosk-1/identity")


def test_we_open_what_another_library_seals() -> None:
    assert _opened(_token()) == TEXT


@given(
    st.text(max_size=60), st.text("abc-_.0", min_size=1, max_size=8), st.text("ab/_", min_size=1, max_size=8)
)
def test_a_field_comes_out_as_it_went_in(text: str, terminal: str, field: str) -> None:
    token = sealed.seal(BOBS_PUBLIC, "host-1", terminal, field, text)
    assert sealed.split(token).kid == "host-1"
    assert _opened(token, terminal, field) == text


def test_one_text_is_never_sealed_twice_alike() -> None:
    one, other = (sealed.split(sealed.seal(BOBS_PUBLIC, "k", TERMINAL, FIELD, TEXT)) for _ in range(2))
    assert one.epk != other.epk
    assert one.iv != other.iv
    assert one.ciphertext != other.ciphertext


@pytest.mark.parametrize(
    ("terminal", "field"), [("kiosk-2", FIELD), (TERMINAL, "phone"), (TERMINAL, "x/identity")]
)
def test_it_opens_nowhere_else(terminal: str, field: str) -> None:
    token = sealed.seal(BOBS_PUBLIC, "host-1", TERMINAL, FIELD, TEXT)
    with pytest.raises(SealError, match="another terminal or for another field"):
        _opened(token, terminal, field)


def test_a_changed_binding_does_not_open() -> None:
    protected, rest = sealed.seal(BOBS_PUBLIC, "host-1", TERMINAL, FIELD, TEXT).split(".", 1)
    header = json.loads(base64.urlsafe_b64decode(protected + "==")) | {"pwr": "kiosk-2/identity"}
    forged = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    with pytest.raises(SealError, match="changed on its way"):
        _opened(f"{forged}.{rest}", "kiosk-2", FIELD)


@pytest.mark.parametrize("part", [2, 3, 4])
def test_any_change_of_the_rest_does_not_open(part: int) -> None:
    parts = sealed.seal(BOBS_PUBLIC, "host-1", TERMINAL, FIELD, TEXT).split(".")
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]
    with pytest.raises(SealError, match="changed on its way"):
        _opened(".".join(parts))


def test_another_key_does_not_open() -> None:
    token = sealed.split(_token())
    with pytest.raises(SealError, match="under another key"):
        sealed.open_(token, bytes(32), TERMINAL, FIELD)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"alg": "ECDH-ES+A256KW"}, "direct key agreement"),
        ({"enc": "A128GCM"}, "not sealed by"),
        ({"apu": "QWxpY2U"}, "exactly"),
        ({"zip": "DEF"}, "exactly"),
    ],
)
def test_no_other_way_of_sealing_is_taken(changes: dict[str, str], why: str) -> None:
    wide = jwe.JWERegistry(
        header_registry={"pwr": HeaderParameter("where it belongs", "str")},
        algorithms=["ECDH-ES", "ECDH-ES+A256KW", "A256GCM", "A128GCM", "DEF"],
    )
    header: dict[str, object] = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "k", "pwr": "a/b"}
    token = jwe.encrypt_compact(header | changes, TEXT, _jose(BOBS_PUBLIC), registry=wide)
    with pytest.raises(SealError, match=why):
        sealed.split(token)


def _with_header(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode() + "..AAAAAAAAAAAAAAAA.AAAA." + "A" * 22


def _header(**changes: object) -> bytes:
    epk = {name: ALICE[name] for name in ("kty", "crv", "x", "y")}
    return json.dumps(
        {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "k", "epk": epk, "pwr": "a/b"} | changes
    ).encode()


OFF_THE_CURVE = BOBS_PUBLIC | {"y": ALICE["y"]}


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "compact form"),
        ("a.b.c", "compact form"),
        ("a.b.c.d.e", "compact form"),
        ("A" * 9000 + "....", "compact form"),
        ("!..A.A.A", "not base64url"),
        ("A..AA.AA.AA", "not base64url"),
        (_with_header(b"{"), "not JSON"),
        (_with_header(b"[" * 3000), "not JSON"),
        (_with_header(b'{"alg":1,"alg":2}'), "not JSON with each name once"),
        (_with_header(b"[]"), "exactly"),
        (_with_header(_header(kid=1)), "are texts"),
        (_with_header(_header(alg="dir")), "not sealed by"),
        (_with_header(_header(epk=3)), "not a key on P-256"),
        (_with_header(_header(epk=BOBS_PUBLIC | {"crv": "P-384"})), "not a key on P-256"),
        (_with_header(_header(epk=BOBS_PUBLIC | {"x": "AAAA"})), "has 32 bytes"),
        (_with_header(_header(epk=BOBS_PUBLIC | {"x": None})), "not base64url"),
        (_with_header(_header(epk=OFF_THE_CURVE)), "not on P-256"),
        (_with_header(_header())[:-2], "wrong length"),
        (_with_header(_header())[:-1] + "B", "the one way"),
    ],
)
def test_what_is_malformed_is_refused_with_its_reason(token: str, why: str) -> None:
    with pytest.raises(SealError, match=why):
        sealed.split(token)


def test_the_smallest_token_is_well_formed() -> None:
    assert sealed.split(_with_header(_header())).bound == "a/b"


def test_what_cannot_be_sealed() -> None:
    with pytest.raises(SealError, match="not on P-256"):
        sealed.seal(OFF_THE_CURVE, "k", TERMINAL, FIELD, TEXT)
    assert _opened(sealed.seal(BOBS_PUBLIC, "k", TERMINAL, FIELD, "x" * 4096)) == "x" * 4096
    with pytest.raises(SealError, match="at most 4096 bytes, not 4098") as caught:
        sealed.seal(BOBS_PUBLIC, "k", TERMINAL, FIELD, "电" * 1366)
    assert "电" not in str(caught.value)
    with pytest.raises(SealError, match="UTF-8 can write") as caught:
        sealed.seal(BOBS_PUBLIC, "k", TERMINAL, FIELD, "110105\ud800")
    assert "110105" not in str(caught.value)
    for terminal, field in (("", FIELD), (TERMINAL, ""), ("a/b", FIELD)):
        with pytest.raises(SealError, match="binds to a terminal"):
            sealed.seal(BOBS_PUBLIC, "k", terminal, field, TEXT)


def test_a_shared_point_of_another_length_is_refused() -> None:
    token = sealed.split(_token())
    with pytest.raises(SealError, match="Z has 32 bytes, not 31"):
        sealed.content_key(bytes(31), token.header)
    with pytest.raises(SealError, match="not a header of ours"):
        sealed.content_key(bytes(32), {"enc": "A128GCM"})


@pytest.mark.parametrize("bits", [-8, 0, 12, 264, 512])
def test_one_round_of_sha_256_gives_whole_bytes_up_to_256_bits(bits: int) -> None:
    with pytest.raises(ValueError, match="up to 256 bits"):
        sealed.concat_kdf(bytes(32), "A256CBC-HS512", bits)


def test_a_point_is_written_as_a_key() -> None:
    x, y = (_number(BOB[name]).to_bytes(32, "big") for name in ("x", "y"))
    assert sealed.jwk_of(b"\x04" + x + y) == BOBS_PUBLIC
    with pytest.raises(SealError, match="not on P-256"):
        sealed.jwk_of(b"\x04" + y + x)
    with pytest.raises(SealError, match="has 65 bytes"):
        sealed.jwk_of(b"\x02" + x)
