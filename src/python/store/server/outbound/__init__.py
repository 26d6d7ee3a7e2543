"""Calls to other servers, whatever the protocol.

`calls` measures each call and asks the circuit `breaker` first; `http_client` is a session of requests that does so;
`backoff` says how long to wait before the next try; `reachability` and `reachable_calls` wait for a server that the
network does not know yet.
"""
