"""The channels by which orders reach the desk: each is one adapter from its protocol to the internal form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

HttpHandlers = Sequence[Any]
"""Litestar route handlers; they find the desk in the application's state."""


@dataclass(frozen=True, slots=True)
class HttpChannel:
    """A channel over HTTP: its name, and the handlers it adds to the hub's application."""

    name: str
    handlers: Callable[[], HttpHandlers]


class Channels:
    """All channels of this hub, by name."""

    def __init__(self, *channels: HttpChannel) -> None:
        self._channels = {channel.name: channel for channel in channels}
        if len(self._channels) != len(channels):
            raise ValueError("two channels have the same name")

    def http_handlers(self) -> HttpHandlers:
        """The handlers of all channels over HTTP."""
        return [handler for channel in self._channels.values() for handler in channel.handlers()]
