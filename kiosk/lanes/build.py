"""Makes the lanes of one kiosk from its settings; opens nothing yet."""

from __future__ import annotations

from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.printer.escpos_codec import Paper
from drivers.printer.escpos_driver import EscposPrinter, EscposSettings
from drivers.transport import LineSettings, SerialTransport
from kiosk.config import Acceptor, Config, Printer
from kiosk.hubclient.client import HubClient
from kiosk.lanes.acceptor import AcceptorLane
from kiosk.lanes.hub import HubLane
from kiosk.lanes.lane import Lane, Tell
from kiosk.lanes.printer import PrinterLane
from kiosk.lanes.shared import Shared
from kiosk.slips import Slips

BACK_LANES = ("hub_back", "hub_back_2", "hub_back_3")
"""Share repeats, claims and status, in this order. Each opens its connection when it first has work."""


def build_lanes(config: Config, key: bytes, tell: Tell) -> dict[str, Lane]:
    """The lanes by name: acceptor, printer, hub (for the customer who waits), and those in the background."""
    slips = Slips(config, key)
    return {
        "acceptor": AcceptorLane(
            _acceptor(config.acceptor), config.cash, config.acceptor.poll_ms / 1000, tell
        ),
        "printer": PrinterLane(_printer(config.printer), slips.compose, config.printer.check_every_s, tell),
        **build_hub_lanes(config, key, tell),
    }


def build_hub_lanes(config: Config, key: bytes, tell: Tell) -> dict[str, Lane]:
    """The lanes that talk to the hub."""
    shared = Shared(len(BACK_LANES))
    return {
        "hub": HubLane("hub", _client(config, key), tell),
        **{
            name: HubLane(name, _client(config, key), tell, shared.place(number))
            for number, name in enumerate(BACK_LANES)
        },
    }


def _acceptor(line: Acceptor) -> CcnetAcceptor:
    return CcnetAcceptor(_transport(line), CcnetSettings(has_counter=line.counter))


def _printer(line: Printer) -> EscposPrinter:
    paper = Paper(columns=line.columns, mode=line.chinese)
    settings = EscposSettings(
        paper=paper,
        asks_status=line.asks_status,
        end_of_job=line.end_of_job,
        done_seconds=line.print_deadline_s,
    )
    return EscposPrinter(_transport(line), settings)


def _transport(line: Acceptor | Printer) -> SerialTransport:
    return SerialTransport(line.port, LineSettings(line.baudrate, line.bytesize, line.parity, line.stopbits))


def _client(config: Config, key: bytes) -> HubClient:
    hub = config.hub
    return HubClient(
        hub.url,
        config.terminal.id,
        key,
        deadline_s=hub.deadline_s,
        query_deadline_s=hub.query_deadline_s,
        connect_s=hub.connect_s,
    )
