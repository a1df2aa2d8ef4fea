"""Makes the lanes of one kiosk from its settings; opens nothing yet."""

from __future__ import annotations

from drivers.card.dispenser_driver import Crt571Dispenser, Crt571Settings
from drivers.card.pcsc import PcscCard
from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.meter_card.layout import Layout
from drivers.meter_card.writer import CpuCardWriter, WriterSettings
from drivers.printer.escpos_codec import Paper
from drivers.printer.escpos_driver import EscposPrinter, EscposSettings
from drivers.security.model import SecurityModule
from drivers.transport import LineSettings, SerialTransport
from kiosk.config import Acceptor, Config, Dispenser, MeterCard, Printer
from kiosk.config_tenders import BankCard, EftTerminal, PinPad, Scanner
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.keys import FileKey, Keys
from kiosk.lanes.acceptor import AcceptorLane
from kiosk.lanes.authority import HubAuthority
from kiosk.lanes.card import CardLane, Place
from kiosk.lanes.dispenser import DispenserLane
from kiosk.lanes.hold import Hold
from kiosk.lanes.hub import HubLane
from kiosk.lanes.lane import Lane, Tell
from kiosk.lanes.printer import PrinterLane
from kiosk.lanes.shared import Shared
from kiosk.slips import Slips

BACK_LANES = ("hub_back", "hub_back_2", "hub_back_3")
"""Share repeats, claims and status, in this order. Each opens its connection when it first has work."""


def build_lanes(config: Config, key: bytes | Keys, tell: Tell) -> dict[str, Lane]:
    """The lanes by name: acceptor, printer, hub (for the customer who waits), and those in the background."""
    keys = FileKey(config.terminal.id, key) if isinstance(key, bytes) else key
    slips, hold = Slips(config, keys.slip_key), Hold()
    return {
        "acceptor": AcceptorLane(
            _acceptor(config.acceptor), config.cash, config.acceptor.poll_ms / 1000, tell
        ),
        "printer": PrinterLane(_printer(config.printer), slips.compose, config.printer.check_every_s, tell),
        **_card_lane(config, keys, tell),
        **_dispenser_lanes(config, keys, tell),
        **_bank_card_lanes(config, hold, tell),
        **_sam_lane(config, tell),
        **_eft_lane(config, tell),
        **_scanner_lane(config, hold, tell),
        **build_hub_lanes(config, keys, tell, hold),
    }


def build_hub_lanes(
    config: Config, key: bytes | Keys, tell: Tell, hold: Hold | None = None
) -> dict[str, Lane]:
    """The lanes that talk to the hub; they share the terminal's keys and sign on once for all.

    `hold` is where other lanes put what goes to the hub and must never be kept.
    """
    shared = Shared(len(BACK_LANES))
    # A look at an order is answered when it is paid, so it keeps no other call waiting.
    watch = {"hub_watch": HubLane("hub_watch", _client(config, key), tell)} if config.phone.enabled else {}
    return {
        "hub": HubLane("hub", _client(config, key), tell, hold=hold),
        **watch,
        **{
            name: HubLane(name, _client(config, key), tell, shared.place(number))
            for number, name in enumerate(BACK_LANES)
        },
    }


def _card_lane(config: Config, key: Keys, tell: Tell) -> dict[str, Lane]:
    """The lane of the meter card, where the kiosk has a reader for it."""
    cards = config.meter_card
    if not cards.reader:
        return {}
    module, layouts = _module(config), _layouts(cards)
    authority = HubAuthority(_client(config, key), layouts, module)
    return {"card": CardLane(_writer(cards, cards.reader, layouts), authority, tell, module=module)}


def _dispenser_lanes(config: Config, key: Keys, tell: Tell) -> dict[str, Lane]:
    """The lanes of the dispenser and of the reader at its chip station, where the kiosk makes new cards."""
    unit = config.dispenser
    if not unit.port:
        return {}
    device = Crt571Dispenser(_transport(unit), Crt571Settings(stacker_sensor=unit.stacker_sensor))
    station = Place("new_card", "new_card", slot=False, waits_s=unit.chip_s)
    module, layouts = _module(config), _layouts(config.meter_card)
    writer = _writer(config.meter_card, unit.reader, layouts)
    authority = HubAuthority(_client(config, key), layouts, module)
    return {
        "dispenser": DispenserLane(device, unit.poll_s, tell),
        "new_card": CardLane(writer, authority, tell, station, module),
    }


def _bank_card_lanes(config: Config, hold: Hold, tell: Tell) -> dict[str, Lane]:
    """The lanes of the bank card's place and of the PIN pad, where the kiosk takes bank cards itself."""
    cards, pad = config.bank_card, config.pin_pad
    if not (cards.reader and pad.port):
        return {}
    from drivers.card.bank_card import BankCardReader
    from drivers.card.bank_card_unit import BankCardUnit
    from drivers.card.motor_driver import Crt310Reader
    from drivers.security import core_dumps
    from kiosk.lanes.bank_card import BankCardLane
    from kiosk.lanes.pin_pad import PinPadLane
    from kiosk.pin_pads import pin_pad_of

    core_dumps.off()  # card numbers will stand in this program's memory
    motor = Crt310Reader(_transport(cards)) if cards.port else None
    unit = BankCardUnit(BankCardReader(PcscCard(cards.reader)), motor)
    return {
        "bank_card": BankCardLane(unit, cards, hold, tell),
        "pin_pad": PinPadLane(pin_pad_of(pad), pad, hold, tell),
    }


def _sam_lane(config: Config, tell: Tell) -> dict[str, Lane]:
    """The lane that looks at the SAM, where the kiosk has one."""
    if config.security.module != "sam":
        return {}
    from kiosk.hubclient.open_keys import terminal_module
    from kiosk.lanes.sam import SamLane

    return {"sam": SamLane(terminal_module(config), tell)}


def _eft_lane(config: Config, tell: Tell) -> dict[str, Lane]:
    """The lane of the terminal box, where the kiosk has one."""
    box = config.eft_terminal
    if not box.port:
        return {}
    from drivers.eft.driver import EftBox, EftSettings
    from kiosk.lanes.eft import EftLane

    settings = EftSettings(
        status=box.answer_s,
        last=box.answer_s,
        sale=box.sale_s,
        void=box.answer_s,
        sign_on=box.answer_s,
        settlement=box.answer_s,
        operator=box.operator,
    )
    return {"eft": EftLane(EftBox(_transport(box), settings), box.check_every_s, tell)}


def _scanner_lane(config: Config, hold: Hold, tell: Tell) -> dict[str, Lane]:
    """The lane of the barcode scanner, where the kiosk has one."""
    line = config.scanner
    if not line.port:
        return {}
    from drivers.barcode.codec import ScannerForm
    from drivers.barcode.driver import ScannerSettings, SerialScanner
    from kiosk.lanes.scanner import ScannerLane
    from kiosk.scans import BillLayout, ScanForms

    ends = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n"}
    settings = ScannerSettings(
        ScannerForm(ends[line.end]), on=bytes.fromhex(line.on), off=bytes.fromhex(line.off)
    )
    forms = ScanForms(
        BillLayout(line.bill_digits, line.bill_account),
        recharge_digits=config.recharge.digits,
        follow_up=config.terminal.claim_url,
    )
    return {"scanner": ScannerLane(SerialScanner(_transport(line), settings), forms, hold, tell)}


def _layouts(cards: MeterCard) -> list[Layout]:
    folders = () if cards.profile_folder is None else (cards.profile_folder,)
    return [Layout.named(name, *folders) for name in cards.profiles]


def _writer(cards: MeterCard, reader: str, layouts: list[Layout]) -> CpuCardWriter:
    settings = WriterSettings(read=cards.read_s, write=cards.write_s, command=cards.command_s)
    return CpuCardWriter(PcscCard(reader), layouts, settings)


def _module(config: Config) -> SecurityModule | None:
    """The module of the kiosk's own that computes for its cards; None where the hub does."""
    cards = config.meter_card
    match cards.module:
        case "sam":
            from drivers.security.psam import CardSlots, PsamModule
            from kiosk.sam import sam_of

            slots = CardSlots(cards.cipher, *cards.sam_keys)
            return PsamModule(sam_of(config.security), dict.fromkeys(cards.profiles, slots))
        case "software":
            from drivers.security.bench_keys import card_keys
            from drivers.security.cipher import cipher
            from drivers.security.software import SoftwareModule

            masters = {name: card_keys(name, cipher(cards.cipher)) for name in cards.profiles}
            return SoftwareModule(masters, bench=config.terminal.bench)
        case _:
            return None


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


def _transport(
    line: Acceptor | BankCard | Dispenser | EftTerminal | PinPad | Printer | Scanner,
) -> SerialTransport:
    return SerialTransport(line.port, LineSettings(line.baudrate, line.bytesize, line.parity, line.stopbits))


def _client(config: Config, key: bytes | Keys) -> HubClient:
    hub = config.hub
    return HubClient(
        hub.url,
        config.terminal.id,
        key,
        deadline_s=hub.deadline_s,
        sale_deadline_s=hub.sale_deadline_s,
        query_deadline_s=hub.query_deadline_s,
        connect_s=hub.connect_s,
    )
