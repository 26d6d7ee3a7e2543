"""A service's command `repair`: it reads what an audit proposes, and does what is still right.

Standard input has a proposal a line, in JSON, as `proof audit --proposals` prints them:

    {"service": "orders", "kind": "make_due", "subject": "order 0197…", "facts": {"order_id": …}, …}

Those of other services are passed over, so all services may be given the same lines. Each of ours is
looked at again, at our own data, and done or left alone, in a transaction of its own. To give the same
lines again changes nothing. Standard output has a line for each, in their order:

    {"repaired": true, "kind": "make_due", "subject": "order 0197…", "outcome": "it is due now"}
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from store.server.errors import StoreError

Repair = Callable[..., str]
"""Takes the facts of a proposal by name; what came of it, or LeftAlone."""

_log = logging.getLogger(__name__)


class LeftAlone(Exception):
    """It is not put right, and nothing was written here; the text says why."""


class StaleProposal(LeftAlone):
    """What was found is not so any more."""

    def __init__(self) -> None:
        super().__init__("it is otherwise by now")


def repair_what_is_proposed(service: str, repairs: Mapping[str, Repair]) -> None:
    """Read standard input to its end; one proposal that cannot be done stops no other."""
    # Results have standard output for themselves: whatever logs goes to standard error from here on.
    sys.stdout.flush()
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with results:
        for result in repaired(sys.stdin, service, repairs):
            print(json.dumps(result), file=results, flush=True)


def repaired(
    lines: Iterable[str], service: str, repairs: Mapping[str, Repair]
) -> Iterator[dict[str, Any]]:
    """What came of each proposal that is for this service."""
    for line in lines:
        try:
            proposal = json.loads(line)
            kind, subject, facts = (proposal[name] for name in ("kind", "subject", "facts"))
            is_ours = proposal["service"] == service and bool(kind.strip())
        except (ValueError, TypeError, KeyError, AttributeError):
            _log.warning("a line of standard input is no proposal, and is passed over")
            continue
        if is_ours:
            done, outcome = _outcome(repairs.get(kind), facts)
            yield {"repaired": done, "kind": kind, "subject": subject, "outcome": outcome}


def _outcome(repair: Repair | None, facts: Mapping[str, Any]) -> tuple[bool, str]:
    if repair is None:
        return False, "this version does not know how"
    try:
        return True, repair(**facts)
    except LeftAlone as reason:
        return False, str(reason)
    except StoreError as error:
        return False, f"{error.code}: {error.detail}"
    except Exception:
        _log.exception("a repair broke off; nothing was written here")
        return False, "it broke off, and the log says why"
