"""Every call of inventory's gRPC, as orders calls it and in ways in which it does not."""

from uuid import uuid4

from store.auth.rpc import service_key
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.errors import StoreError
from store.server.grpc.channel import errors_in_our_words, open_channel

DEADLINE_SECONDS = 10.0
MIN_HOLD_SECONDS = 1


class InventoryCaller:
    """Every call of the service, with an answer and with a refusal."""

    def __init__(self, address: str, key: str) -> None:
        self._channel = open_channel(address, "inventory", interceptors=(service_key(key),))
        self._stub = InventoryStub(self._channel)

    def run(self, sku: str) -> str:
        """Hold a unit that expires by itself, commit one, release it; the order whose hold expires."""
        line = messages.Line(sku=sku, quantity=1)
        expiring, sold = self._reserve(line, MIN_HOLD_SECONDS), self._reserve(line)
        with errors_in_our_words():
            lines = messages.QuoteRequest(currency="EUR", lines=[line])
            self._stub.Quote(lines, timeout=DEADLINE_SECONDS)
            self._stub.Commit(messages.CommitRequest(order_id=sold), timeout=DEADLINE_SECONDS)
            release = messages.ReleaseRequest(order_id=sold, reason="returned")
            self._stub.Release(release, timeout=DEADLINE_SECONDS)
        try:
            self._reserve(messages.Line(sku="NO-SUCH-SKU", quantity=1))
        except StoreError:
            return expiring
        raise AssertionError("inventory holds what does not exist")

    def close(self) -> None:
        self._channel.close()

    def _reserve(self, line: messages.Line, seconds: int = 0) -> str:
        order_id = str(uuid4())
        request = messages.ReserveRequest(
            order_id=order_id, currency="EUR", lines=[line], hold_seconds=seconds
        )
        with errors_in_our_words():
            self._stub.Reserve(request, timeout=DEADLINE_SECONDS)
        return order_id
