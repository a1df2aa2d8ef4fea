"""The settings of the QR acquirer: who it is, how it is reached, what becomes of money that comes too late."""

import ipaddress
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hub.business.phone_rules import PhonePolicy
from hub.business.tender_forms import Title


class WalletFileError(ValueError):
    """A file that cannot be used; the message names the file, the key and what was expected."""


_Seconds = Annotated[float, Meta(ge=0.1, le=3600)]
_Name = Annotated[str, Meta(min_length=1, max_length=40)]


class TitlePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[title]`: the provider's name as customers read it."""

    zh: _Name
    en: _Name


class WalletSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file; times are in seconds."""

    url: Annotated[str, Meta(min_length=1)]
    merchant: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]
    key_file: str
    title: TitlePart
    notify_url: str = ""
    late_payments: Literal["refund", "credit"] = "refund"
    expiry_s: Annotated[float, Meta(ge=10, le=900)] = 120
    patience_s: _Seconds = 10
    connect_s: _Seconds = 3
    deadline_s: Annotated[float, Meta(ge=0.1, le=8)] = 6
    poll_first_s: _Seconds = 1
    poll_most_s: _Seconds = 5
    again_most_s: _Seconds = 300
    watch_hours: Annotated[float, Meta(ge=0, le=24 * 31)] = 48

    @property
    def shown(self) -> Title:
        """The provider's name in the contract's form."""
        return Title(self.title.zh, self.title.en)

    @property
    def policy(self) -> PhonePolicy:
        """What the rules need of it."""
        return PhonePolicy(
            late=self.late_payments,
            expiry=timedelta(seconds=self.expiry_s),
            patience=timedelta(seconds=self.patience_s),
            watch=timedelta(hours=self.watch_hours),
            poll_first=timedelta(seconds=self.poll_first_s),
            poll_most=timedelta(seconds=self.poll_most_s),
            again_most=timedelta(seconds=self.again_most_s),
        )


def read_wallet_file(file: Path) -> WalletSettings:
    """Read the settings; the key's path becomes one from the file's folder. Raises WalletFileError."""
    try:
        found = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), WalletSettings)
    except OSError as error:
        raise WalletFileError(f"{file}: {error.strerror}") from None
    except (ValueError, msgspec.ValidationError) as error:
        raise WalletFileError(f"{file}: {error}") from None
    for name in ("url", "notify_url"):
        if wrong := _wrong_address(getattr(found, name)):
            raise WalletFileError(f"{file}: {name}: {wrong}")
    if found.poll_most_s < found.poll_first_s:
        raise WalletFileError(f"{file}: poll_most_s: expected no less than poll_first_s")
    return msgspec.structs.replace(found, key_file=str(file.parent / found.key_file))


def _wrong_address(text: str) -> str:
    """What is wrong with an address of the provider's or of ours for it; empty where nothing is."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "no address"
    if parts.scheme not in {"https", "http"} or not host or parts.query or parts.fragment or parts.username:
        return "expected https://HOST[:PORT][/PATH]"
    if parts.scheme == "http" and not _is_loopback(host):
        return "plain http is for this machine only: expected https"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
