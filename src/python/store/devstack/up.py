"""`./pants up`: the whole store on this machine."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack

from store.cli.interrupts import Interruption
from store.devstack.folder import Folder
from store.devstack.monitoring import MonitoringPrograms, MonitoringStatus
from store.devstack.output import Output
from store.devstack.ports import Ports
from store.devstack.secrets_file import Secrets
from store.devstack.startup import Startup

POLL_INTERVAL_SECONDS = 0.2


class Up:
    """One store, from its start to its end."""

    def __init__(self, folder: Folder, ports: Ports, output: Output) -> None:
        self._folder, self._ports, self._output = folder, ports, output
        self._stop = threading.Event()
        self._starting = Startup(folder, ports, output, self._stop.is_set)

    def run(self, fresh: bool, when_ready: Callable[[Secrets, MonitoringStatus], None]) -> None:
        """Start everything, then run until Ctrl-C, SIGTERM or the end of a process."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        with ExitStack() as started:
            try:
                running = self._starting.start(started, fresh=fresh)
                watchers = MonitoringPrograms(self._folder, self._ports, self._output)
                when_ready(running.secrets, watchers.start(started))
                while not self._stop.wait(POLL_INTERVAL_SECONDS):
                    running.raise_if_dead()
                    watchers.report_dead()
            except Interruption:
                pass
            self._output.say("stopping")
        self._output.say("stopped; ./pants up starts it again with its data")
