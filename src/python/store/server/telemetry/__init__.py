"""What a process tells: logs without secrets, traces, and what belongs to the request in hand."""
