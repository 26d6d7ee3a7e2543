"""The gRPC half of inventory: what other services may ask."""

import threading
from dataclasses import dataclass, replace

import grpc

from store.auth.rpc import ServiceKeys
from store.database.database import DatabaseConfig
from store.inventory.models.reservations import PricedLine, Reservation, answer_all
from store.inventory.models.tables import database
from store.inventory.reservations import lifecycle
from store.inventory.reservations.batcher import ReservationBatcher
from store.inventory.reservations.lifecycle import Serve
from store.inventory.rpc.requests import (
    currency_of,
    hold_seconds_of,
    lines_of,
    order_id_of,
    reason_of,
)
from store.metrics.rpc import announce
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.protos.inventory.v1.inventory_pb2_grpc import (
    InventoryServicer,
    add_InventoryServicer_to_server,
)
from store.server.environ import Environ
from store.server.grpc.server import RpcConfig, serve_rpc
from store.server.process.worker import repeat

NAME = "store.inventory.v1.Inventory"
SWEEP_SECONDS = 1.0
LOCK_SECONDS = 1.0
"""How long a batch waits for a shelf that somebody else has locked: meanwhile all others wait, too."""


@dataclass(frozen=True)
class InventoryRpcConfig:
    """The settings of `inventory rpc`."""

    rpc: RpcConfig
    database: DatabaseConfig
    keys: tuple[str, ...]

    @classmethod
    def from_environ(cls, env: Environ) -> "InventoryRpcConfig":
        """Read all settings; call `env.check()` before using them."""
        return cls(
            rpc=RpcConfig.from_environ(env),
            database=replace(DatabaseConfig.from_environ(env), lock_seconds=LOCK_SECONDS),
            keys=env.texts("RPC_KEYS"),
        )


class Servicer(InventoryServicer):
    """Answers Quote, Reserve, Commit and Release; the .proto says what each promises."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    def Quote(self, request: pb.QuoteRequest, _context: grpc.ServicerContext) -> pb.QuoteReply:
        quote = lifecycle.quote(currency_of(request.currency), lines_of(request.lines))
        return pb.QuoteReply(
            currency=quote.currency,
            lines=[
                pb.QuotedLine(line=_line(line), available=available)
                for line, available in quote.lines
            ],
            total=quote.total,
        )

    def Reserve(self, request: pb.ReserveRequest, _context: grpc.ServicerContext) -> pb.Reservation:
        return _reservation(
            lifecycle.reserve(
                self._serve,
                order_id_of(request.order_id),
                currency_of(request.currency),
                lines_of(request.lines),
                hold_seconds_of(request.hold_seconds),
            )
        )

    def Commit(self, request: pb.CommitRequest, _context: grpc.ServicerContext) -> pb.Reservation:
        return _reservation(lifecycle.commit(self._serve, order_id_of(request.order_id)))

    def Release(self, request: pb.ReleaseRequest, _context: grpc.ServicerContext) -> pb.Reservation:
        order_id, reason = order_id_of(request.order_id), reason_of(request.reason)
        return _reservation(lifecycle.release(self._serve, order_id, reason))


def serve(config: InventoryRpcConfig) -> None:
    """Answer calls and sweep holds past their time, until SIGTERM."""
    database.open(config.database)
    announce(NAME, pb.DESCRIPTOR.services_by_name["Inventory"].methods_by_name)
    sweeper = threading.Thread(
        target=repeat,
        args=("reservations", lifecycle.sweep, SWEEP_SECONDS),
        name="sweep",
        daemon=True,
    )
    sweeper.start()
    servicer = Servicer(ReservationBatcher(answer_all).serve)
    serve_rpc(
        "inventory",
        lambda server: add_InventoryServicer_to_server(servicer, server),
        [NAME],
        [ServiceKeys(config.keys)],
        config.rpc,
        {"database": database.check},
    )
    sweeper.join()
    database.shut()


def _line(line: PricedLine) -> pb.PricedLine:
    return pb.PricedLine(
        sku=line.sku, name=line.name, quantity=line.quantity, unit_price=line.unit_price
    )


def _reservation(reservation: Reservation) -> pb.Reservation:
    reply = pb.Reservation(
        order_id=str(reservation.order_id),
        state=pb.Reservation.State.Value(reservation.state.upper()),
        currency=reservation.currency or "",
        lines=[_line(line) for line in reservation.lines],
        total=reservation.total or 0,
    )
    if reservation.expires_at:
        reply.expires_at.FromDatetime(reservation.expires_at)
    return reply
