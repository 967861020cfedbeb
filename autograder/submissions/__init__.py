"""What students handed in: found on disk and parsed. Every byte here is hostile."""

from autograder.submissions.find import Found, FoundSubmission, find_submissions
from autograder.submissions.parse import Cell, Kind, ParsedSubmission, parse_submission

__all__ = ["Cell", "Found", "FoundSubmission", "Kind", "ParsedSubmission", "find_submissions", "parse_submission"]
