"""What teaching staff do by hand: who looks at what, rubrics, appeals, and a record of who did it when.

The way through: `duties` says what needs a person, `book` keeps who it falls to and all that was done,
`split` deals out what is new, `queue` puts the three together, `marking` writes points by rubric into
nbgrader's gradebook.
"""
