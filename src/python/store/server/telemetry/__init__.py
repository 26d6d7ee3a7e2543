"""What a process says of itself.

`logs` writes JSON lines, which `redaction` keeps free of secrets; `traces` is a switch: only where it is on are
OpenTelemetry (`tracer`) and the filter of what is sent (`spans`) imported; `context` holds the ids of the request in
hand, for logs and for calls to other services.
"""
