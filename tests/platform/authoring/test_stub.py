"""Stubs: signature and docstring stay, bodies go between markers, the text is never rewritten."""

from __future__ import annotations

import ast
import textwrap

import pytest

from autograder.authoring.stub import kept_lines, make_stub, solution_regions
from autograder.errors import AuthoringError


def stub(source: str) -> str:
    return make_stub(textwrap.dedent(source).lstrip("\n"))


def expect(source: str, expected: str) -> None:
    assert stub(source) == textwrap.dedent(expected).lstrip("\n")


def test_a_function_keeps_decorators_comments_signature_and_docstring() -> None:
    expect(
        '''
        # Comment above.
        @decorated(
            1)
        def f(a, *,   b: "int" = 2  # kept
              ) -> None:
            """Docstring

            of three lines."""
            # Comment of the body.
            x = a

            return x  # done
        ''',
        '''
        # Comment above.
        @decorated(
            1)
        def f(a, *,   b: "int" = 2  # kept
              ) -> None:
            """Docstring

            of three lines."""
            ### BEGIN SOLUTION
            # Comment of the body.
            x = a

            return x  # done
            ### END SOLUTION
        ''',
    )


def test_comments_around_a_body_are_part_of_it() -> None:
    expect(
        """
        def f(a):
            # The trick comes first,

            return a

            # and is explained afterwards.
        """,
        """
        def f(a):
            ### BEGIN SOLUTION
            # The trick comes first,

            return a

            # and is explained afterwards.
            ### END SOLUTION
        """,
    )


def test_every_method_has_a_region_and_class_level_code_stays() -> None:
    source = '''
        class A(Base):
            """Docstring."""

            K = 1  # constant

            def __init__(self):
                super().__init__()

            @property
            def one(self) -> int:
                """One."""
                return 1

            class Inner:
                async def two(self):
                    return 2
    '''
    regions = solution_regions(stub(source))
    assert [[line.strip() for line in region] for region in regions] == [
        ["super().__init__()"],
        ["return 1"],
        ["return 2"],
    ]
    kept = kept_lines(stub(source))
    assert "    K = 1  # constant" in kept
    assert '        """One."""' in kept
    assert "        async def two(self):" in kept


def test_a_body_on_the_line_of_its_def_moves_below() -> None:
    expect(
        "def f(x: str = 'é'): return x  # back\n",
        """
        def f(x: str = 'é'):
            ### BEGIN SOLUTION
            return x  # back
            ### END SOLUTION
        """,
    )


def test_one_line_methods_next_to_each_other() -> None:
    assert solution_regions(stub("class A:\n    def a(self): return 1\n    def b(self): return 2\n")) == [
        ["        return 1"],
        ["        return 2"],
    ]


def test_where_the_reference_marks_a_part_only_that_part_is_removed() -> None:
    source = """
        def f(x):
            y = x + 1
            ### BEGIN SOLUTION
            y *= 2
            ### END SOLUTION
            return y
    """
    expect(source, source)


def test_in_a_class_unmarked_methods_are_still_wrapped() -> None:
    source = """
        class A:
            def a(self):
                x = 1
                # BEGIN SOLUTION
                x += 1
                # END SOLUTION
                return x

            def b(self):
                return 2
    """
    assert solution_regions(stub(source)) == [["        x += 1"], ["        return 2"]]
    assert "        x = 1" in kept_lines(stub(source))


def test_methods_that_do_nothing_are_left_alone() -> None:
    source = (
        'class A:\n    def a(self): ...\n    def b(self):\n        "Docstring."\n    def c(self):\n        return 1\n'
    )
    assert solution_regions(stub(source)) == [["        return 1"]]


def test_markers_in_a_string_do_not_count() -> None:
    source = 'def f():\n    return """\nBEGIN SOLUTION\n"""\n'
    assert solution_regions(stub(source)) == [['    return """', "BEGIN SOLUTION", '"""']]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("class A:\n    x = 1\n", "no body"),
        ("def f():\n    ...\n", "no body"),
        ("def f():\n    ### BEGIN SOLUTION\n    return 1\n", "has no `### END SOLUTION`"),
        ("def f():\n    return 1\n    ### END SOLUTION\n", "do not pair up"),
        ("def f():\n    # BEGIN SOLUTION\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n", "do not pair up"),
        ('def f(): "Docstring."; return 1\n', "lines of their own"),
        ('def f():\n    "Docstring."; return 1\n', "lines of their own"),
    ],
)
def test_what_cannot_become_a_stub_is_refused(source: str, message: str) -> None:
    with pytest.raises(AuthoringError, match=message):
        make_stub(source)


@pytest.mark.parametrize(
    "body", ["return 1", "if x:\n        return 2\n    return 3", "'''not a docstring'''.strip()\n    return x"]
)
def test_what_students_get_is_valid_python_that_raises(body: str) -> None:
    text = make_stub(f'def f(x):\n    """Docstring."""\n    {body}\n')
    begin, end = text.index("    ### BEGIN"), text.index("### END SOLUTION") + len("### END SOLUTION")
    cleared = text[:begin] + "    raise NotImplementedError()" + text[end:]
    scope: dict[str, object] = {}
    exec(compile(ast.parse(cleared), "stub", "exec"), scope)
    with pytest.raises(NotImplementedError):
        scope["f"](1)  # type: ignore[operator]
