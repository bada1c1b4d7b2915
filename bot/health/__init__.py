"""Health: what a supervisor, Prometheus and a dead man's switch are told. Everything in it is a count or a fixed word.

`metrics` counts, `server` answers on loopback, `heartbeat` calls out, and `ask` is the other end of the server.
"""
