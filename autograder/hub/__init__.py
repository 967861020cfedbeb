"""A JupyterHub with the course on it: `autograder hub`.

The way through: `place` says where everything lies, `prepare` fills it (releases in the exchange, a class, nbgrader's
configuration for students and for staff), `settings` is what JupyterHub is told, `configure` tells it, `run` starts it
and ends every process that it started.

Now there is one mode, *demo*: all accounts of the hub are one account of this machine, so they are not safe from each
other. It listens on this machine alone, and says what it is on every page of the hub.
"""
