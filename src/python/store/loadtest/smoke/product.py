"""What a smoke test buys: a product of its own, on sale only while the test runs."""

from store.loadtest.api import Response
from store.loadtest.customers import Account
from store.loadtest.smoke.steps import UnexpectedResponse, expect

SKU = "SMOKE-TEST"
WAREHOUSE = "smoke-test"
PRICE = 500
CURRENCY = "EUR"

_PRODUCT = {
    "title": "Smoke test",
    "description": "Bought and given back by the test of the installation.",
    "variants": [{"sku": SKU, "prices": [{"amount": PRICE, "currency": CURRENCY}]}],
}


class SmokeProduct:
    """The product, as staff sees it."""

    def __init__(self, staff: Account, inventory_url: str) -> None:
        self._staff = staff
        self._url = inventory_url

    def put_on_sale(self, reference: str) -> None:
        """One unit at least can be bought. What is there already is used again."""
        self._make("/v1/warehouses", {"code": WAREHOUSE, "name": "For smoke tests"})
        self._make("/v1/products", _PRODUCT)
        self._change_status("active")
        on_hand, reserved = self.level()
        if on_hand == reserved:
            movement = {"sku": SKU, "warehouse": WAREHOUSE, "kind": "received", "quantity": 1}
            body = {**movement, "reference": reference}
            expect(self._ask("POST", "/v1/stock-movements", body), 201)

    def take_down(self) -> None:
        """Only staff sees it from now on."""
        self._change_status("draft")

    def level(self) -> tuple[int, int]:
        """How many units are on hand, and how many of them reserved."""
        stock = expect(self._ask("GET", f"/v1/variants/{SKU}/stock")).body
        return stock["on_hand"], stock["reserved"]

    def refuse_other_level(self, on_hand: int, reserved: int) -> None:
        """UnexpectedResponse unless that is the level."""
        if (now := self.level()) != (on_hand, reserved):
            raise UnexpectedResponse(
                f"{now[0]} on hand and {now[1]} reserved, not {on_hand} and {reserved}"
            )

    def _make(self, path: str, thing: object) -> None:
        answer = self._ask("POST", path, thing)
        if answer.code not in {"warehouse_exists", "sku_taken"}:
            expect(answer, 201)

    def _change_status(self, status: str) -> None:
        variant = expect(self._ask("GET", f"/v1/variants/{SKU}")).body
        path = f"/v1/products/{variant['product_id']}"
        seen = expect(self._ask("GET", path))
        expect(self._ask("PATCH", path, {"status": status}, seen.headers["ETag"]))

    def _ask(self, method: str, path: str, body: object = None, version: str = "") -> Response:
        headers = {"If-Match": version} if version else {}
        return self._staff.call(method, f"{self._url}{path}", body, headers)
