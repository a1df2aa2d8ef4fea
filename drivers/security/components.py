"""A key in two components: each entered by a person who does not know the other, each proved by its check value."""

from __future__ import annotations

from drivers.errors import CommandRefused
from drivers.security.cipher import KEY_LENGTH, Cipher
from drivers.security.keys import check_value, xor

# The four weak and twelve semi-weak keys of DES (SP 800-67 §3.3.2), with the parity bits cleared: two bytes take turns
# in the left half, two in the right.
_TURNS = {0x00: 0x00, 0x1E: 0x0E, 0xE0: 0xF0, 0xFE: 0xFE}
_WEAK_DES = frozenset(
    bytes((one, other)) * 2 + bytes((_TURNS[one], _TURNS[other])) * 2 for one in _TURNS for other in _TURNS
)


class ComponentRefused(CommandRefused):
    """A component is not taken and nothing was changed; `number` says which: 1 or 2."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"component {number}: {why}")
        self.number = number


def judge(cipher: Cipher, number: int, component: bytes, check: bytes) -> None:
    """Raise ComponentRefused unless the component is of its check value and fit to be half of a key."""
    if number not in (1, 2):
        raise ComponentRefused(number, "there are only components 1 and 2")
    if len(component) != KEY_LENGTH:
        raise ComponentRefused(number, f"{len(component)} bytes, not {KEY_LENGTH}")
    found = check_value(cipher, component)
    if found != check:
        raise ComponentRefused(
            number, f"its check value is {_shown(found)}, not {_shown(check)}: mistyped, or of another cipher"
        )
    if weak := weakness(cipher, component):
        raise ComponentRefused(number, weak)


def combine(cipher: Cipher, first: bytes, second: bytes) -> bytes:
    """Combine two components to the key, bit by bit; ComponentRefused where the key would be none."""
    if first == second:
        raise ComponentRefused(2, "it is component 1 once more")
    key = xor(first, second)
    if weak := weakness(cipher, key):
        raise ComponentRefused(2, f"with component 1 it makes a weak key: {weak}")
    return key


def weakness(cipher: Cipher, key16: bytes) -> str:
    """Say why a key protects nothing; "" for a good one."""
    if len(set(key16)) == 1:
        return "all its bytes are the same"
    if cipher.name != "3des":
        return ""
    left, right = (bytes(byte & 0xFE for byte in half) for half in (key16[:8], key16[8:]))
    if left == right:
        return "both halves are the same, which makes it single DES"
    if left in _WEAK_DES or right in _WEAK_DES:
        return "one of its halves is a weak key of DES"
    return ""


class ComponentLoader:
    """The card's side of loading a key in two components; holds the first until the second has come."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher
        self._first: bytes | None = None

    def take(self, number: int, component: bytes, check: bytes) -> bytes | None:
        """Take component 1, then 2; give the key after the second, None after the first.

        ComponentRefused leaves all as it was: a first component that was taken stays so. Component 1 again replaces it.
        """
        judge(self._cipher, number, component, check)
        if number == 1:
            self._first = component
            return None
        if self._first is None:
            raise ComponentRefused(2, "component 1 comes first")
        key = combine(self._cipher, self._first, component)
        self._first = None
        return key

    def forget(self) -> None:
        """Forget a first component that still waits, as a card does when it loses power."""
        self._first = None


def _shown(check: bytes) -> str:
    return check.hex().upper() or "empty"
