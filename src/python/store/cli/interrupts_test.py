import os
import signal

import pytest

from store.cli.interrupts import stopped_in_order


def be_stopped(said: list[str]) -> None:
    with stopped_in_order():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            said.append("taken down")


def test_sigterm_ends_the_block_in_order_and_is_itself_again_afterwards() -> None:
    before, said = signal.getsignal(signal.SIGTERM), list[str]()
    with pytest.raises(KeyboardInterrupt):
        be_stopped(said)
    assert said == ["taken down"]
    assert signal.getsignal(signal.SIGTERM) is before
