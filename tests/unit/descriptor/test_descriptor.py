import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from descriptor.build import build, load

ROOT = Path(__file__).parents[3]
FRAMED = ("jiraProjectAdminTabPanels", "jiraProjectPages", "adminPages")


def served(base_url: str = "https://vision.example.com") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(build(base_url, "com.jiravision.addon").body)
    return found


def schema(name: str) -> dict[str, Any]:
    folder = os.environ.get("JIRAVISION_SCHEMAS")
    if not folder:
        pytest.skip("JIRAVISION_SCHEMAS names no folder with Atlassian's schemas")
    found: dict[str, Any] = json.loads((Path(folder) / name).read_text("utf-8"))
    return found


def texts(part: object) -> list[str]:
    if isinstance(part, dict):
        return [found for each in part.values() for found in texts(each)]
    if isinstance(part, list):
        return [found for each in part for found in texts(each)]
    return [part] if isinstance(part, str) else []


def labels(part: object) -> dict[str, str]:
    if isinstance(part, dict):
        own = {part["i18n"]: part["value"]} if "i18n" in part else {}
        return own | {k: v for each in part.values() for k, v in labels(each).items()}
    if isinstance(part, list):
        return {k: v for each in part for k, v in labels(each).items()}
    return {}


@pytest.mark.parametrize("base_url", ["https://vision.example.com", "https://example.com/tools/vision"])
def test_descriptor_satisfies_the_schema(base_url: str) -> None:
    jsonschema.Draft4Validator(schema("connect-descriptor.schema.json")).validate(served(base_url))


def test_issue_panel_satisfies_the_newer_schema_of_its_module() -> None:
    newer = schema("forge-manifest.schema.json")
    module = newer["definitions"]["ModuleSchema"]["properties"]["connect-jira:jiraIssueContexts"]
    validator = jsonschema.Draft7Validator({"definitions": newer["definitions"], **module})
    validator.validate(served()["modules"]["jiraIssueContexts"])


def test_no_placeholder_is_left() -> None:
    assert not [text for text in texts(served()) if "{{" in text]


def test_path_prefix_stays_in_the_base_url_and_out_of_the_module_urls() -> None:
    found = served("https://example.com/vision/")
    assert found["baseUrl"] == "https://example.com/vision"
    assert found["links"]["self"] == "https://example.com/vision/atlassian-connect.json"
    assert found["modules"]["webhooks"][0]["url"] == "/webhooks/issue-created"


def test_every_address_of_ours_is_relative_to_the_base_url() -> None:
    found = served()
    urls = [module["url"] for name in FRAMED for module in found["modules"][name]]
    urls += [found["modules"]["configurePage"]["url"], found["modules"]["jiraIssueContexts"][0]["target"]["url"]]
    urls += [*found["lifecycle"].values(), *found["translations"]["paths"].values()]
    assert all(url.startswith("/") and not url.startswith("//") for url in urls)


def test_only_handled_webhooks_are_asked_for() -> None:
    assert [hook["event"] for hook in served()["modules"]["webhooks"]] == ["jira:issue_created", "jira:issue_updated"]


def test_scopes_stay_as_small_as_the_work_needs() -> None:
    assert served()["scopes"] == ["READ", "WRITE", "DELETE", "ACT_AS_USER"]


def test_signed_installs_and_context_tokens_are_asked_for() -> None:
    assert served()["apiMigrations"] == {"gdpr": True, "signed-install": True, "context-qsh": True}


def test_module_keys_are_unique_and_well_formed() -> None:
    modules = served()["modules"].values()
    keys = [m["key"] for group in modules for m in (group if isinstance(group, list) else [group]) if "key" in m]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[a-zA-Z0-9-]{1,100}", key) for key in keys)


def test_settings_page_hangs_in_the_section_of_the_project_settings() -> None:
    modules = served()["modules"]
    sections = {section["key"]: section["location"] for section in modules["webSections"]}
    assert sections[modules["jiraProjectAdminTabPanels"][0]["location"]] == "atl.jira.proj.config"
    assert sections[modules["adminPages"][0]["location"].partition("/")[2]] == "admin_plugins_menu"


def test_every_label_is_translated_into_every_offered_language() -> None:
    found = served()
    for path in found["translations"]["paths"].values():
        translated = json.loads((ROOT / path.lstrip("/")).read_text("utf-8"))
        assert translated.keys() == labels(found["modules"]).keys()


def test_english_labels_are_those_of_the_descriptor() -> None:
    english = json.loads((ROOT / "static" / "descriptor" / "en-US.json").read_text("utf-8"))
    assert english == labels(served()["modules"])


def test_icon_is_a_picture_without_script() -> None:
    path = urlsplit(served()["modules"]["jiraIssueContexts"][0]["icon"]["url"]).path
    root = ElementTree.fromstring((ROOT / path.lstrip("/")).read_text("utf-8"))
    assert root.tag.endswith("svg")
    assert not [each for each in root.iter() if each.tag.endswith("script") or "href" in "".join(each.attrib)]


def test_etag_follows_the_content() -> None:
    first, again = build("https://a.example", "key"), build("https://a.example/", "key")
    assert first == again
    assert first.etag != build("https://b.example", "key").etag
    assert re.fullmatch(r'"[0-9a-f]{32}"', first.etag)


def test_a_hostile_base_url_stays_one_text() -> None:
    found = json.loads(build('https://a.example","x":"', "key").body)
    assert found["baseUrl"] == 'https://a.example","x":"'
    assert found.keys() == load().keys()
