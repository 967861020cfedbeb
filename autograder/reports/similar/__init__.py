"""Submissions that look alike, for a person to look at: `autograder similar`.

The way through: `shape` turns an answer into what is left when names, comments and layout are taken away,
`fingerprints` picks hashes of it, `pairs` finds students who share rare ones, `page` shows them side by side.

Covered: code that was renamed, reformatted, re-commented, or moved within an answer. Not covered: code outside
the answers' cells, written answers, code rewritten statement by statement, groups of more than
`pairs.MOST_SHARERS` students with the same code. Nothing here says that anybody copied.
"""

from autograder.reports.similar.write import SimilarPaths, write_similar

__all__ = ["SimilarPaths", "write_similar"]
