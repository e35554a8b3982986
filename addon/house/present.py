"""How this process is known to the others."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from addon.clockwork.presence import Presence
from addon.house.duties import Role
from addon.observe.metrics import app_version
from addon.runs.office import Office
from addon.store.repos.processes import Identity

HOST_CHARS = 64
VERSION_CHARS = 32


@asynccontextmanager
async def present(office: Office, role: Role) -> AsyncIterator[Presence]:
    """Its row is there inside the block. Entered before any work begins, so that the row stays until that has ended."""
    identity = Identity(
        name=office.desk.me,
        kind=role,
        host=socket.gethostname()[:HOST_CHARS],
        pid=os.getpid(),
        version=app_version()[:VERSION_CHARS],
    )
    worker = office.worker
    beat = partial(worker.pulse.beat, "presence")
    # What is not started works nothing: its slots would mislead who counts them.
    presence = Presence(office.desk.db, identity, busy=lambda: worker.load if worker.started else {}, beat=beat)
    async with presence.shown():
        yield presence
