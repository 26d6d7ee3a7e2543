"""The stock of every order: taken once if it was sold, and else back on its shelf."""

from datetime import datetime

from store.audit.cases.case import Case, Stock, has_ended, is_sold
from store.audit.checks.check import Check
from store.audit.checks.findings import Difference
from store.audit.checks.proposals import COMMIT_STOCK, RELEASE_STOCK, Proposal, propose

COUNT = (
    "The ledger does not say what happened on the shelf: count it, and book the count in inventory."
)


def stock_taken(case: Case, _before: datetime) -> Difference | None:
    """Its reservation is committed, with the order's lines, and so booked in the ledger."""
    order, stock = case.order, case.stock
    if order is None:
        return None
    if stock is None:
        return Difference(f"committed: {order.lines}", "no reservation", person=COUNT)
    if (stock.state, stock.lines, stock.sold) == ("committed", order.lines, stock.shelves):
        return None
    proposals: tuple[Proposal, ...] = ()
    if stock.state in {"held", "expired"} and stock.lines == order.lines and not stock.sold:
        proposals = (propose(COMMIT_STOCK, order_id=case.order_id),)
    found = f"{stock.state}: {stock.shelves or 'nothing'}; {_booked(stock)}"
    return Difference(f"committed: {order.lines}", found, proposals, "" if proposals else COUNT)


def no_stock_kept(case: Case, _before: datetime) -> Difference | None:
    """Nothing is reserved for it any more, and whatever had left the shelf is back."""
    order, stock = case.order, case.stock
    if order is None or stock is None or not stock.takes:
        return None
    proposals: tuple[Proposal, ...] = ()
    if stock.state in {"held", "committed"}:
        proposals = (propose(RELEASE_STOCK, order_id=case.order_id, state=stock.state),)
    found = f"{stock.state}: {stock.shelves or 'nothing'}; {_booked(stock)}"
    return Difference(f"no stock ({order.state})", found, proposals, "" if proposals else COUNT)


def booked_as_reserved(case: Case, _before: datetime) -> Difference | None:
    """The ledger has sold what is committed, and nothing of any other reservation."""
    stock = case.stock
    if stock is None:
        return None
    expected = stock.shelves if stock.state == "committed" else ""
    if stock.sold == expected:
        return None
    return Difference(
        f"{stock.state}, so {expected or 'nothing'} sold", _booked(stock), person=COUNT
    )


def booked_once(case: Case, _before: datetime) -> Difference | None:
    """No line of a reservation left the shelf twice, or came back twice."""
    if case.stock is None or case.stock.times_booked <= 1:
        return None
    return Difference("each line once", f"one {case.stock.times_booked} times", person=COUNT)


def prices_add_up(case: Case, _before: datetime) -> Difference | None:
    """The total is the sum of the lines, and what inventory had quoted."""
    order, stock = case.order, case.stock
    if order is None or stock is None or order.total == order.lines_total == stock.total:
        return None
    return Difference(
        f"a total of {order.total}",
        f"lines of {order.lines_total}, reserved for {stock.total}",
        person="The prices were frozen when the order was placed: compare its first events and the "
        "receipt, and settle the rest with the buyer.",
    )


def reserved_for_its_price(case: Case, _before: datetime) -> Difference | None:
    """What inventory quoted for a reservation is what its lines cost."""
    stock = case.stock
    if stock is None or stock.total == stock.lines_total:
        return None
    return Difference(
        f"a total of {stock.total}",
        f"lines of {stock.lines_total}",
        person="Nobody can know which of the two was quoted: look at the order's first events.",
    )


def _booked(stock: Stock) -> str:
    return f"in the ledger: {stock.sold or 'nothing'}"


def has_stock(case: Case) -> bool:
    """Inventory knows it."""
    return case.stock is not None


CHECKS = (
    Check(
        "a sold order has its stock, committed and booked",
        "Somebody has paid for units that may be sold to somebody else.",
        is_sold,
        stock_taken,
    ),
    Check(
        "a sold order costs what its lines do",
        "The buyer was charged another sum than his goods cost.",
        is_sold,
        prices_add_up,
    ),
    Check(
        "a rejected or cancelled order holds no stock",
        "Units that nobody will get are kept from other buyers.",
        has_ended,
        no_stock_kept,
    ),
    Check(
        "the ledger books what its reservation says",
        "Inventory's reservations and its ledger tell of different units.",
        has_stock,
        booked_as_reserved,
    ),
    Check(
        "a reservation is booked once",
        "The same units left the shelf twice, at least on paper: the level is wrong.",
        has_stock,
        booked_once,
    ),
    Check(
        "a reservation costs what its lines do",
        "Inventory quoted a total that its own lines do not make.",
        has_stock,
        reserved_for_its_price,
    ),
)
