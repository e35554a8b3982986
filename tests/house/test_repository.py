"""What the repository as a whole promises: host-free locks, a documented configuration, links that lead somewhere."""

import re
import subprocess

import pytest

from addon.cli.settings_table import env_example, markdown_table
from tests.house.tree import ROOT


def tracked() -> list[str]:
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_hashed_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"https?://", text)
    pins = re.findall(r"^[a-z0-9].*==.*$", text, re.M)
    assert pins
    assert all(pin.endswith("\\") for pin in pins), "a pin without hashes"


def test_the_readme_lists_every_setting() -> None:
    assert markdown_table() in (ROOT / "README.md").read_text("utf-8"), "run: jiravision settings --markdown"


def test_the_example_environment_lists_every_setting() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == env_example(), "run: jiravision settings --env"


def test_readme_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", (ROOT / "README.md").read_text("utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_path_of_a_machine_is_written_down() -> None:
    wanted = re.compile(r"(?<![a-z])/(?:home|root)/[a-z]")
    kinds = (".py", ".md", ".toml", ".js", ".html", ".sh")
    found = [name for name in tracked() if name.endswith(kinds) and wanted.search((ROOT / name).read_text("utf-8"))]
    assert found == []
