"""Inventory, as a repair needs it: commit what was sold, release what was not."""

from collections.abc import Callable

from store.auth.rpc import service_key
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.grpc.channel import errors_in_our_words, open_channel

DEADLINE_SECONDS = 10.0


class Inventory:
    """The inventory service. Every call may be repeated; a refusal is a StoreError with its code."""

    def __init__(self, address: str, key: str) -> None:
        self._channel = open_channel(address, "inventory", interceptors=(service_key(key),))
        self._stub = InventoryStub(self._channel)

    def commit(self, order_id: str) -> str:
        """Take the stock of an order for good; the state its reservation is in then."""
        request = messages.CommitRequest(order_id=order_id)
        return self._state(lambda: self._stub.Commit(request, timeout=DEADLINE_SECONDS))

    def release(self, order_id: str, reason: str) -> str:
        """Give back what an order holds; the state its reservation is in then."""
        request = messages.ReleaseRequest(order_id=order_id, reason=reason)
        return self._state(lambda: self._stub.Release(request, timeout=DEADLINE_SECONDS))

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    @staticmethod
    def _state(call: Callable[[], messages.Reservation]) -> str:
        with errors_in_our_words():
            return messages.Reservation.State.Name(call().state).lower()
