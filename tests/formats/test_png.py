"""Pictures that we write are those that other programs read."""

from __future__ import annotations

import io

import numpy as np
import pytest

from spacetime_rl.formats.png import to_png


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_comes_back_from_another_reader(channels: int) -> None:
    from PIL import Image

    pixels = np.random.default_rng(channels).integers(0, 256, (5, 7, channels), np.uint8)
    found = np.asarray(Image.open(io.BytesIO(to_png(pixels.tobytes(), 5, 7, channels))))
    np.testing.assert_array_equal(found.reshape(5, 7, channels), pixels)


def test_bytes_that_are_no_such_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="a picture of 2 x 2 x 3"):
        to_png(bytes(11), 2, 2, 3)
