"""gRPC: both ends of a call.

`server` serves until SIGTERM, with `interceptors` for request ids, deadlines and errors, and `logs` for the access log;
`channel` opens what a client calls through, measured and behind a circuit breaker. `errors` maps the store's errors to
statuses and back. `testing` has what tests of all services need: programs, servers, waiting.
"""
