"""The customer's hand: asks the finger on the kiosk's screen for touches and looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.numbers import group_by_four
from simulators.far_end import ControlClient, ControlError

# A person needs a moment between seeing a page and touching it; the kiosk takes no touch in a page's first 250 ms.
REACTION_S = 0.4
_QUICK_S = 0.3
KEYING_S = 0.12
# Two touches on one button within 0.25 s count as one, whatever was touched between them.
AGAIN_S = 0.35
_QUICK_AGAIN_S = 0.3
_LOOK_EVERY_S = 0.05
_TURNING_S = 60.0


class Hand:
    """One finger on one running kiosk.

    `machine_s` grows by the time from each touch until the page stands that it led to; `touches` and `digits` count
    what the customer had to do; `chose_on` is the page of the last `choose`. `quick` is a person who does it every
    day. Raises `simulators.far_end.ControlError` with what stands there instead.
    """

    def __init__(self, socket: Path, *, quick: bool = False) -> None:
        self.quick = quick
        self._reaction_s, self._again_s = (_QUICK_S, _QUICK_AGAIN_S) if quick else (REACTION_S, AGAIN_S)
        self._keying_s = 0.0 if quick else KEYING_S
        self._finger = ControlClient(socket, timeout=120)
        self.chose_on = ""
        self.touches = 0
        self.digits = 0
        self.machine_s = 0.0
        self._touched_at: float | None = None

    def touch(self, name: str) -> None:
        """Touch what is called so; `id=confirm` finds it by its id."""
        time.sleep(self._reaction_s)
        self._touched_at = self._finger("touch", name=name)["at"]
        self.touches += 1

    def choose(self, *names: str) -> str:
        """Touch the first of these choices that is on, and give its id; nothing where the page has none.

        A page that turns by itself under the finger may drop the touch: the customer looks at what has come and touches
        again. What a page that stands still does not take is not touched again.
        """
        until = time.monotonic() + _TURNING_S
        while time.monotonic() < until:
            page = self.page()
            on = {target["id"] for target in page["targets"] if target["enabled"]}
            name = next((name for name in names if name in on), "")
            if page["name"] and (not name or self._touch_on(page["name"], f"id={name}")):
                return name
            time.sleep(_LOOK_EVERY_S)
        raise ControlError(f"{' or '.join(names)} could not be touched: the page turns again and again")

    def _touch_on(self, page: str, name: str) -> bool:
        """Touch what was seen on this page; False when that page had turned, or the choice was off, before the finger
        was lifted."""
        time.sleep(self._reaction_s)
        answer = self._finger("touch", name=name, on=page)
        if answer["turned"]:
            return False
        self._touched_at, self.chose_on = answer["at"], page
        self.touches += 1
        return True

    def key(self, number: str, grouped: Callable[[str], str] = group_by_four) -> None:
        """Type a number on the screen, looking up after each digit whether it stands there, grouped so."""
        time.sleep(self._reaction_s)
        seen_at: dict[str, float] = {}
        for typed, digit in enumerate(number, 1):
            again_at = seen_at.get(digit, 0.0) + self._again_s
            time.sleep(max(self._keying_s, again_at - time.monotonic()))
            self._finger("touch", name=f"id=key:{digit}", hold_ms=40)
            self.read(grouped(number[:typed]))
            seen_at[digit] = time.monotonic()
            self.digits += 1

    def wait(self, *names: str, timeout_s: float = 60.0, own: bool = True) -> str:
        """Wait for one of these pages. `own` False leaves the wait out of the machine's time: a device was moving."""
        seen = self._finger("wait_page", names=list(names), timeout_s=timeout_s)
        if own and self._touched_at is not None:
            self.machine_s += max(0.0, seen["at"] - self._touched_at)
        self._touched_at = None
        return str(seen["name"])

    def read(self, text: str, timeout_s: float = 60.0) -> None:
        """Wait until this text can be read."""
        self._finger("wait_text", text=text, timeout_s=timeout_s)

    def page(self) -> dict[str, Any]:
        """Tell what stands on the screen."""
        return self._finger("page")

    def picture(self, path: Path) -> None:
        """Save what the screen shows."""
        self._finger("grab", path=str(path))

    def let_go(self) -> None:
        """Walk away from the screen."""
        self._finger.close()
