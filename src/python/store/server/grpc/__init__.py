"""gRPC: the server with its interceptors, and the channel that a client opens."""
