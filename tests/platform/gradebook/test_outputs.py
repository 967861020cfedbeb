"""Of a student's saved outputs only bounded text and real images are shown."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from autograder.gradebook.outputs import MAX_OUTPUTS, MAX_TEXT, ImageBudget, safe_outputs


def image(kind: str, size: tuple[int, int] = (8, 4)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {k.replace("_", "/", 1): v for k, v in data.items()}}


def safe(*outputs: Any) -> list[dict[str, Any]]:
    return safe_outputs(outputs, ImageBudget())


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_images_are_kept(kind: str) -> None:
    encoded = image(kind)
    lines = "\n".join(encoded[i : i + 76] for i in range(0, len(encoded), 76))
    (shown,) = safe(display(**{f"image_{kind}": lines}, text_plain="<Figure>"))
    assert shown["data"] == {f"image/{kind}": encoded}


@pytest.mark.parametrize(
    "encoded",
    [
        "not base64!",
        base64.b64encode(b"<svg onload=alert(1)>").decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
        image("png")[:-20].replace("iVBOR", "aVBOR"),
        '"><script>alert(1)</script>',
        5,
        None,
        [1],
        image("gif"),
    ],
)
def test_what_is_no_image_is_left_out_with_a_note(encoded: Any) -> None:
    (note,) = safe(display(image_png=encoded))
    assert "left out here: a damaged or too large image/png" in note["text"]


def test_an_image_of_too_many_pixels_is_left_out() -> None:
    bomb = bytearray(base64.b64decode(image("png")))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    assert "left out" in safe(display(image_png=base64.b64encode(bomb).decode()))[0]["text"]


def test_images_of_one_notebook_share_a_budget() -> None:
    encoded = image("png")
    budget = ImageBudget(left=len(base64.b64decode(encoded)) + 10)
    shown = safe_outputs([display(image_png=encoded), display(image_png=encoded)], budget)
    assert [output["output_type"] for output in shown] == ["display_data", "stream"]


@pytest.mark.parametrize(
    "mime", ["text/html", "image/svg+xml", "application/javascript", "text/markdown", "text/latex"]
)
def test_active_outputs_are_left_out_with_a_note_and_their_text_is_kept(mime: str) -> None:
    output = {"output_type": "execute_result", "data": {mime: "<script>alert(1)</script>", "text/plain": "3 rows"}}
    shown = safe(output)
    assert [item["text"] for item in shown] == ["3 rows", f"[left out here: {mime}]"]
    assert "script" not in json.dumps(shown).replace("javascript", "")


def test_text_is_bounded_and_without_terminal_control() -> None:
    stream = {
        "output_type": "stream",
        "name": "stderr",
        "text": ["\x1b[31mred\x1b[0m\x1b]0;title\x07\x07", "z" * 100_000],
    }
    (shown,) = safe(stream)
    assert shown["text"].startswith("redzzz")
    assert len(shown["text"]) <= MAX_TEXT + 2
    assert len(safe(*[stream] * 100)) <= MAX_OUTPUTS + 1


def test_an_error_is_shown_as_its_last_line() -> None:
    output = {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["<b>x</b>"] * 10_000}
    assert safe(output) == [{"output_type": "stream", "name": "stdout", "text": "ValueError: bad"}]


junk = st.recursive(
    st.none() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        junk
        | st.fixed_dictionaries(
            {},
            optional={
                "output_type": junk | st.just("error"),
                "text": junk,
                "ename": junk,
                "data": st.dictionaries(st.sampled_from(["image/png", "text/plain", "text/html", "\n<x>"]), junk),
            },
        ),
        max_size=5,
    )
)
def test_any_outputs_are_handled(outputs: list[Any]) -> None:
    for shown in safe(*outputs):
        assert shown["output_type"] in {"stream", "display_data"}
        json.dumps(shown).encode("ascii")
