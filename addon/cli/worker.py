"""`jiravision worker`: works the queues beside one or more `serve`."""

import typer

from addon.cli.staying import stay
from addon.house.opening import open_house
from addon.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Work the queues until SIGTERM or Ctrl-C: any number of workers side by side. Needs REDIS_URL and PostgreSQL.

    With PROBE_PORT it answers /health/live, /health/ready and /metrics there, on HOST.
    """
    stay(load_settings(), "worker", opened=lambda settings, role: open_house(settings, role=role))
