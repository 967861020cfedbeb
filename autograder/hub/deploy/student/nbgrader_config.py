"""nbgrader in a student's server: list, fetch, submit and feedback go through the hub's service."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "genai"  # `id` in assignments/course.toml
c.ExchangeFactory.list = "autograder.in_exchange.HubList"
c.ExchangeFactory.fetch_assignment = "autograder.in_exchange.HubFetchAssignment"
c.ExchangeFactory.submit = "autograder.in_exchange.HubSubmit"
c.ExchangeFactory.fetch_feedback = "autograder.in_exchange.HubFetchFeedback"
