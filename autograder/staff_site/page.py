"""What all pages for staff have in common."""

from __future__ import annotations

from autograder.staff_site.site import Site
from autograder.web.page import Page


class StaffPage(Page):
    """A handler behind the login."""

    @property
    def site(self) -> Site:
        site: Site = self.settings["site"]
        return site
