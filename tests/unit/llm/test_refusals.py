"""Keys that a provider refused: left alone by every process, until one of them finds that they are taken again."""

from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelUnauthorized
from addon.llm.refusals import REFUSED_S, TOPIC, Refusals
from addon.redis.hub import LONGEST_WORD, Hub

CHOICE = ModelChoice("openai", "gpt-5-mini", api_key="sk-canary-of-the-tests")
OTHER = ModelChoice("openai", "gpt-5-mini", api_key="sk-another")
REFUSED = ModelUnauthorized("The provider refuses the key. Check the key.")


def test_a_refusal_is_known_to_every_process_and_so_is_its_end() -> None:
    hub = Hub()
    asking, showing = Refusals(hub), Refusals(hub)
    asking.note(CHOICE, REFUSED)
    assert showing.said(CHOICE) == asking.said(CHOICE) == REFUSED.detail
    assert showing.said(OTHER) == ""
    showing.forget(CHOICE)
    assert asking.said(CHOICE) == showing.said(CHOICE) == ""


def test_no_key_travels_and_nothing_is_said_of_keys_that_are_taken() -> None:
    hub, said = Hub(), []
    hub.on(TOPIC, said.append)
    refusals = Refusals(hub)
    refusals.forget(CHOICE)
    assert said == []
    refusals.note(CHOICE, ModelUnauthorized("x" * 1000))
    (word,) = said
    assert CHOICE.api_key not in word
    assert len(word.encode()) <= LONGEST_WORD


def test_a_refusal_is_over_after_a_while_and_garbage_is_none() -> None:
    hub, moment = Hub(), [0.0]
    refusals = Refusals(hub, clock=lambda: moment[0])
    refusals.note(CHOICE, REFUSED)
    for garbage in ("", " ", "x", "x y", "\x00"):
        hub.tell(TOPIC, garbage)
    assert refusals.said(CHOICE)
    moment[0] = REFUSED_S + 1
    assert refusals.said(CHOICE) == ""
