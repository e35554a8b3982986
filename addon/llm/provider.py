"""The port: what the room needs of a model server. Each provider has one file that fills it."""

from collections.abc import Callable
from typing import Protocol

import httpx2
from pydantic import BaseModel

from addon.llm.choice import ModelChoice
from addon.llm.conversation import Conversation
from addon.llm.reply import Reply, Watcher


class Provider(Protocol):
    """One server under one key, used by many asks at once."""

    async def exchange(
        self, choice: ModelChoice, talk: Conversation, *, shape: type[BaseModel], watch: Watcher | None
    ) -> Reply:
        """One request and its whole reply. Raises Fault; cancelling closes the connection.

        watch is told of the growing text. The schema goes along in the provider's own way unless `talk` is plain.
        """


Making = Callable[[httpx2.AsyncClient, ModelChoice], Provider]
"""Makes a provider for the address and the key of a choice; the client belongs to whoever made it."""
