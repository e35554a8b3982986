"""Everything breaks in the middle of 500 analyses: in the end there are 500 comments, without a hand."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.ground import Ground
from tests.flow import acts
from tests.stack import Process

pytestmark = [pytest.mark.faults, pytest.mark.process]

ANALYSES = int(os.environ.get("JIRAVISION_CHAOS", "500"))
PACE_S = 0.07
"""Between two new issues: what two slow processors keep up with, so that there is always work in every process."""
DOWN_S = 2.0
FROZEN_S = 4.0


def test_500_analyses_over_5_sites_survive_everything(faulty: Ground) -> None:
    faults = troubles(faulty)
    every = ANALYSES // (len(faults) + 1)
    under_way: list[Future[object]] = []
    with ThreadPoolExecutor(16) as people:
        for n in range(ANALYSES):
            site = n % len(faulty.stack.sites)
            under_way.append(people.submit(faulty.issue, site, summary=f"Story {n} of the storm"))
            time.sleep(PACE_S)
            if n % every == every - 1 and n // every < len(faults):
                under_way.append(people.submit(faults[n // every]))
    for each in under_way:
        each.result()
    assert len(faulty.made) == ANALYSES
    faulty.settled(within_s=240)
    runs = acts.rows(
        faulty.stack, "SELECT state, count(*) FROM runs WHERE created_at >= :t GROUP BY 1", t=faulty.began_at
    )
    written = acts.rows(
        faulty.stack, "SELECT state, count(*) FROM publications WHERE created_at >= :t GROUP BY 1", t=faulty.began_at
    )
    assert [tuple(row) for row in runs] == [tuple(row) for row in written] == [("succeeded", ANALYSES)]
    assert acts.rows(faulty.stack, "SELECT 1 FROM runs WHERE worker IS NOT NULL OR lease_until IS NOT NULL") == []
    assert faulty.commented() == ANALYSES
    # Each of the killed was found dead and brought back by whoever looks after them, and nobody else was.
    dead = sorted(name.partition("-")[0] for name, code in faulty.supervisor.ended if code == -9)
    assert dead == ["scheduler", "web", "worker"]
    lost = [d for site in faulty.stack.sites for d in site.ask("GET", "/deliveries")["deliveries"] if not delivered(d)]
    assert lost == []


def delivered(delivery: dict[str, object]) -> bool:
    return delivery["state"] == "delivered"


def troubles(ground: Ground) -> list[Callable[[], object]]:
    """One after the other, while work goes on."""
    return [
        lambda: kill(ground, ground.fleet.webs[0]),
        lambda: kill(ground, ground.fleet.workers[0]),
        lambda: kill(ground, ground.fleet.schedulers[0]),
        lambda: ground.redis.command("FLUSHALL"),
        lambda: redis_dies(ground),
        lambda: redis_freezes(ground),
        lambda: postgres_dies(ground),
        lambda: postgres_freezes(ground),
    ]


def kill(ground: Ground, process: Process) -> None:
    assert process.running
    process.kill()


def redis_dies(ground: Ground) -> None:
    ground.redis.kill()
    time.sleep(DOWN_S)
    ground.redis.start()


def redis_freezes(ground: Ground) -> None:
    ground.redis.freeze()
    time.sleep(FROZEN_S)
    ground.redis.thaw()


def postgres_dies(ground: Ground) -> None:
    ground.postgres.kill()
    time.sleep(DOWN_S)
    ground.postgres.start()


def postgres_freezes(ground: Ground) -> None:
    ground.postgres.freeze()
    time.sleep(FROZEN_S)
    ground.postgres.thaw()
