"""Ordinary nbgrader assignments (assert cells, partial credit, hidden tests, manual cells), run in the sandbox.

nbgrader's own autograde does all but two steps: `execute` runs the cells in a confined process instead of a kernel,
and `scores` gives points by how each cell of tests ended instead of by what its outputs look like.

Covered: what students' code can reach (nothing of the machine, the class or the gradebook); points for a cell that did
not run, that ended its process, or that wrote a number out of range.
Not covered: tests in a notebook share the process with the student's code, which can change what they call. Hidden
suites (`tests/hidden/`) are what nobody can forge; this is for assignments that are not written for them yet.
"""
