"""How a process lives: gunicorn with gevent, its ops port, readiness, loops, SIGTERM."""
