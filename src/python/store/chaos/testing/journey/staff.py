"""Everything that the staff can do at inventory."""

from uuid import uuid4

from store.chaos.testing.journey.service_client import ServiceClient

FILE = (
    "sku,title,price,currency\n{mark}-A,A mug,9.90,EUR\n{mark}-B,,1.00,EUR\n{mark}-C,A jug,0,EUR\n"
)


class CatalogueStaff:
    """A member of the staff, with a mark of its own on all that it makes."""

    def __init__(self, inventory_url: str, staff_token: str) -> None:
        self._inventory = ServiceClient(inventory_url, staff_token)
        self.mark = f"W{uuid4().hex[:8]}"
        self.sku = f"{self.mark}-1"

    def run(self) -> None:
        """Create a product with stock, prices and categories, and archive it."""
        product = self._create_a_product()
        self._schedule_prices()
        self._receive_stock()
        self._import_a_file()
        self._edit_categories()
        self._archive(product)

    def read_reservation(self, order_id: str) -> None:
        self._inventory.get(f"/v1/reservations/{order_id}")

    def _create_a_product(self) -> str:
        price = {"amount": 1000, "currency": "EUR"}
        variant = {"sku": self.sku, "name": "red", "prices": [price]}
        body = {"title": f"Mug {self.mark}", "status": "active", "variants": [variant]}
        path = f"/v1/products/{self._inventory.post('/v1/products', body)['id']}"
        self._inventory.post(f"{path}/variants", {"sku": f"{self.mark}-2", "name": "blue"})
        self._inventory.change(path, {"description": "Holds coffee."})
        self._inventory.change(f"/v1/variants/{self.sku}", {"name": "dark red"})
        self._inventory.get(f"/v1/products?q={self.mark}&facets=true")
        return path

    def _schedule_prices(self) -> None:
        schedule = {"valid_from": "2999-01-01T00:00:00Z", "replace": True}
        price = {"amount": 900, "currency": "EUR", **schedule}
        path = f"/v1/prices/{self._inventory.post(f'/v1/variants/{self.sku}/prices', price)['id']}"
        self._inventory.get(f"/v1/variants/{self.sku}/prices")
        self._inventory.change(path, {"valid_until": "2999-02-01T00:00:00Z"})
        self._inventory.delete(path)

    def _receive_stock(self) -> None:
        self._inventory.post("/v1/warehouses", {"code": self.mark, "name": "The journey's"})
        self._inventory.get("/v1/warehouses")
        received = {"kind": "received", "quantity": 5, "reference": f"delivery {self.mark}"}
        self._inventory.post(
            "/v1/stock-movements", {"sku": self.sku, "warehouse": self.mark, **received}
        )
        self._inventory.get(f"/v1/stock-movements?sku={self.sku}")
        self._inventory.get(f"/v1/variants/{self.sku}/stock")

    def _import_a_file(self) -> None:
        """One good row and two that are rejected."""
        content = FILE.format(mark=self.mark).encode()
        self._inventory.request("POST", "/v1/imports?format=csv", data=content)

    def _edit_categories(self) -> None:
        made = self._inventory.post("/v1/categories", {"name": "Mugs", "slug": self.mark.lower()})
        path = f"/v1/categories/{made['id']}"
        self._inventory.get("/v1/categories")
        self._inventory.change(path, {"name": "All mugs"})
        self._inventory.delete(path)

    def _archive(self, product: str) -> None:
        self._inventory.delete(f"/v1/variants/{self.mark}-2")
        self._inventory.delete(product)
        self._inventory.request("GET", "/v1/products?limit=0", status=422)
        self._inventory.request("GET", "/v1/nowhere", status=404)
