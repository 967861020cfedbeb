"""What teaching staff read after grading: one offline HTML page and one CSV file an assignment.

The way through the package: `write.write_report` asks `model` for everything that the page shows
(`statistics`, `charts` and `details` feed it), `html` renders it, `scores_csv` makes the table.
"""

from autograder.reports.write import ReportPaths, write_report

__all__ = ["ReportPaths", "write_report"]
