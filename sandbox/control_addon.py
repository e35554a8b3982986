"""Control API: the add-on's installation, trouble on order, the logs, tokens for tests."""

import json
from typing import Any

from starlette.requests import Request

from sandbox import faults, frames
from sandbox.desk import Body, ControlError, Desk
from sandbox.signing import Life, qsh, symmetric
from sandbox.webhooks import Delivery


class AddonControl(Desk):
    """The add-on as one site sees it."""

    async def state(self, _: Body, __: Request) -> Any:
        site, installed = self.site, self.site.installation
        return {
            "name": site.name,
            "base_url": site.base_url,
            "client_key": site.client_key,
            "installation": None
            if installed is None
            else {
                "addon": installed.addon,
                "key": installed.key,
                "base_url": installed.base_url,
                "state": installed.state,
                "client_key": installed.client_key,
                "shared_secret": installed.shared_secret,
                "oauth_client_id": installed.oauth_client_id,
                "app_account": installed.app_account,
            },
            "users": {u.slug: u.account_id for u in site.users.values() if u.slug},
            "projects": {p.key: {"id": p.id, "roles": p.roles} for p in site.projects.values()},
            "counts": {
                "issues": len(site.issues),
                "requests": len(site.requests),
                "deliveries": len(site.deliveries),
                "complaints": len(site.complaints),
            },
        }

    async def install(self, body: Body, _: Request) -> Any:
        installed = await self.place.lifecycle.install(str(body.get("addon") or self._addon()))
        return {"state": installed.state, "client_key": installed.client_key}

    async def uninstall(self, body: Body, _: Request) -> Any:
        await self.place.lifecycle.uninstall(late_disabled=bool(body.get("late_disabled")))
        return {"state": "uninstalled"}

    async def disable(self, _: Body, __: Request) -> Any:
        await self.place.lifecycle.set_enabled(False)
        return {"state": "disabled"}

    async def enable(self, _: Body, __: Request) -> Any:
        await self.place.lifecycle.set_enabled(True)
        return {"state": "enabled"}

    async def import_site(self, _: Body, __: Request) -> Any:
        installed = await self.place.lifecycle.import_site()
        return {"state": installed.state, "client_key": installed.client_key}

    async def settings(self, body: Body, _: Request) -> Any:
        """{"webhook_retry_s", "webhook_timeout_s", "webhook_retries", "xray_drops_steps"}"""
        if "xray_drops_steps" in body:
            self.site.xray_drops_steps = bool(body["xray_drops_steps"])
        for name in ("webhook_retry_s", "webhook_timeout_s"):
            if name in body:
                setattr(self.site, name, float(body[name]))
        if "webhook_retries" in body:
            self.site.webhook_retries = int(body["webhook_retries"])
        names = ("webhook_retry_s", "webhook_timeout_s", "webhook_retries", "xray_drops_steps")
        return {name: getattr(self.site, name) for name in names}

    async def order_fault(self, body: Body, _: Request) -> Any:
        try:
            faults.order(self.site, body)
        except TypeError as error:
            raise ControlError(str(error)) from error
        return {"faults": faults.listed(self.site)}

    async def list_faults(self, _: Body, __: Request) -> Any:
        return {"faults": faults.listed(self.site)}

    async def requests(self, _: Body, request: Request) -> Any:
        wanted = request.query_params.get("operation")
        return {"requests": [r for r in self.site.requests if wanted in (None, r["operation"])]}

    async def complaints(self, _: Body, request: Request) -> Any:
        """Requests of the add-on that were wrong; with all=1 also those refused for want of a right or of the thing."""
        everything = request.query_params.get("all")
        return {"complaints": [c for c in self.site.complaints if c["wrong"] or everything]}

    async def deliveries(self, _: Body, request: Request) -> Any:
        wanted = request.query_params.get("issue")
        return {"deliveries": [d.shown() for d in self.site.deliveries if wanted in (None, d.issue)]}

    async def repeat(self, _: Body, request: Request) -> Any:
        try:
            return self.place.webhooks.repeat(int(request.path_params["n"])).shown()
        except IndexError as error:
            raise ControlError("there is no such delivery") from error

    async def raw_webhook(self, body: Body, _: Request) -> Any:
        """Delivers {"payload": any JSON, "event"?, "path"?, "user"?, "identifier"?, "trace"?}, properly signed."""
        installed, payload = self.installed(), body.get("payload", {})
        event = str(
            body.get("event")
            or (payload.get("webhookEvent") if isinstance(payload, dict) else "")
            or "jira:issue_created"
        )
        hooks = installed.descriptor.get("modules", {}).get("webhooks", [])
        path = body.get("path") or next(
            (h["url"] for h in hooks if h["event"] == event), hooks[0]["url"] if hooks else "/"
        )
        user = self.site.user(body.get("user"))
        text = payload if isinstance(payload, str) else json.dumps(payload)
        delivery = Delivery(event, None, installed.base_url + path, text.encode(), user.account_id if user else None)
        # Whatever the payload says, the envelope is right: the add-on must judge the content.
        delivery.trace = body.get("trace")
        delivery.identifier = body.get("identifier") or delivery.identifier
        return self.place.webhooks.send(delivery).shown()

    async def token(self, _: Body, request: Request) -> Any:
        """A signed token; asked for by the names of this function's reads. A page's answer holds its whole url too.

        kind: context, page, webhook or lifecycle. ttl_s: how long it lives. age_s: how long ago it was made.
        """
        asked, installed = request.query_params, self.installed()
        account = self.user_named(asked["user"]).account_id if asked.get("user") else None
        issue = self.issue_named(asked["issue"]) if asked.get("issue") else None
        where = frames.Where(issue, self.project_named(asked["project"]) if asked.get("project") else None)
        kind, path = asked.get("kind", "context"), asked.get("path", "/")
        # Stale and short-lived tokens are ordered by age and lifetime, so that no test has to wait.
        life = Life(float(asked.get("ttl_s", 900)), float(asked.get("age_s", 0)))
        if kind == "context":
            return {"token": frames.context_token(self.site, account, where=where, life=life)}
        if kind == "page":
            url = frames.page(self.site, path, account_id=account, life=life)
            return {"token": url.rpartition("jwt=")[2], "url": url}
        hashed = qsh(asked.get("method", "POST"), path)
        if kind == "lifecycle":
            audience = asked.get("audience", installed.base_url)
            return {"token": self.place.lifecycle.keys.sign(installed.client_key, audience, hashed=hashed, life=life)}
        claims = {"iss": installed.client_key, "sub": account, "qsh": hashed}
        return {"token": symmetric(installed.shared_secret, claims, life=life)}

    async def clear(self, body: Body, _: Request) -> Any:
        """{"what": [requests, complaints, deliveries, faults]}: empties these logs, all of them by default."""
        for name in body.get("what") or ("requests", "complaints", "deliveries", "faults"):
            getattr(self.site, name).clear()
        return {}

    def _addon(self) -> str:
        if self.site.installation is None:
            raise ControlError('say which add-on: {"addon": base_url}')
        return self.site.installation.addon
