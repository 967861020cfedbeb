"""%check_work and %my_work in every notebook."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.InteractiveShellApp.extra_extensions = ["autograder.in_notebook"]
