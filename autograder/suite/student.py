"""What a hidden test sees of a student's notebook: the `student` fixture's types.

`Student` and `Handle` turn Python calls into requests and replies into values. They do not know
who answers: a sandboxed process (`autograder.sandbox`) or the reference in this process
(`autograder.suite.local`). Nothing that comes back is trusted: it has been parsed into numbers,
strings, lists, dicts, tensors and opaque handles before it gets here.
"""
