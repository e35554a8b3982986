"""What has to be known of a tenant in order to call its Jira."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    """One installed Jira site, as `installed` described it.

    base_url: without a trailing slash. app_key: the add-on's key, the issuer of our tokens. oauth_client_id: needed
    for calls as a user only, None when the installation gave none.
    """

    client_key: str
    base_url: str
    shared_secret: str = field(repr=False)
    app_key: str
    oauth_client_id: str | None = None
