"""`proof alarms`: inject faults into a watched store, and see whether the right alerts fire."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console

from store.chaos.alarms.alarms import AlarmResult, AlarmTrials
from store.chaos.alarms.buyers import browsing_buyers, regular_buyers
from store.chaos.alarms.injector import PlannedFaultInjector, redirected_callers
from store.chaos.alarms.plans import Fault
from store.chaos.alarms.report import as_json, show
from store.chaos.alarms.watched_store import WatchedStore
from store.chaos.proxies.delay_proxy import DelayProxy
from store.cli.console import open_console
from store.cli.errors import CannotProve, local_store
from store.cli.interrupts import stopped_in_order
from store.devstack.output import Output
from store.devstack.ports import Ports, free_base
from store.monitoring.programs import CannotWatch

# Ages are real seconds, however fast Prometheus scrapes: alerts.yaml has 120 and 60.
LIMITS = {"OrdersStuck": 6.0, "WorkerStalled": 15.0}


@click.command()
@click.argument("faults", nargs=-1, type=click.Choice([str(each) for each in Fault]))
@click.option("--factor", default=20.0, show_default=True, type=click.FloatRange(1, 60),
              help="How much faster than usual Prometheus scrapes, evaluates and forgets.")  # fmt: skip
@click.option("--rate", default=1.0, show_default=True, type=click.FloatRange(0.5, 20),
              help="Buyers who come to look around a second; half as many order at once.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of a table.")
def alarms(faults: Sequence[str], factor: float, rate: float, in_json: bool) -> None:
    """Inject faults into a store of our own, and see whether exactly the right alerts fire.

    A Prometheus with our scrape configuration and our rules watches the store while buyers come and
    go. Its time runs faster: every duration in the rules is divided by the factor.

    \b
    none              nothing goes wrong, and nothing may fire
    gateway-down      the payment gateway is killed and stays away
    database-stopped  PostgreSQL is killed and stays away
    worker-killed     the orders worker is killed and stays away
    inventory-slow    each call to inventory takes 1.5 s longer

    All of them, in this order, unless some are named. When a fault is healed its alerts have to end.

    Exit status: 0 all is well, 1 something is not, 2 it could not be tried.
    """
    chosen = [Fault(each) for each in faults] or [*Fault]
    console = open_console(aside=in_json)
    with stopped_in_order(), local_store(), _prometheus_or_error():
        results = _run(chosen, factor, rate, console)
    if in_json:
        click.echo(as_json(results))
    else:
        show(console, results)
    raise SystemExit(0 if all(each.is_well for each in results) else 1)


def _run(
    faults: Sequence[Fault], factor: float, rate: float, console: Console
) -> Sequence[AlarmResult]:
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="proof-")))
        folder.chmod(0o755)  # PostgreSQL may run as another user
        ports = Ports(free_base(), monitored=True)
        proxy = opened.enter_context(DelayProxy(ports.inventory_rpc))
        redirected = redirected_callers(proxy, ports)
        watched = opened.enter_context(
            WatchedStore(
                folder,
                ports.base,
                factor=factor,
                limits=LIMITS,
                output=Output(aside=console.stderr),
                redirect=lambda name: redirected.get(name, {}),
            )
        )
        opened.enter_context(browsing_buyers(watched.target, rate))
        opened.enter_context(regular_buyers(watched.target, rate / 2))
        trials = AlarmTrials(watched, PlannedFaultInjector(watched.store.targets, proxy))
        return [*trials.results(faults, console.print)]


@contextmanager
def _prometheus_or_error() -> Iterator[None]:
    """CannotProve if Prometheus is missing or does not start."""
    try:
        yield
    except CannotWatch as error:
        raise CannotProve(str(error)) from None
