"""How a process lives.

`commands` runs a program's command; `gunicorn` serves HTTP with one gevent worker (`connections`), `worker` repeats a
step; both have an `ops` port with what `readiness` checks, and leave as `lifecycle` says. `gevent_patch` comes first
in a process with greenlets, `thread_offload` is for what computes for long, `sockets` for ports.
"""
