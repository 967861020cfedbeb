"""For students, at the hub: when work is due, what was received of it, and how it stands before it is handed in.

`checks` is the book of what was asked (a queue that survives a restart), `allowance` says who may ask again when,
`examiner` grades in the sandbox, `answer` is what a student is told of it. `received` reads the exchange. `pages` and
`api` show it, in a browser and to `%check_work` in a notebook (`autograder/in_notebook.py`).

What is told: how many of a question's tests passed, and the hints of the others; never a test, a value or an output.
Covered: students reach what is their own alone; the name is the hub's, an assignment is one of the course, and no path
comes from outside. Sizes are bounded. Not covered: which tests pass is itself told, a bit a test and attempt; the
number of attempts is the bound on that.
"""
