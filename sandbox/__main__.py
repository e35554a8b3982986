"""`python -m sandbox`: pretend Jira sites on loopback, until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import json
import signal
import sys

from sandbox.server import running


async def _main(sites: int, port: int, *, announce: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    async with running(sites, port) as world:
        if announce:
            print(json.dumps(world.announcement()), flush=True)
        else:
            print("\n".join(f"{place.site.name}: {place.site.base_url}" for place in world.places), flush=True)
        await stop.wait()


def main() -> int:
    parser = argparse.ArgumentParser("python -m sandbox", description="A pretend Jira Cloud on loopback.")
    parser.add_argument("--sites", type=int, default=1, help="how many sites, each on a port of its own (default 1)")
    parser.add_argument("--port", type=int, default=0, help="port of the first site; 0 takes free ones (default)")
    parser.add_argument("--announce", action="store_true", help="print one line of JSON with every address, then serve")
    asked = parser.parse_args()
    try:
        asyncio.run(_main(asked.sites, asked.port, announce=asked.announce))
    except OSError as error:
        print(f"cannot listen on port {asked.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
