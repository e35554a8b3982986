"""What holds for any text at all: no error, quotes that stand in it, little time; and for every language table."""

import re
import string
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.results.analysis import BUG_ASPECTS, INVEST
from addon.rules.analyst import analyse
from addon.rules.fold import clip, fold, short
from addon.rules.lines import is_filler
from addon.rules.outline import kind_of, outline
from addon.rules.story import Story
from addon.rules.tongue import SECTIONS, SIGNS, Tongue
from addon.rules.tongues import TONGUES, UNREAD, detect

PIECES = st.sampled_from(
    [
        "As a user", "I want to", " so that ", "and delete it", "\n- ", "\n1. ", "# ", "**Steps**", "```", "fast",
        "En tant que ", "je veux ", "afin d'", "Expected: ", "{", "}", "{0}", " etc.", "%s", "(", ")", "İ", "ﬁ",
        "\u202e", "\x00", "é", "|", ">",
        "Given a", "When b", "TBD", "<x>", "PAY-1", "depends on",
        "Résultat attendu :", "🙂", "\ud800", " ", "\t", "word",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.booleans(), st.booleans(), st.sampled_from(["auto", "en", "fr", "", "de_DE"]))
def test_any_text_is_judged(summary: str, description: str, is_bug: bool, is_subtask: bool, language: str) -> None:
    analysis = analyse(Story(summary, description, is_bug=is_bug, is_subtask=is_subtask, language=language))
    # A text in another language is not scored.
    assert tuple(score.aspect for score in analysis.scores) in ((), BUG_ASPECTS if is_bug else INVEST)
    for score in analysis.scores:
        assert score.quote in summary or score.quote in description
        assert 0 <= score.score <= 5
    assert len(analysis.subtasks) <= 6
    assert all(subtask.title.strip() and len(subtask.title) <= 255 for subtask in analysis.subtasks)
    assert all(label == label.strip() and " " not in label for label in analysis.labels)
    assert 0 <= analysis.overall <= 100


HOSTILE = [
    "a" * 50_000,
    " " * 50_000,
    "\n" * 50_000,
    "as a " * 10_000,
    "as a i want to " * 3_500,
    "as a user i want to see and " + "view and " * 5_500,
    "en tant que je veux " * 2_500,
    "once " * 10_000,
    "once" + " x" * 25_000,
    "(" * 50_000,
    "(a" * 25_000,
    "- " * 25_000,
    "-\n" * 25_000,
    "- a\n" * 12_500,
    "**" * 25_000,
    "# " * 25_000,
    "a:" * 25_000,
    "a:\n" * 16_000,
    "|" * 50_000,
    "```\n" * 12_500,
    ">" * 50_000,
    "if possible fast etc. " * 2_300,
    "only x x x " * 4_500,
    "ne x x x " * 5_500,
    "et " * 16_000,
    "1" * 50_000,
    "1." * 25_000,
    "A1-" * 16_000,
    "when i if i after i click " * 2_000,
    "é" * 50_000,
    "*_ " * 16_000,
    "\\ \t" * 16_000,
    "so that " * 6_000,
    "i open the " * 4_500,
    "je clique sur " * 3_500,
    "the search the basket " * 2_300,
    "- Case: x\n  - " * 3_500,
    "customers " * 5_000,
    "- add x\n" * 6_000,
    "<role> " * 7_000,
    "version 1.2." * 4_200,
    "must be done. " * 3_500,
]


@pytest.mark.parametrize("is_bug", [False, True], ids=["story", "bug"])
@pytest.mark.parametrize("text", HOSTILE, ids=[text[:12].strip() or repr(text[:2]) for text in HOSTILE])
def test_hostile_text_takes_less_than_a_second(text: str, is_bug: bool) -> None:
    began = process_time()
    analyse(Story(text[:300], text, is_bug=is_bug))
    assert process_time() - began < 1.0


@given(st.text())
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(), st.integers(1, 200))
def test_clipped_text_is_a_piece_of_it(text: str, most: int) -> None:
    assert clip(text, most) in text
    assert len(clip(text, most)) <= most
    assert "\n" not in short(text, most)


@given(st.text())
def test_outline_never_raises(text: str) -> None:
    assert all(line.text in text for line in outline(text).lines)


@pytest.mark.parametrize("code", TONGUES)
def test_every_language_can_say_everything(code: str) -> None:
    english, other = TONGUES["en"], TONGUES[code]
    assert set(other.says) == set(english.says)
    for name, phrase in other.says.items():
        assert places(phrase) == places(english.says[name]), name
    assert set(other.vague) == set(english.vague)
    assert set(other.headings) == set(SECTIONS)
    assert set(other.signs) == set(SIGNS)


def places(phrase: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("tongue", TONGUES.values(), ids=list(TONGUES))
def test_words_to_find_are_folded(tongue: Tongue) -> None:
    tables = [
        tongue.role,
        tongue.goal,
        tongue.benefit,
        tongue.action,
        tongue.work,
        tongue.deed,
        *tongue.vague.values(),
        *tongue.signs.values(),
    ]
    tables += [start for starts in tongue.headings.values() for start in starts]
    for words in (*tables, *tongue.stop, *tongue.dull, *tongue.articles, *tongue.objects):
        plain = re.sub(r"\\[A-Za-z]|\?P<\w+>", "", words)
        assert fold(plain) == plain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The page is blank when I open it", "en"),
        ("La page est vide quand je l'ouvre", "fr"),
        ("", "en"),
        ("404", "en"),
        ("Crash on Samsung Galaxy", "en"),
        ("Noël et naïveté", "fr"),
        ("日本語のテキスト", UNREAD),
        ("Das ist ein Test", UNREAD),
        ("Wenn ich auf Bezahlen klicke, passiert nichts.", UNREAD),
        ("El usuario no puede pagar con la tarjeta", UNREAD),
        ("Als klant wil ik betalen met een kaart", UNREAD),
        ("Come cliente voglio pagare con la carta", UNREAD),
        ("Сумма неверная после удаления купона", UNREAD),
    ],
)
def test_language_is_told_by_small_words(text: str, code: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Acceptance Criteria (draft)", "criteria"),
        ("**Critères d’acceptation**", "criteria"),
        ("Résultat obtenu", "actual"),
        ("Expected results of the API", "expected"),
        ("Database", ""),
        ("Hors périmètre", "scope"),
        ("2. Steps", "steps"),
        ("Background", "notes"),
        ("Contraintes", "notes"),
        ("Rollout", ""),
    ],
)
def test_headings_announce_their_section(title: str, kind: str) -> None:
    assert kind_of(title) == kind


@pytest.mark.parametrize("text", ["TBD", "n/a", "...", "<describe>", "[ ]", "à définir", "-"])
def test_fillers_count_as_nothing(text: str) -> None:
    assert is_filler(text)


@pytest.mark.parametrize("text", ["Nothing happens", "[PAY] the total is wrong", "0", "no"])
def test_short_statements_are_no_fillers(text: str) -> None:
    assert not is_filler(text)
