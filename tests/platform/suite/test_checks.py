"""The checks of hidden tests: what passes, what does not, and which of the two texts says what."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.suite import (
    StudentError,
    WrongAnswer,
    assert_close,
    assert_scalar,
    assert_shape,
    assert_tensor,
    raises_in_student,
    require,
)

NAN, INF = float("nan"), float("inf")


def refused(check: Callable[..., Any], *args: Any, **kwargs: Any) -> WrongAnswer:
    """The WrongAnswer that the check must raise."""
    with pytest.raises(WrongAnswer) as caught:
        check(*args, **kwargs)
    return caught.value


class TestRequire:
    def test_it_passes_and_fails(self) -> None:
        require(True, "m")
        require(torch.tensor(True), "m")
        error = refused(require, False, "for staff", "for the student")
        assert (str(error), error.hint) == ("for staff", "for the student")

    @pytest.mark.parametrize("condition", [None, 0, "", [], torch.tensor(False)])
    def test_what_is_not_true_fails(self, condition: object) -> None:
        refused(require, condition, "m")


class TestAssertTensor:
    def test_it_returns_the_tensor(self) -> None:
        tensor = torch.ones(2)
        assert assert_tensor(tensor) is tensor

    @pytest.mark.parametrize("value", [None, 1.0, True, [1.0], (torch.ones(1),), "tensor", {}, object(), math])
    def test_anything_else_is_named(self, value: object) -> None:
        error = refused(assert_tensor, value, name="the KL divergence")
        assert type(value).__name__ in str(error)
        assert error.hint.startswith("The KL divergence should be a tensor.")


class TestAssertShape:
    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (1, 1, 1)])
    def test_the_same_shape(self, shape: tuple[int, ...]) -> None:
        assert_shape(torch.zeros(shape), shape)
        assert_shape(torch.zeros(shape), list(shape))
        assert_shape(torch.zeros(shape), torch.Size(shape))

    @pytest.mark.parametrize(
        ("actual", "wanted"),
        [((3,), (1, 3)), ((1,), ()), ((), (1,)), ((3, 2), (2, 3)), ((2, 3, 1), (2, 3)), ((0,), ())],
    )
    def test_broadcastable_is_not_equal(self, actual: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        error = refused(assert_shape, torch.zeros(actual), wanted, name="z", hint="sum over D")
        assert str(error) == f"z has shape {list(actual)}, expected {list(wanted)}"
        assert error.hint == "sum over D"


class TestAssertScalar:
    def test_a_finite_number_of_no_dimensions(self) -> None:
        assert_scalar(torch.tensor(1.5))
        assert_scalar(torch.tensor(1.5, dtype=torch.bfloat16, requires_grad=True))

    @pytest.mark.parametrize(
        "value",
        [torch.tensor([1.5]), torch.tensor(1), torch.tensor(True), torch.tensor(NAN), torch.tensor(-INF),
         torch.tensor(1j), 1.5, None],
        ids=str,
    )  # fmt: skip
    def test_all_else_fails(self, value: object) -> None:
        refused(assert_scalar, value)


class TestAssertClose:
    def test_within_and_beyond_the_tolerance(self) -> None:
        want = torch.tensor([1.0, -100.0, 0.0], dtype=torch.float64)
        assert_close(want + torch.tensor([0.9e-4, -0.9e-2, 0.9e-6]), want)
        for off in ([1.2e-4, 0, 0], [0, 1.2e-2, 0], [0, 0, 1.2e-6]):
            refused(assert_close, want + torch.tensor(off), want)
        assert_close(want + 0.1, want, atol=0.2)

    def test_exactly_where_no_tolerance_is_given(self) -> None:
        assert_close(torch.tensor(2.0), 2.0, rtol=0, atol=0)
        refused(assert_close, torch.tensor(2.0000002), 2.0, rtol=0, atol=0)

    @pytest.mark.parametrize(
        "actual", [torch.tensor(2.0), torch.tensor(2), 2, 2.0, torch.tensor(2.0, requires_grad=True),
                   torch.tensor(2.0, dtype=torch.float16)], ids=repr,
    )  # fmt: skip
    def test_a_number_may_come_in_any_numeric_type(self, actual: object) -> None:
        assert_close(actual, 2.0)
        assert_close(actual, torch.tensor(2.0))

    @pytest.mark.parametrize(
        "actual",
        [None, True, False, "2.0", [2.0], (2.0,), {}, object(), torch.tensor([2.0]), torch.tensor([[2.0]]),
         torch.tensor([]), torch.tensor(2.0 + 0j), 2 + 0j, torch.tensor(NAN), NAN, INF, -INF, torch.tensor(INF)],
        ids=lambda value: repr(value).partition(" at ")[0],
    )  # fmt: skip
    def test_what_never_equals_a_number(self, actual: object) -> None:
        refused(assert_close, actual, 2.0)
        refused(assert_close, actual, 2.0, rtol=INF, atol=1e9)

    @pytest.mark.parametrize("place", [0, 1, 2])
    @pytest.mark.parametrize("bad", [NAN, INF, -INF])
    def test_one_bad_entry_spoils_all(self, bad: float, place: int) -> None:
        actual = torch.ones(3)
        actual[place] = bad
        for tolerance in (1e-6, INF):
            error = refused(assert_close, actual, torch.ones(3), atol=tolerance)
            assert "NaN or infinite" in str(error)
            assert "NaN or infinite" in error.hint

    @pytest.mark.parametrize("want", [NAN, INF, -INF])
    def test_an_expected_value_that_is_broken_passes_nobody(self, want: float) -> None:
        """|actual - inf| <= rtol * inf would hold for every number."""
        for actual in (NAN, INF, -INF, 0.0):
            with pytest.raises(ValueError, match="expected value"):
                assert_close(actual, want)
            with pytest.raises(ValueError, match="expected value"):
                assert_close(torch.tensor([1.0, actual]), torch.tensor([1.0, want]))

    @pytest.mark.parametrize("shape", [(3, 1), (1, 3), (), (1,), (3, 3), (2,)])
    def test_a_shape_that_only_broadcasts(self, shape: tuple[int, ...]) -> None:
        refused(assert_close, torch.ones(shape), torch.ones(3))

    def test_the_message_is_for_staff_and_the_hint_for_the_student(self) -> None:
        error = refused(assert_close, torch.tensor([1.0, 7.25]), torch.tensor([1.0, 31.5]), name="z", hint="Think.")
        assert "7.25 where 31.5 was expected" in str(error)
        assert "flat index 1 of 2" in str(error)
        assert error.hint == "Think."

    def test_the_worst_entry_is_named(self) -> None:
        want = torch.tensor([1.0, 1000.0, 0.0])
        assert "flat index 2" in str(refused(assert_close, want + torch.tensor([0.0, 0.05, 0.01]), want))

    @given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.floats(allow_nan=True), st.integers(0, 4))
    def test_whatever_differs_fails(self, values: list[float], other: float, place: int) -> None:
        want = torch.tensor(values, dtype=torch.float64)
        actual = want.clone()
        actual[place % len(values)] = other
        within = abs(other - values[place % len(values)]) <= 1e-6 + 1e-4 * abs(values[place % len(values)])
        if within:
            assert_close(actual, want)
        else:
            refused(assert_close, actual, want)


class TestNamedMistakes:
    RIGHT = torch.tensor([1.0, 2.0])
    HALF, SIGN = "You took the half.", "The sign is wrong."
    MISTAKES = {HALF: torch.tensor([0.5, 1.0]), SIGN: torch.tensor([-1.0, -2.0])}  # noqa: RUF012

    def hint(self, actual: object, **mistakes: Any) -> str:
        return refused(assert_close, actual, self.RIGHT, hint="default", mistakes=mistakes or self.MISTAKES).hint

    def test_the_mistake_that_fits_is_named(self) -> None:
        assert self.hint(torch.tensor([0.5, 1.0])) == self.HALF
        assert self.hint(torch.tensor([-1.0, -2.0])) == self.SIGN
        assert self.hint(torch.tensor([9.0, 9.0])) == "default"

    def test_the_right_answer_passes_whatever_is_named(self) -> None:
        assert_close(self.RIGHT, self.RIGHT, mistakes={**self.MISTAKES, "right": self.RIGHT})

    def test_an_entry_that_equals_the_right_answer_is_ignored(self) -> None:
        """Some mistakes give the right value for some inputs; naming them there would be a lie."""
        assert self.hint(torch.tensor([5.0, 5.0]), trap=self.RIGHT, seen=torch.tensor([5.0, 5.0])) == "seen"

    def test_the_first_that_fits_wins(self) -> None:
        assert self.hint(torch.tensor([0.5, 1.0]), first=torch.tensor([0.5, 1.0]), second=torch.tensor([0.5, 1.0])) == (
            "first"
        )

    def test_a_mistake_of_another_shape(self) -> None:
        """A sum over the wrong dimension has another shape; it is named all the same."""
        assert self.hint(torch.tensor(3.0), summed=torch.tensor(3.0)) == "summed"
        assert self.hint(torch.tensor([3.0]), summed=torch.tensor(3.0)) == "default"

    def test_a_mistake_that_gives_nan(self) -> None:
        assert self.hint(torch.tensor([NAN, 1.0]), logarithm=torch.tensor([NAN, 1.0])) == "logarithm"

    def test_a_float_as_a_mistake(self) -> None:
        assert refused(assert_close, 0.5, 1.0, mistakes={"half": 0.5}).hint == "half"
        assert refused(assert_close, 2, 1.0, mistakes={"double": 2}).hint == "double"

    def test_a_function_is_asked_for_mistakes_where_the_answer_is_wrong(self) -> None:
        asked = []

        def named() -> dict[str, torch.Tensor]:
            asked.append(1)
            return self.MISTAKES

        assert_close(self.RIGHT, self.RIGHT, mistakes=named)
        assert asked == []
        assert refused(assert_close, torch.tensor([0.5, 1.0]), self.RIGHT, mistakes=named).hint == self.HALF
        assert asked == [1]

    def test_odd_answers_meet_mistakes_without_harm(self) -> None:
        for actual in (None, torch.tensor([1j, 2j]), torch.tensor([True, False]), torch.tensor([]), [0.5, 1.0], "x"):
            assert isinstance(self.hint(actual), str)

    def test_no_hint_has_a_number_that_the_author_did_not_write(self) -> None:
        for actual in (torch.tensor([31.41592, 0.0]), torch.tensor([NAN, 31.41592]), torch.ones(3), None, 31.41592):
            hint = refused(assert_close, actual, torch.tensor([27.18281, 1.0]), hint="h").hint
            assert not any(c.isdigit() for c in hint)


class TestRaisesInStudent:
    @staticmethod
    def error(name: str, *bases: str, missing: str = "") -> StudentError:
        return StudentError(name, "31.41592", (name, *bases, "Exception"), missing=missing)

    @pytest.mark.parametrize("wanted", [("ValueError",), ("TypeError", "ValueError"), ("Exception",), ()])
    def test_the_error_that_was_asked_for(self, wanted: tuple[str, ...]) -> None:
        with raises_in_student(*wanted):
            raise self.error("ValueError")

    def test_a_subclass_counts(self) -> None:
        with raises_in_student("ValueError"):
            raise self.error("MyError", "ValueError")

    def test_no_error_fails(self) -> None:
        def check() -> None:
            with raises_in_student("ValueError", hint="Say so."):
                pass

        assert refused(check).hint == "Say so."

    def test_another_error_fails(self) -> None:
        def check() -> None:
            with raises_in_student("ValueError", hint="Say so."):
                raise self.error("KeyError")

        error = refused(check)
        assert error.hint == "Say so."
        assert "KeyError" in str(error)

    @pytest.mark.parametrize(
        "blank", [StudentError("NotImplementedError", "", ("NotImplementedError", "RuntimeError", "Exception")),
                  StudentError("Mine", "", ("Mine", "NotImplementedError", "ValueError")),
                  StudentError("MissingName", "", missing="f")], ids=str,
    )  # fmt: skip
    def test_what_is_not_written_never_counts(self, blank: StudentError) -> None:
        with pytest.raises(StudentError), raises_in_student("NotImplementedError", "RuntimeError", "Exception"):
            raise blank

    def test_errors_of_the_test_itself_are_not_the_students(self) -> None:
        with pytest.raises(ZeroDivisionError), raises_in_student("ZeroDivisionError"):
            1 / 0  # noqa: B018
