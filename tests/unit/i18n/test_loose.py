"""No text that a person reads stands in a page without a mark for translation."""

from tests.unit.i18n.extract import ROOT
from tests.unit.i18n.loose import Script, of_script, of_shell


def test_no_script_shows_a_text_that_nobody_marked() -> None:
    scripts = sorted((ROOT / "static").rglob("*.js"))
    assert [f"{path.name}:{text}" for path in scripts for text in of_script(path.read_text("utf-8"))] == []


def test_no_page_shell_holds_a_text_that_nobody_marked() -> None:
    shells = sorted((ROOT / "templates").rglob("*.html"))
    assert [f"{path.name}: {text}" for path in shells for text in of_shell(path.read_text("utf-8"))] == []


def loose(source: str) -> list[str]:
    return [text.partition(": ")[2] for text in of_script(source)]


def test_loose_texts_are_found_wherever_they_stand() -> None:
    assert loose('h("p", {}, "Nothing is here")') == ["Nothing is here"]
    assert loose('node.textContent = "Close";') == ["Close"]
    assert loose('h("a", { "aria-label": "Open it" })') == ["Open it"]
    assert loose('const text = done ? "All of it" : t("Some");') == ["All of it"]
    assert loose("announce(`Page ${n + 1} of ${all.length}`)") == ["Page {} of {}"]
    assert loose('f(`${t("a b")} ${h("b", {}, "in between")}`)') == ["in between"]
    assert loose("say('It’s done')") == ["It’s done"]


def test_marked_and_unseen_texts_are_left_alone() -> None:
    assert loose('t("Nothing is here"); N_("Close now"); plural(list.length, "one thing", "{n} things")') == []
    assert (
        loose('h("p", { class: ["notice wide", big && "notice big"] }); node.className = `card card-${tone} wide`')
        == []
    )
    assert loose('throw new Error("no such thing"); document.querySelector("main section")') == []
    assert loose("// a comment, a long one\n/* and \"another one\" */ x = /a b 'c d'/g;") == []
    assert loose('if (event.key === "Escape" || key === "Enter") go("left")') == []


def test_places_of_texts_are_told() -> None:
    (one, two) = Script('\nt("a");\n  { title: "b" }').literals
    assert (one.line, one.call, two.line, two.name) == (2, "t", 3, "title")


def test_loose_texts_of_a_shell_are_found() -> None:
    assert of_shell("<p>Hello there</p>") == ["Hello there"]
    assert of_shell('<button aria-label="Close"></button><img alt="Chart">') == ["aria-label=Close", "alt=Chart"]
    assert of_shell('<p data-i18n="Hello there">Hello there <b>you</b></p><script>let a = "b c";</script>') == []
    assert (
        of_shell('<div data-i18n-label="Loading…" aria-label="Loading…"></div>{% block page %}panel{% endblock %}')
        == []
    )
