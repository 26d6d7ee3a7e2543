import os
import subprocess
import sys

# The signal goes to another thread, as it may at any time: it does not wake the main thread up.
PROGRAM = """
import signal, threading
from store.server.process.lifecycle import stop_at_signals, stopping

def signal_myself():
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

stop_at_signals()
threading.Timer(0.2, signal_myself).start()
stopping.wait()
"""


def test_a_signal_that_wakes_nobody_ends_the_wait_all_the_same() -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, timeout=30, check=False)
    assert ended.returncode == 0
