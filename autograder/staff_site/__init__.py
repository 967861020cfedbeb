"""The staff's work as a web site: `autograder serve` on this machine, or a service of JupyterHub.

The way through: `access` says who may come in, `site` holds the course and makes addresses, `page` is what all
handlers have in common, `pages` shows and `deeds` changes, `serve` listens. What is shown and changed is that of
`autograder.staff` and `autograder.reports`; nothing is decided here.

Covered: every page needs a login, every change a token of the same browser (XSRF); pages load nothing, run no script
and cannot be framed. Here only this machine can connect, under its own names; at a hub, whom the hub lets in. Not
covered: other programs of the same user on this machine, who can read the course's files anyway.
"""
