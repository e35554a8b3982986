"""Which addresses a tenant may name: refused when they are saved, and again whenever they are called."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from addon.llm.addresses import is_allowed, is_public, may_connect, refuse

ALLOWED = ("ollama:11434", "models.corp.example", "10.1.2.3:8000", "[fd00::1]:8000")

FINE = [
    "https://api.openai.com/v1",
    "https://models.example.com:8443/v1/",
    "https://xn--bcher-kva.example",
    "https://8.8.8.8/v1",
    "https://[2606:4700:4700::1111]/v1",
    "http://ollama:11434",
    "https://ollama:11434/v1",
    "http://OLLAMA:11434/v1",
    "http://models.corp.example",
    "http://models.corp.example:80/v1",
    "https://models.corp.example/v1",
    "http://10.1.2.3:8000/v1",
    "http://[fd00::1]:8000",
]

REFUSED = [
    # Plain http, and ports the operator did not name.
    "http://api.openai.com/v1",
    "http://ollama:11435",
    "http://ollama",
    "http://models.corp.example:8080",
    # This machine and its neighbours, in every spelling a resolver takes.
    "https://localhost",
    "https://LOCALHOST:443",
    "https://api.localhost",
    "https://127.0.0.1",
    "https://127.1",
    "https://0x7f.1",
    "https://0x7f000001",
    "https://2130706433",
    "https://017700000001",
    "https://0177.0.0.1",
    "https://0.0.0.0",
    "https://10.0.0.8",
    "https://172.16.0.1",
    "https://192.168.1.1",
    "https://100.64.0.1",
    "https://169.254.169.254/latest/meta-data",
    "https://168.63.129.16",
    "https://198.18.0.1",
    "https://224.0.0.1",
    "https://255.255.255.255",
    "https://[::1]",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:8.8.8.8]",
    "https://[::127.0.0.1]",
    "https://[64:ff9b::7f00:1]",
    "https://[64:ff9b:1::1]",
    "https://[2002:7f00:1::]",
    "https://[2001:0:4136:e378::1]",
    "https://[fe80::1]",
    "https://[fc00::1]",
    "https://[fd00:ec2::254]",
    "https://[fec0::1]",
    "https://[ff02::1]",
    # Names that only this network knows.
    "https://metadata",
    "https://metadata.google.internal",
    "https://printer.local",
    "https://db.corp.lan",
    "https://api.openai.com.",
    "https://a..b",
    # What parsers disagree about.
    "https://user@api.openai.com",
    "https://api.openai.com@127.0.0.1",
    "https://api.openai.com:443@127.0.0.1/v1",
    "https://api.openai.com\\@127.0.0.1",
    "https://127.0.0.1#.openai.com",
    "https://127.0.0.1?.openai.com",
    "https://api.openai.com/v1?key=1",
    "https://api.openai.com/v1#x",
    "https://api.openai.com/../v1",
    "https://api.openai.com/%2e%2e/v1",
    "https://api.openai.com/v1\r\nHost: evil",
    "https://api.openai.com /v1",
    " https://api.openai.com",
    "https://api.openai.com\n",
    "https://①②⑦.⓪.⓪.①",
    "https://api。openai。com",
    "https://api.openai.com:0",
    "https://api.openai.com:65536",
    "https://api.openai.com:",
    "https://[::1",
    "https://[127.0.0.1]",
    "https://",
    "https:///v1",
    "//api.openai.com",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "javascript:alert(1)",
    "",
    "https://" + "a" * 600 + ".com",
]


@pytest.mark.parametrize("url", FINE)
def test_public_and_allowed_addresses_may_be_named(url: str) -> None:
    assert refuse(url, ALLOWED) is None


@pytest.mark.parametrize("url", REFUSED)
def test_everything_else_is_refused_with_a_sentence(url: str) -> None:
    words = refuse(url, ALLOWED)
    assert words is not None
    assert words.endswith(".")
    assert len(words) < 200


@given(st.text(max_size=80))
@example("https://[")
@example("https://a:99999999999999999999")
def test_no_text_upsets_the_check(text: str) -> None:
    refuse(text, ALLOWED)
    refuse(f"https://{text}", ALLOWED)


@given(st.integers(0, 2**32 - 1))
def test_public_addresses_are_a_part_of_what_the_registry_calls_global(number: int) -> None:
    address = IPv4Address(number)
    assert not is_public(address) or (address.is_global and not address.is_multicast)


@given(st.integers(0, 2**128 - 1))
def test_no_address_outside_global_unicast_is_public(number: int) -> None:
    address = IPv6Address(number)
    assert not is_public(address) or (number >> 125 == 1 and address.is_global)


@given(st.integers(0, 2**32 - 1))
def test_ipv4_inside_ipv6_is_never_public(number: int) -> None:
    for prefix in (0x0, 0xFFFF << 32, 0x64FF9B << 96):
        assert not is_public(IPv6Address(prefix + number))
    assert not is_public(IPv6Address((0x2002 << 112) + (number << 80)))


@pytest.mark.parametrize(
    ("address", "public", "allowed"),
    [
        ("8.8.8.8", True, True),
        ("10.0.0.8", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("64:ff9b::808:808", False, True),
        ("64:ff9b:1::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("::169.254.169.254", False, False),
        ("fd00:ec2::254", False, False),
        ("fd00::1", False, True),
        ("168.63.129.16", False, False),
        ("100.100.100.200", False, False),
        ("fe80::1", False, False),
        ("fe80::1%eth0", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("nonsense", False, False),
        ("", False, False),
    ],
)
def test_metadata_and_multicast_stay_closed_even_behind_an_allowed_name(
    address: str, public: bool, allowed: bool
) -> None:
    assert may_connect(address, allowed=False) is public
    assert may_connect(address, allowed=True) is allowed


def test_allowing_a_host_allows_its_usual_ports_alone() -> None:
    assert is_allowed("https://h.example/v1", ["H.example "])
    assert is_allowed("http://h.example", ["h.example"])
    assert not is_allowed("https://h.example:8443", ["h.example"])
    assert is_allowed("https://h.example:8443", ["h.example:8443"])
    assert not is_allowed("https://sub.h.example", ["h.example"])
    assert not is_allowed("https://h.example.evil.example", ["h.example"])
