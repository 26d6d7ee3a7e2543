"""What only this store knows: made once, kept in its folder, readable by its owner alone."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex, token_urlsafe

from store.cli.errors import Trouble
from store.devstack.addresses import write_privately


@dataclass(frozen=True)
class Secrets:
    """Keys between the services, and the passwords of the demo log-ins."""

    key_encryption: str
    rpc_key: str
    payment_key: str
    webhook_secret: str
    admin_password: str
    staff_password: str
    customer_password: str
    replay: str  # the passwords of replayed customers are derived from it

    @classmethod
    def new(cls) -> "Secrets":
        return cls(
            key_encryption=token_urlsafe(32),
            rpc_key=token_urlsafe(32),
            payment_key=f"sk_test_{token_hex(24)}",
            webhook_secret=f"whsec_{token_hex(24)}",
            admin_password=token_urlsafe(12),
            staff_password=token_urlsafe(12),
            customer_password=token_urlsafe(12),
            replay=token_urlsafe(32),
        )


def read_or_make(file: Path) -> Secrets:
    """This store's secrets; made on the first call."""
    if not file.exists():
        write_privately(file, asdict(Secrets.new()))
    return read(file)


def read(file: Path) -> Secrets:
    """The secrets of a store that has been started before; Trouble if there are none to be had."""
    try:
        return Secrets(**json.loads(file.read_text()))
    except FileNotFoundError:
        raise Trouble(f"There is no {file}: start the store first with ./pants up") from None
    except (OSError, TypeError, ValueError) as error:
        raise Trouble(
            f"{file} cannot be read ({type(error).__name__}): mend it, or start over with "
            "./pants up --fresh"
        ) from None
