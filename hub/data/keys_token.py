"""One token of a PKCS#11 module: its session, opened anew when it died, and the objects on it by label.

python-pkcs11 initialises a module without locking, so all calls into one module wait for one another here; what is to
run at the same time runs in hub processes beside one another.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import (
    KeyHandleInvalid,
    NoSuchToken,
    ObjectHandleInvalid,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    UserAlreadyLoggedIn,
)

from hub.data.keystore import KeyMissing, KeyRefused, KeyStoreAway

T = TypeVar("T")
ANCHOR = "power-hub/fields"
"""The key that stands on every token of ours: where it is not found, the token is gone or is none of ours."""

_REPLACED = (KeyHandleInvalid, ObjectHandleInvalid)
_WRONG_PIN = (PinIncorrect, PinInvalid, PinLenRange, PinLocked, PinExpired)


class _Module:
    """A module's library as this program shares it.

    Each time it is initialised anew all sessions are gone, those of other tokens too, and their numbers are given
    again: `age` tells a token whose session is from before.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.age = 0

    def library(self, *, anew: bool) -> Any:
        library = pkcs11.lib(self.path)
        if anew:
            self.age += 1
            library.reinitialize()
        return library


_modules: dict[str, _Module] = {}


class Token:
    """A token as its keys see it. All work on it goes through `run`."""

    def __init__(self, module: str, label: str, pin: str) -> None:
        self._module = _modules.setdefault(module, _Module(module))
        self._label = label
        self._pin = pin
        self._age = 0
        self._session: Any = None
        self._objects: dict[tuple[str, ObjectClass], Any] = {}
        self._died = False
        self._opened_now = False
        self._pin_refused = False

    def run(self, work: Callable[[], T]) -> T:
        """Do `work`, which may be done again: after an object was replaced, and after the session died.

        Raises KeyStoreAway when that does not help. A wrong PIN raises KeyRefused and is never tried again by this
        program: a module locks itself after a few.
        """
        with self._module.lock:
            self._opened_now = False
            if self._age != self._module.age:
                self._session = None
                self._objects.clear()
            try:
                return work()
            except _REPLACED:
                self._objects.clear()
            except PKCS11Error:
                self._lose()
            try:
                return work()
            except PKCS11Error:
                self._lose()
            try:
                return work()
            except PKCS11Error as error:
                self._lose()
                raise KeyStoreAway(f"token {self._label}: {told(error)}") from error

    @property
    def session(self) -> Any:
        """The open session, of which a dead one is replaced; raises PKCS11Error or KeyRefused."""
        if self._session is None:
            self._session = self._opened()
            self._opened_now = True
        return self._session

    def _opened(self) -> Any:
        if self._pin_refused:
            raise KeyRefused(f"token {self._label}: the PIN was refused; it is not tried again")
        library = self._module.library(anew=self._died)
        token = library.get_token(token_label=self._label)
        try:
            session = token.open(rw=True, user_pin=self._pin)
        except UserAlreadyLoggedIn:  # another store of this program on the same token
            session = token.open(rw=True)
        except _WRONG_PIN as error:
            self._pin_refused = True
            raise KeyRefused(
                f"token {self._label}: the PIN was refused ({told(error)}); it is not tried again"
            ) from None
        self._died = False
        self._age = self._module.age
        return session

    def _lose(self) -> None:
        self._session = None
        self._objects.clear()
        self._died = True

    def find(self, label: str, kind: ObjectClass = ObjectClass.SECRET_KEY) -> Any:
        """The object of this label; raises KeyMissing."""
        found = self.search(label, kind)
        if found is not None:
            return found
        if self.search(ANCHOR) is not None:
            raise KeyMissing(f"token {self._label} has no {label}")
        if self._opened_now:
            raise KeyMissing(f"token {self._label} has no keys of the hub yet: power-hub keys init")
        raise NoSuchToken  # a module whose token was pulled shows an empty one

    def search(self, label: str, kind: ObjectClass = ObjectClass.SECRET_KEY) -> Any | None:
        """The object of this label, if there is one."""
        if not self._objects:
            self._know_all()
        found = self._objects.get((label, kind))
        if found is None:
            wanted = {Attribute.LABEL: label, Attribute.CLASS: kind}
            found = next(iter(self.listed(wanted)), None)
            if found is not None:
                self._objects[label, kind] = found
        return found

    def _know_all(self) -> None:
        """Find every key in one go: a module looks at each object for each search, and a fleet has thousands."""
        for kind in (ObjectClass.DATA, ObjectClass.SECRET_KEY):
            for each in self.listed({Attribute.CLASS: kind}):
                self._objects[str(each[Attribute.LABEL]), kind] = each

    def listed(self, wanted: Mapping[Attribute, Any]) -> list[Any]:
        """All objects with these attributes."""
        # The search holds the session until its last object is taken, so it is never left half way.
        return list(self.session.get_objects(dict(wanted)))

    def replace(self, attributes: Mapping[Attribute, Any]) -> None:
        """Put an object on the token in place of those of its label."""
        old = self.listed({Attribute.LABEL: attributes[Attribute.LABEL]})
        self.session.create_object(dict(attributes))
        for each in old:
            each.destroy()
        self._objects.clear()

    def remove(self, label: str) -> None:
        """Destroy all objects of this label."""
        for each in self.listed({Attribute.LABEL: label}):
            each.destroy()
        self._objects.clear()

    def close(self) -> None:
        """Let go of the session; the login stays for whoever else in this program uses the token."""
        with self._module.lock:
            self._session = None
            self._objects.clear()


def told(error: PKCS11Error) -> str:
    """What a module's error says; the library gives most of them no words but their name."""
    return str(error) or type(error).__name__
