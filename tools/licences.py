"""Refuses a runtime dependency that may only be had under the GPL or AGPL; the LGPL is allowed."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

LOCKS = ("requirements/kiosk.lock", "requirements/hub.lock")
# "GPL" that is not the end of "LGPL", and its long name that does not follow "Lesser" or "Library".
_COPYLEFT = re.compile(r"(?<!L)GPL|(?<!Lesser )(?<!Library )General Public License", re.IGNORECASE)


def main() -> int:
    """Check every locked runtime distribution; 1 when one is refused."""
    refused = {name: offered for name in _locked() if is_copyleft(offered := terms(distribution(name)))}
    for name, offered in refused.items():
        print(f"{name}: only under {' / '.join(offered)}", file=sys.stderr)
    return 1 if refused else 0


def _locked() -> list[str]:
    lines = "\n".join(Path(lock).read_text(encoding="utf-8") for lock in LOCKS)
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", lines, re.MULTILINE)))


def terms(package: Distribution) -> list[str]:
    """Give the licences a package offers, each of them enough by itself."""
    if expression := _first(package, "License-Expression"):
        return re.split(r"\s+OR\s+", expression.strip("()"))
    marks = [
        mark for mark in package.metadata.get_all("Classifier") or [] if mark.startswith("License :: OSI")
    ]
    if marks:
        return [mark.rpartition(" :: ")[2] for mark in marks]
    return re.split(r"\s+OR\s+", _first(package, "License").split("\n")[0])


def _first(package: Distribution, field: str) -> str:
    return str((package.metadata.get_all(field) or [""])[0])


def is_copyleft(offered: list[str]) -> bool:
    """Tell whether every one of these licences is the GPL or AGPL."""
    return all(_COPYLEFT.search(one) for one in offered)


if __name__ == "__main__":
    sys.exit(main())
