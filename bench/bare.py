"""The yardstick: the least a FastAPI service can do for a webhook and for a page, on the same server and database.

python -m bench.bare <database address> <port> <bytes of the page>
"""

import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy import Column, MetaData, String, Table, bindparam, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

SECRET = "the secret of the yardstick, long enough to be one"

templates = Jinja2Templates(Path(__file__).resolve().parents[1] / "templates")
metadata = MetaData()
rows = Table(
    "bench_rows",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant_id", String(255), nullable=False),
    Column("issue_id", String(255), nullable=False, unique=True),
)
INSERT = rows.insert()
READ = rows.select().where(rows.c.tenant_id == bindparam("tenant_id")).limit(1)
"""Built once: SQLAlchemy keeps what it compiled, but a statement built anew is walked through to be recognized."""


async def claims(request: Request) -> dict[str, Any]:
    """Signature and times of an HS256 token from the header or from ?jwt=, by PyJWT."""
    token = request.query_params.get("jwt") or request.headers["authorization"].removeprefix("JWT ")
    return dict(jwt.decode(token, SECRET, algorithms=["HS256"]))


Claims = Annotated[dict[str, Any], Depends(claims)]


def create_app(url: str, page_bytes: int) -> FastAPI:
    engine = _engine(url)
    page = b"x" * page_bytes

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as tx:
            await tx.run_sync(metadata.create_all)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.post("/hook")
    async def hook(request: Request, by: Claims) -> Response:
        body = await request.json()
        async with engine.begin() as tx:
            row = {"id": str(uuid.uuid4()), "tenant_id": by["iss"], "issue_id": body["issue"]["id"]}
            await tx.execute(INSERT, row)
        return Response(status_code=204)

    @app.get("/page")
    async def shown(by: Claims) -> Response:
        return Response(page, media_type="text/html")

    @app.get("/rendered")
    async def rendered(request: Request, by: Claims) -> Response:
        values = {"base": "", "bridge_url": "https://connect", "version": "1", "modules": []}
        return templates.TemplateResponse(request, "panel.html", {**values, "messages_json": "x" * page_bytes})

    @app.get("/thing")
    async def thing(by: Claims) -> dict[str, Any]:
        async with engine.connect() as tx:
            found = (await tx.execute(READ, {"tenant_id": by["iss"]})).first()
        return dict(found._mapping) if found else {}

    return app


def _engine(url: str) -> AsyncEngine:
    if url.startswith("postgresql"):
        return create_async_engine(url, pool_size=10, max_overflow=0)
    # One connection and a durable commit, as the add-on has: several only wait for each other's lock.
    engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)

    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", connected)
    return engine


def main(url: str, port: str, page_bytes: str) -> None:
    uvicorn.run(
        create_app(url, int(page_bytes)),
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
