"""Everything that the staff can do at inventory."""

from uuid import uuid4

from store.chaos.alarms.journey.asking import Service

FILE = (
    "sku,title,price,currency\n{mark}-A,A mug,9.90,EUR\n{mark}-B,,1.00,EUR\n{mark}-C,A jug,0,EUR\n"
)


class Shopkeeper:
    """Somebody of the staff, with a mark of their own on all that they make."""

    def __init__(self, inventory_url: str, staff_token: str) -> None:
        self._shop = Service(inventory_url, staff_token)
        self.mark = f"W{uuid4().hex[:8]}"
        self.sku = f"{self.mark}-1"

    def walk(self) -> None:
        """From an empty shelf to one product more, which then leaves the shop."""
        product = self._make_a_product()
        self._set_prices()
        self._fill_the_shelf()
        self._import_a_file()
        self._arrange_categories()
        self._retire(product)

    def look_at_reservation(self, order_id: str) -> None:
        """See what is held for an order."""
        self._shop.get(f"/v1/reservations/{order_id}")

    def _make_a_product(self) -> str:
        price = {"amount": 1000, "currency": "EUR"}
        variant = {"sku": self.sku, "name": "red", "prices": [price]}
        wanted = {"title": f"Mug {self.mark}", "status": "active", "variants": [variant]}
        path = f"/v1/products/{self._shop.post('/v1/products', wanted)['id']}"
        self._shop.post(f"{path}/variants", {"sku": f"{self.mark}-2", "name": "blue"})
        self._shop.change(path, {"description": "Holds coffee."})
        self._shop.change(f"/v1/variants/{self.sku}", {"name": "dark red"})
        self._shop.get(f"/v1/products?q={self.mark}&facets=true")
        return path

    def _set_prices(self) -> None:
        later = {"valid_from": "2999-01-01T00:00:00Z", "replace": True}
        price = {"amount": 900, "currency": "EUR", **later}
        path = f"/v1/prices/{self._shop.post(f'/v1/variants/{self.sku}/prices', price)['id']}"
        self._shop.get(f"/v1/variants/{self.sku}/prices")
        self._shop.change(path, {"valid_until": "2999-02-01T00:00:00Z"})
        self._shop.delete(path)

    def _fill_the_shelf(self) -> None:
        self._shop.post("/v1/warehouses", {"code": self.mark, "name": "The walker's"})
        self._shop.get("/v1/warehouses")
        came = {"kind": "received", "quantity": 5, "reference": f"delivery {self.mark}"}
        self._shop.post("/v1/stock-movements", {"sku": self.sku, "warehouse": self.mark, **came})
        self._shop.get(f"/v1/stock-movements?sku={self.sku}")
        self._shop.get(f"/v1/variants/{self.sku}/stock")

    def _import_a_file(self) -> None:
        """One good row and two that are rejected."""
        content = FILE.format(mark=self.mark).encode()
        self._shop.ask("POST", "/v1/imports?format=csv", data=content)

    def _arrange_categories(self) -> None:
        made = self._shop.post("/v1/categories", {"name": "Mugs", "slug": self.mark.lower()})
        path = f"/v1/categories/{made['id']}"
        self._shop.get("/v1/categories")
        self._shop.change(path, {"name": "All mugs"})
        self._shop.delete(path)

    def _retire(self, product: str) -> None:
        self._shop.delete(f"/v1/variants/{self.mark}-2")
        self._shop.delete(product)
        self._shop.ask("GET", "/v1/products?limit=0", status=422)
        self._shop.ask("GET", "/v1/nowhere", status=404)
