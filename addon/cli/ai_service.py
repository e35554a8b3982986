"""`jiravision ai-service`: asks models for the hosts that share its secret."""

import logging
from contextlib import suppress
from typing import Annotated

import typer
from uvicorn.importer import import_from_string

from addon.cli.protocol import Crowd, Protocol, raise_file_limit
from addon.cli.serve import Doorstep, Server, config
from addon.cli.usage import given
from addon.errors import Unavailable
from addon.observe.logs import configure
from addon.settings import load_settings

# Doors do not import each other; the server takes its application by name, as uvicorn does.
APPLICATION = "addon.web.ai_service.app:create_service"
PORT = 8081

app = typer.Typer(add_completion=False)
log = logging.getLogger("addon.ai_service")


@app.command()
def ai_service(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on, whatever HOST says.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port to listen on, whatever PORT says.", min=1, max=65535)
    ] = PORT,
) -> None:
    """Ask models for the add-on from a process of its own, until SIGTERM or Ctrl-C.

    It is found by AI_SERVICE_URL and believes AI_SHARED_SECRET. It needs no database and no model settings.
    """
    # An empty address would be every address of the machine.
    given({"--host": host})
    settings = load_settings().model_copy(update={"host": host, "port": port})
    configure(settings.log_level, settings.log_format)
    Protocol.crowd = Crowd.of(raise_file_limit())
    application = import_from_string(APPLICATION)(settings)
    doorstep = Doorstep(application)
    server = Server(config(settings, doorstep), application.state.drain.begin)
    log.info("AI service on %s:%s", host, port)
    # uvicorn leaves by itself, without a word, when the start fails.
    with suppress(SystemExit):
        server.run()
    if doorstep.error is not None:
        raise doorstep.error
    if not server.started:
        raise Unavailable(f"the AI service did not start on {host}:{port}; the lines above say why")
