import pytest

from addon.errors import TooMany
from addon.observe import metrics
from addon.policy.rates import Rates
from addon.redis.shared import Shared
from addon.redis.windows import Windows
from addon.settings import Settings

pytestmark = pytest.mark.usefixtures("one_minute")


def rates(person: int, site: int) -> Rates:
    settings = Settings(_env_file=None, person_calls_per_minute=person, site_calls_per_minute=site)
    return Rates(Windows(Shared()), settings)


def refusals(limit: str) -> float:
    return metrics.REGISTRY.get_sample_value("api_refusals_total", {"limit": limit}) or 0


async def test_a_person_has_so_many_calls_a_minute() -> None:
    some, before = rates(3, 100), refusals("person_calls")
    for _ in range(3):
        await some.count("t", "ann")
    with pytest.raises(TooMany) as refused:
        await some.count("t", "ann")
    assert 1 <= (refused.value.retry_after_s or 0) <= 60
    assert "3 requests within a minute" in refused.value.detail
    assert refusals("person_calls") == before + 1
    await some.count("t", "bob")
    await some.count("u", "ann")


async def test_a_site_has_so_many_calls_a_minute_for_all_its_people() -> None:
    some, before = rates(3, 5), refusals("site_calls")
    for who in ("ann", "ann", "ann", "bob", "bob"):
        await some.count("t", who)
    with pytest.raises(TooMany) as refused:
        await some.count("t", "bob")
    assert "All people of this site" in refused.value.detail
    assert refusals("site_calls") == before + 1
    await some.count("u", "bob")


async def test_one_person_alone_cannot_use_up_what_the_site_has() -> None:
    some = rates(3, 5)
    for _ in range(3):
        await some.count("t", "ann")
    for _ in range(50):
        with pytest.raises(TooMany):
            await some.count("t", "ann")
    await some.count("t", "bob")
    await some.count("t", "bob")


async def test_zero_is_no_limit() -> None:
    some = rates(0, 0)
    for _ in range(50):
        await some.count("t", "ann")
