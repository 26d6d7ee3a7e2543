"""How long to wait before trying again."""

import random


def seconds_to_wait(attempt: int, cap: float = 60.0) -> float:
    """Seconds before the next attempt, when `attempt` have failed: full jitter, at most `cap`.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    # Spread callers out: after a restart they would otherwise all return at once.
    return random.uniform(0, min(cap, 2.0 ** min(attempt, 30)))  # noqa: S311 - no secret
