"""Who uses the pretend sites, and what each role may do.

Account ids are the same on every site, as they are in Atlassian's cloud.
"""

from dataclasses import dataclass

VIEWER = frozenset({"BROWSE_PROJECTS"})
DEVELOPER = VIEWER | {
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "ADD_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "LINK_ISSUES",
    "CREATE_ATTACHMENTS",
    "ASSIGN_ISSUES",
    "ASSIGNABLE_USER",
    "TRANSITION_ISSUES",
}
LEAD = DEVELOPER | {
    "ADMINISTER_PROJECTS",
    "EDIT_ALL_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_ISSUES",
    "MODIFY_REPORTER",
}
ADDON = DEVELOPER | {"DELETE_ISSUES"}
ROLES = {"viewer": VIEWER, "developer": DEVELOPER, "lead": LEAD, "addon": ADDON}
GLOBAL_PERMISSIONS = frozenset({"ADMINISTER", "USER_PICKER", "BULK_CHANGE"})
PROJECT_PERMISSIONS = LEAD


@dataclass(slots=True)
class User:
    """One account. slug: the short name used by the control API. kind: atlassian or app."""

    account_id: str
    name: str
    slug: str = ""
    kind: str = "atlassian"
    time_zone: str = "Europe/Paris"
    locale: str = "en_US"
    site_admin: bool = False


def cast() -> list[User]:
    """The people every site starts with, most powerful first."""
    return [
        User(
            # The samples were written by her, so she is the same account here.
            "712020:6d6c7882-fe3f-d5c9-7377-2bafa2a18731",
            "Ann Lee",
            "ann",
            time_zone="Europe/London",
            site_admin=True,
        ),
        User("712020:9a4a52c1-1a0e-4a8e-8c0b-5a0d3f8f7b11", "Paul Verne", "paul", locale="fr_FR"),
        User("712020:3f1fd27c-62a7-4c2b-b1a4-0c8d5e7a9c22", "Tess Marlow", "tess"),
        User("712020:c07b1e90-8d5d-4f4e-9f6a-7be2f1d4a633", "Vera Lind", "vera", time_zone="Europe/Stockholm"),
        User("712020:5e2d9b64-0b7c-4c55-a3f0-2d9c6b1e8f44", "Nina Kovac", "nina", time_zone="Europe/Zagreb"),
    ]


def default_roles(*, secret: bool) -> dict[str, str]:
    """slug -> role in a project; a secret project is open to Ann, Paul and the add-on only."""
    if secret:
        return {"ann": "lead", "paul": "lead", "app": "addon"}
    return {
        "ann": "lead",
        "paul": "lead",
        "tess": "developer",
        "vera": "viewer",
        "nina": "developer",
        "app": "addon",
    }
