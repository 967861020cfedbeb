"""Staff who have logged in to JupyterHub, and whom it lets use this service: OAuth, by JupyterHub's own code.

Who that is says the hub: a role with the scope access:services!service=<this service>. Its proxy is the only way in
from outside; what it asks for is checked there, so that any name of the host is answered.
"""

from __future__ import annotations

import os
from typing import Any, cast
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import RequestHandler

from autograder.errors import UsageError


class HubAccess:
    """Whom the hub lets in."""

    def name_of(self, handler: RequestHandler) -> str | None:
        user = handler.current_user
        return str(user["name"]) if user else None

    def turn_away(self, handler: RequestHandler) -> None:
        """To the hub's login and back; whoever is logged in and may not gets 403, and so does a form without login."""
        if handler.request.method not in ("GET", "HEAD"):
            handler.set_status(403)
            handler.finish("Log in first.\n")
            return
        handler.redirect(handler.get_login_url())

    def dressed(self, handler: type[RequestHandler]) -> type[RequestHandler]:
        # JupyterHub's check of forms comes first otherwise, and does not know yet that a token was sent.
        own = {"check_xsrf_cookie": handler.check_xsrf_cookie} if getattr(handler, "for_programs", False) else {}
        return cast("type[RequestHandler]", type(handler.__name__, (HubOAuthenticated, handler), own))

    def routes(self) -> list[Any]:
        return [("oauth_callback", HubOAuthCallbackHandler)]


def service_place() -> tuple[str, int, str]:
    """Host and port to listen on, and what all addresses begin with.

    Raises:
        UsageError: the hub's variables are not there.
    """
    try:
        url, prefix = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]), os.environ["JUPYTERHUB_SERVICE_PREFIX"]
        assert url.hostname
        assert url.port
    except (KeyError, AssertionError, ValueError):
        raise UsageError("--hub is for JupyterHub, which starts this as a service; see autograder/hub.") from None
    return url.hostname, url.port, prefix
