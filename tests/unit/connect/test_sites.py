import pytest

from addon.connect.sites import allowed_site, display_site
from addon.connect.verdicts import Refused, Verdict

PATTERNS = ("*.atlassian.net", "*.jira.com", "jira.example.org", "127.0.0.1:8090", "localhost:9000")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.atlassian.net", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/", "https://acme.atlassian.net"),
        ("HTTPS://Acme.Atlassian.NET", "https://acme.atlassian.net"),
        ("https://a-b.c.jira.com", "https://a-b.c.jira.com"),
        ("https://jira.example.org", "https://jira.example.org"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://localhost:9000/", "http://localhost:9000"),
    ],
)
def test_allowed_site_becomes_its_origin(url: str, origin: str) -> None:
    assert allowed_site(url, PATTERNS) == origin


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "acme.atlassian.net",
        "http://acme.atlassian.net",
        "ftp://acme.atlassian.net",
        "https://atlassian.net",
        "https://.atlassian.net",
        "https://acme.atlassian.net.",
        "https://acme.atlassian.net..",
        "https://acme.atlassian.net.evil.test",
        "https://evilatlassian.net",
        "https://acme.atlassian.net:8443",
        "https://acme.atlassian.net:443",
        "https://user@acme.atlassian.net",
        "https://acme.atlassian.net@evil.test",
        "https://evil.test#.atlassian.net",
        "https://evil.test?.atlassian.net",
        "https://evil.test/.atlassian.net",
        "https://evil.test\\.atlassian.net",
        "https://evil.test%2f.atlassian.net",
        "https://acme.atlassian.net/rest",
        "https://acme.atlassian.net//",
        "https://acme.atlassian.net?x=1",
        "https://acme.atlassian.net\n",
        " https://acme.atlassian.net",
        "https://ac me.atlassian.net",
        "https://acmé.atlassian.net",
        "https://-acme.atlassian.net",
        f"https://{'a' * 64}.atlassian.net",
        f"https://{'a.' * 130}atlassian.net",
        "https://127.0.0.1",
        "https://127.0.0.1:8090",
        "https://2130706433",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "http://127.0.0.1",
        "http://127.0.0.1:8091",
        "http://127.0.0.2:8090",
        "http://localhost:8090",
        "http://localhost.:9000",
        "http://jira.example.org",
    ],
)
def test_any_other_address_is_refused(url: str | None) -> None:
    with pytest.raises(Refused) as refused:
        allowed_site(url, PATTERNS)
    assert refused.value.verdict == Verdict.SITE_NOT_ALLOWED


@pytest.mark.parametrize("url", ["http://10.0.0.1:80", "http://internal:80", "https://10.0.0.1"])
def test_a_pattern_opens_no_plain_or_numeric_address_beyond_loopback(url: str) -> None:
    with pytest.raises(Refused):
        allowed_site(url, ["10.0.0.1:80", "internal:80", "10.0.0.1", "*"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://issues.acme.example", "https://issues.acme.example"),
        ("https://Issues.Acme.example/", "https://issues.acme.example"),
        (None, "https://acme.atlassian.net"),
        ("", "https://acme.atlassian.net"),
        ("http://issues.acme.example", "https://acme.atlassian.net"),
        ("https://issues.acme.example; script-src *", "https://acme.atlassian.net"),
        ("https://127.0.0.1", "https://acme.atlassian.net"),
        ("javascript:alert(1)", "https://acme.atlassian.net"),
    ],
)
def test_custom_domain_is_shown_when_it_is_one(url: str | None, shown: str) -> None:
    assert display_site(url, "https://acme.atlassian.net") == shown


def test_loopback_site_is_shown_under_its_own_address() -> None:
    assert display_site("http://127.0.0.1:8090/", "http://127.0.0.1:8090") == "http://127.0.0.1:8090"
