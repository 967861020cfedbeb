"""Tensors that are views: what arrives is what was sent, however it lies in memory."""

from __future__ import annotations

import pytest
import torch

from autograder.sandbox.inside.wire import decode, encode

GRID = torch.arange(12.0, dtype=torch.float64).reshape(3, 4)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(GRID.T, id="transposed"),
        pytest.param(GRID[:, ::2], id="every second column"),
        pytest.param(GRID[1:], id="an offset"),
        pytest.param(GRID[:, 0][1:2], id="one element with the stride of a row"),
        pytest.param(GRID[2:, 1:2], id="one element of two dimensions"),
        pytest.param(GRID[1, 2], id="a scalar"),
        pytest.param(GRID[:1].expand(3, 4), id="expanded"),
        pytest.param(torch.view_as_complex(GRID.reshape(6, 2))[3:4].conj(), id="one conjugated element"),
    ],
)
def test_a_view_arrives_as_it_was_sent(view: torch.Tensor) -> None:
    header, buffers = encode({"sent": view})
    arrived = decode(header, bytearray(b"".join(bytes(b) for b in buffers)))["sent"]
    assert arrived.dtype == view.dtype
    assert torch.equal(arrived, view)
