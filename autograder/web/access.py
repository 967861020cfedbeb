"""Who may come in: the ways of knowing, and the one for a single person at this machine.

On this machine: whoever opens the address that `autograder serve` prints, which holds a secret, as Jupyter's does. On
a shared machine students can reach the port, too, and so the port alone opens nothing.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest
from typing import Any, Protocol

from tornado.web import RequestHandler

COOKIE = "autograder-staff"
SECRET_BYTES = 24


class Access(Protocol):
    """A way of knowing who asks."""

    def name_of(self, handler: RequestHandler) -> str | None:
        """Who this is, for the record of deeds; None where it is nobody who may come in."""

    def turn_away(self, handler: RequestHandler) -> None:
        """Finish the answer to somebody who may not, or not yet."""

    def dressed(self, handler: type[RequestHandler]) -> type[RequestHandler]:
        """The handler with what this way of knowing needs of it."""

    def routes(self) -> list[Any]:
        """Addresses of its own, below the site's."""


class SecretAddress:
    """One person at this machine, who knows the secret.

    Attributes:
        secret: part of the address that is printed.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.secret = secrets.token_urlsafe(SECRET_BYTES)

    def name_of(self, handler: RequestHandler) -> str | None:
        return self.name if handler.get_signed_cookie(COOKIE) == self.secret.encode() else None

    def turn_away(self, handler: RequestHandler) -> None:
        handler.set_status(403)
        handler.finish("Open the address that `autograder serve` printed; it holds a secret that lets you in.\n")

    def dressed(self, handler: type[RequestHandler]) -> type[RequestHandler]:
        return handler

    def routes(self) -> list[Any]:
        return [("login", _Login, {"access": self})]


class _Login(RequestHandler):
    def initialize(self, access: SecretAddress) -> None:
        self.access = access

    def get(self) -> None:
        if not compare_digest(self.get_query_argument("secret", "").encode(), self.access.secret.encode()):
            self.access.turn_away(self)
            return
        # A cookie of this browser window, which no script can read, and no other site's link or form can send.
        self.set_signed_cookie(COOKIE, self.access.secret, expires_days=None, httponly=True, samesite="Lax")
        self.set_header("Referrer-Policy", "no-referrer")
        self.redirect(self.settings["site"].url())
