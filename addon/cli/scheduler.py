"""`jiravision scheduler`: does what happens by itself, once for the whole deployment."""

import typer

from addon.cli.staying import stay
from addon.house.opening import open_house
from addon.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def scheduler() -> None:
    """Do what is due by the clock, one of several at a time, until SIGTERM or Ctrl-C. Needs REDIS_URL, PostgreSQL.

    With PROBE_PORT it answers /health/live, /health/ready and /metrics there, on HOST.
    """
    stay(load_settings(), "scheduler", opened=lambda settings, role: open_house(settings, role=role))
