"""Hold stock for orders, sell it, give it back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from store.inventory import metrics
from store.inventory.errors import (
    NotForSale,
    OutOfStock,
    ReservationDiffers,
    ReservationReleased,
    UnknownReservation,
    UnknownSku,
)
from store.inventory.models.reservations import (
    Command,
    Commit,
    Offer,
    PricedLine,
    Refusal,
    Release,
    RequestedLine,
    Reservation,
    ReservationAnswer,
    Reserve,
    count_held,
    expire_overdue,
)

HOLD_SECONDS = 900
LONGEST_HOLD_SECONDS = 86_400
SWEEP_AT_ONCE = 100

Serve = Callable[[Command], ReservationAnswer]
"""Where commands are carried out: a `ReservationBatcher`, or anything that answers one as the database would."""


@dataclass(frozen=True)
class Quote:
    """What lines cost now (the total in minor units), and how many are left of each."""

    currency: str
    lines: tuple[tuple[PricedLine, int], ...]
    total: int


def quote(currency: str, lines: Sequence[RequestedLine]) -> Quote:
    """What these lines would cost; UnknownSku or NotForSale. Promises nothing."""
    offers = Offer.of_skus([line.sku for line in lines], currency)
    priced = tuple(
        (PricedLine(line.sku, offer.name, line.quantity, _price(offer)), offer.available)
        for line, offer in zip(lines, offers, strict=True)
    )
    return Quote(currency, priced, sum(line.quantity * line.unit_price for line, _ in priced))


def reserve(
    serve: Serve, order_id: UUID, currency: str, lines: Sequence[RequestedLine], hold_seconds: int
) -> Reservation:
    """Hold stock for an order for so many seconds, at the prices of now.

    Repeating it answers the first reservation with the prices of then. If that has expired, the
    units are taken again: the order was promised these prices. Raises OutOfStock, UnknownSku,
    NotForSale, ReservationReleased, ReservationDiffers.
    """
    return _ask(serve, Reserve(order_id, currency, lines, hold_seconds))


def commit(serve: Serve, order_id: UUID) -> Reservation:
    """Take the held units off the shelf for good; repeating it changes nothing.

    Units of an expired hold are taken again, or it is OutOfStock. Raises ReservationReleased,
    UnknownReservation, too.
    """
    return _ask(serve, Commit(order_id, HOLD_SECONDS))


def release(serve: Serve, order_id: UUID, reason: str) -> Reservation:
    """Give back what the order holds or has bought; repeating it changes nothing.

    The reason goes to the ledger when units come back. An order unknown so far is marked, so that
    a Reserve that arrives late finds it released.
    """
    return _ask(serve, Release(order_id, reason))


def reservation_of(order_id: UUID) -> Reservation:
    """The reservation of an order, or UnknownReservation."""
    found = Reservation.find(order_id)
    if found is None:
        raise UnknownReservation(order_id)
    return found


def sweep() -> bool:
    """Give back some holds past their time; whether there were any.

    Any number of processes may sweep at once: each leaves alone what another has in hand. The
    metrics are set first, so that they show what a sweep that fails leaves behind.
    """
    _measure_holds()
    return _give_back_overdue()


def _measure_holds() -> None:
    held, overdue = count_held()
    gauges = metrics.hold_gauges()
    gauges.held.set(held)
    gauges.overdue.set(overdue)


def _give_back_overdue() -> bool:
    expired = expire_overdue(SWEEP_AT_ONCE)
    metrics.RESERVATIONS_EXPIRED.inc(expired)
    return expired > 0


def _ask(serve: Serve, command: Command) -> Reservation:
    answer = _served(serve, command)
    if isinstance(answer.result, Refusal) and answer.result.overdue:
        # Holds past their time sit on the units that are missing: they count as given back.
        while _give_back_overdue():
            pass
        answer = _served(serve, command)
    if isinstance(answer.result, Refusal):
        metrics.count_refused(answer.result.code)
        raise _error_of(answer.result, command.order_id)
    metrics.count_served(command.name, answer.was)
    return answer.result


def _served(serve: Serve, command: Command) -> ReservationAnswer:
    answer = serve(command)
    if answer.ran_out:
        metrics.RESERVATIONS_EXPIRED.inc()
    return answer


def _error_of(refusal: Refusal, order_id: UUID) -> Exception:
    match refusal:
        case Refusal("out_of_stock", sku=str(sku), left=int(left)):
            return OutOfStock(sku, left)
        case Refusal("not_for_sale", sku=str(sku)):
            return NotForSale(sku)
        case Refusal("unknown_sku", sku=str(sku)):
            return UnknownSku(sku)
        case Refusal("reservation_released"):
            return ReservationReleased(order_id)
        case Refusal("reservation_differs"):
            return ReservationDiffers(order_id)
        case _:
            return UnknownReservation(order_id)


def _price(offer: Offer) -> int:
    if not offer.known:
        raise UnknownSku(offer.sku)
    if offer.unit_price is None:
        raise NotForSale(offer.sku)
    return offer.unit_price
