"""Inventory's gRPC, asked as the orders service asks it, and in ways in which it does not."""

from uuid import uuid4

from store.auth.rpc import service_key
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.errors import StoreError
from store.server.grpc.channel import errors_in_our_words, open_channel

DEADLINE_SECONDS = 10.0
SHORTEST_HOLD_SECONDS = 1


class Stockroom:
    """Every call of the service, with an answer and with a refusal."""

    def __init__(self, address: str, key: str) -> None:
        self._channel = open_channel(address, "inventory", interceptors=(service_key(key),))
        self._stub = InventoryStub(self._channel)

    def walk(self, sku: str) -> str:
        """Hold a unit that expires by itself, sell one, give one back; whose hold expires."""
        line = messages.Line(sku=sku, quantity=1)
        expiring, sold = self._reserve(line, SHORTEST_HOLD_SECONDS), self._reserve(line)
        with errors_in_our_words():
            lines = messages.QuoteRequest(currency="EUR", lines=[line])
            self._stub.Quote(lines, timeout=DEADLINE_SECONDS)
            self._stub.Commit(messages.CommitRequest(order_id=sold), timeout=DEADLINE_SECONDS)
            wanted = messages.ReleaseRequest(order_id=sold, reason="returned")
            self._stub.Release(wanted, timeout=DEADLINE_SECONDS)
        self._be_refused()
        return expiring

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _reserve(self, line: messages.Line, seconds: int = 0) -> str:
        order_id = str(uuid4())
        wanted = messages.ReserveRequest(
            order_id=order_id, currency="EUR", lines=[line], hold_seconds=seconds
        )
        with errors_in_our_words():
            self._stub.Reserve(wanted, timeout=DEADLINE_SECONDS)
        return order_id

    def _be_refused(self) -> None:
        try:
            self._reserve(messages.Line(sku="NOBODY-KNOWS-IT", quantity=1))
        except StoreError:
            return
        raise AssertionError("inventory holds what does not exist")
