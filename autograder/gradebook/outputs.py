"""Which saved outputs of a student's cell may be shown to whoever grades.

Covered: only PNG and JPEG images that are what they say (base64, signature, size in bytes and in
pixels) and plain text, all bounded. HTML, SVG, JavaScript, Markdown, LaTeX, widgets and PDF are
left out with a note. Terminal control sequences are removed.
Not covered: whether the outputs were ever produced by the code. Grading never reads them.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.submissions.wording import quoted

MAX_TEXT = 8_000
MAX_OUTPUTS = 20
MAX_IMAGE_BYTES = 2 * 2**20
MAX_IMAGES_BYTES = 8 * 2**20  # of one notebook
MAX_PIXELS = 40_000_000

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MIME = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}", re.IGNORECASE)


@dataclass(slots=True)
class ImageBudget:
    """How many bytes of images one notebook may still show."""

    left: int = MAX_IMAGES_BYTES

    def image(self, mime: str, encoded: Any) -> str | None:
        """The base64 text of a PNG or JPEG that may be shown, without line breaks; None otherwise."""
        text = "".join(encoded) if isinstance(encoded, list) and all(isinstance(e, str) for e in encoded) else encoded
        if not isinstance(text, str) or len(text) > 2 * MAX_IMAGE_BYTES:
            return None
        try:
            data = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
        size = {"image/png": _png_size, "image/jpeg": _jpeg_size}[mime](data)
        if size is None or not 0 < size[0] * size[1] <= MAX_PIXELS or len(data) > min(MAX_IMAGE_BYTES, self.left):
            return None
        self.left -= len(data)
        return base64.b64encode(data).decode("ascii")


def safe_outputs(outputs: Iterable[Any], budget: ImageBudget) -> list[dict[str, Any]]:
    """What may be shown of a cell's saved outputs, as nbformat 4 outputs."""
    shown: list[dict[str, Any]] = []
    left_out: dict[str, None] = {}
    text_left = MAX_TEXT
    for output in outputs:
        for mime, content in _parts(output, budget, left_out):
            if len(shown) >= MAX_OUTPUTS or (mime == "text/plain" and text_left <= 0):
                left_out["further output"] = None
                break
            if mime == "text/plain":
                cut = content[:text_left] + ("\n…" if len(content) > text_left else "")
                text_left -= len(content)
                shown.append(stream(cut))
            else:
                metadata = {mime: {"alt": "Image that this cell showed"}}
                shown.append({"output_type": "display_data", "data": {mime: content}, "metadata": metadata})
    if left_out:
        shown.append(stream(f"[left out here: {', '.join(list(left_out)[:6])}]"))
    return shown


def stream(text: str) -> dict[str, Any]:
    """A stream output of nbformat 4."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def plain_text(value: Any) -> str:
    """A string, or a list of strings, without anything a terminal or browser would act on."""
    parts = value if isinstance(value, list) else [value]
    text = "".join(part for part in parts if isinstance(part, str))[: 4 * MAX_TEXT]
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")


def _parts(output: Any, budget: ImageBudget, left_out: dict[str, None]) -> Iterator[tuple[str, str]]:
    """(mime, content) of what may be shown of one output; adds to `left_out` what may not."""
    if not isinstance(output, Mapping):
        left_out["an output that is none"] = None
        return
    if output.get("output_type") == "error":
        yield "text/plain", plain_text([output.get("ename"), ": ", output.get("evalue")])
    if isinstance(output.get("text"), (str, list)):
        yield "text/plain", plain_text(output["text"])
    data = output.get("data")
    if not isinstance(data, Mapping):
        return
    images = {mime for mime in ("image/png", "image/jpeg") if mime in data}
    for mime in sorted(images):
        encoded = budget.image(mime, data[mime])
        if encoded is not None:
            yield mime, encoded
        else:
            left_out[f"a damaged or too large {mime}"] = None
    if "text/plain" in data and not images:
        yield "text/plain", plain_text(data["text/plain"])
    for mime in data:
        if mime not in {"image/png", "image/jpeg", "text/plain"}:
            left_out[mime if isinstance(mime, str) and _MIME.fullmatch(mime) else quoted(str(mime)[:80])] = None


def _png_size(data: bytes) -> tuple[int, int] | None:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR" or len(data) < 33:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the first frame header."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        length = int(struct.unpack(">H", data[at + 2 : at + 4])[0])
        at += 2 + max(length, 2)
    return None
