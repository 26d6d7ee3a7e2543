"""Calls to other servers: deadlines, circuit breaker, backoff, and waiting for whom the network does not know yet."""
