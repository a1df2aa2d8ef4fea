"""Who authorises the writes of meter cards: the hub, over a client that the card's thread has for itself."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.meter_card.layout import Layout, LayoutError
from drivers.meter_card.model import CardContents, FileData, WriteOrder
from drivers.security.model import SecurityModule
from drivers.status import DeviceHealth
from kiosk.hubclient import card_wire
from kiosk.hubclient.card_module import HubModule, HubReadingModule, Told
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer, Refused
from kiosk.lanes.card import NotAuthorised
from kiosk.lanes.card_requests import card_write_request
from kiosk.payment.model import ALREADY_WRITTEN, Delivery, Payment


class HubAuthority:
    """Asks the hub for each write by its id; the hub gives the files and computes for them alone.

    `layouts` are those of the cards that this kiosk writes: files that do not say what was sold are never written.
    With a `module` of the kiosk's own (a SAM in the cabinet) the hub still authorises, and the module computes.
    """

    def __init__(
        self, hub: HubClient, layouts: Iterable[Layout], module: SecurityModule | None = None
    ) -> None:
        self._hub = hub
        self._layouts = {layout.profile.name: layout for layout in layouts}
        told = Told()
        self._module = module or HubModule(hub, told)
        self._admitting = module or HubReadingModule(hub, told)

    @property
    def admitting(self) -> SecurityModule:
        """See `Authority`."""
        return self._admitting

    def authorise(self, payment: Payment) -> tuple[WriteOrder, SecurityModule]:
        """See `Authority`; an answer for another purchase than the journal's own is no permission."""
        delivery, card = payment.delivery, payment.card
        if delivery is None or card is None:
            raise NotAuthorised("nothing_sold")
        outcome = self._hub.sealing(
            lambda seal: self._hub.put_card_write(
                delivery.write_id, card_write_request(payment, delivery, seal)
            )
        )
        match outcome:
            case Answer(body):
                own = _is_for(delivery, body, card.serial, self._layouts.get(body.profile))
                if not own or body.card_tail != card.serial[-4:]:
                    raise NotAuthorised("other_purchase")
                if body.state == "written":
                    # Written elsewhere meanwhile, and a later purchase may stand on the card: never over that.
                    raise NotAuthorised(ALREADY_WRITTEN)
                return _order(body, card.serial), self._module
            case Refused(problem):
                raise NotAuthorised(problem.code)
            case _:
                raise NotAuthorised("hub_gone")

    def health(self) -> DeviceHealth:
        """See `Authority`."""
        return self._module.health()

    def close(self) -> None:
        """Close the connection."""
        self._hub.close()


def _is_for(delivery: Delivery, write: card_wire.CardWrite, serial: str, layout: Layout | None) -> bool:
    """Whether what is to be written is what was sold: by the answer's own words, and by what its files say."""
    sold = delivery.purchase
    if (write.count, write.amount_fen, write.profile) != (sold.count, sold.amount_fen, sold.profile):
        return False
    held = None if layout is None else _held(write, serial, layout)
    if held is None or held.write_back is not None:
        return False
    # Of a card that could not be read whole before, the hub alone knows whose it is.
    named = not sold.meter_no or (held.meter_no, held.customer_no) == (sold.meter_no, sold.customer_no)
    return named and (held.wallet.count, held.wallet.amount_fen) == (sold.count, sold.amount_fen)


def _held(write: card_wire.CardWrite, serial: str, layout: Layout) -> CardContents | None:
    """What a card holds once these files stand on it; none where they are not the files of such a card."""
    try:
        return layout.contents({each.file: bytes.fromhex(each.data) for each in write.files}, serial)
    except (LayoutError, KeyError):
        return None


def _order(write: card_wire.CardWrite, serial: str) -> WriteOrder:
    files = tuple(FileData(each.file, bytes.fromhex(each.data)) for each in write.files)
    return WriteOrder(write.id, write.profile, serial, files)
