"""The hashes of an arena's state, from the bytes that a game records of it: the same as the addon's RLStateHash."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How the engine writes a whole number: its type, then 32 or 64 bits.
_SHORT, _LONG = struct.Struct("<Ii"), struct.Struct("<Iq")
_SHORT_TYPE, _LONG_TYPE = 2, 2 | 1 << 16
_SEED = 0x07F07C65  # of the engine's murmur3


def hash_states(dice: NDArray[np.int64], still: bytes, moving: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A hash of every state: the random generator's number, and the bytes of the still and the moving bodies.

    `moving` is uint8 [states, bytes].
    """
    bodies, size = memoryview(moving.tobytes()), moving.shape[1]
    digests = bytearray()
    begun: dict[int, Any] = {}  # the number mostly stays the same from state to state
    for state, number in enumerate(dice.tolist()):
        if number not in begun:
            begun = {number: hashlib.sha256(_bytes_of(number) + still)}
        hashing = begun[number].copy()
        hashing.update(bodies[state * size : (state + 1) * size])
        digests += hashing.digest()[:8]
    return np.frombuffer(bytes(digests), "<u8")


def hash_parts(
    dice: NDArray[np.int64], still: bytes, moving: NDArray[np.uint8], sizes: Sequence[int]
) -> NDArray[np.uint32]:
    """A hash of every part of every state, uint32 [states, 1 + bodies]: the random generator's number, then each body.

    `sizes` are the bytes of the bodies, the still ones first. Raises ValueError if they do not add up.
    """
    count = int(np.searchsorted(np.cumsum(sizes), len(still), side="right"))
    still_sizes, moving_sizes = sizes[:count], sizes[count:]
    if sum(still_sizes) != len(still) or sum(moving_sizes) != moving.shape[1] or any(size % 4 for size in sizes):
        raise ValueError(f"bodies of {sum(sizes)} bytes in states of {len(still) + moving.shape[1]}")
    found = np.empty((len(dice), 1 + len(sizes)), np.uint32)
    found[:, 0] = _hash_numbers(dice)
    found[:, 1 : 1 + count] = _hash_bodies(np.frombuffer(still, "<u4")[None], still_sizes)
    found[:, 1 + count :] = _hash_bodies(moving.view("<u4"), moving_sizes)
    return found


def _hash_numbers(numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
    """A hash of every number; most states of an episode have the same."""
    different, which = np.unique(numbers, return_inverse=True)
    words = (np.frombuffer(_bytes_of(number), "<u4")[None] for number in different.tolist())
    return np.concatenate([_murmur(word) for word in words])[which]


def _hash_bodies(words: NDArray[np.uint32], sizes: Sequence[int]) -> NDArray[np.uint32]:
    """A hash of every body in every row of words, uint32 [rows, bodies]; bodies of one size are hashed at once."""
    found = np.empty((len(words), len(sizes)), np.uint32)
    ends = np.cumsum(sizes) // 4
    for size in set(sizes):
        which = np.flatnonzero(np.equal(sizes, size))
        columns = (ends[which] - size // 4)[:, None] + np.arange(size // 4)
        found[:, which] = _murmur(words[:, columns].reshape(-1, size // 4)).reshape(len(words), -1)
    return found


def _bytes_of(number: int) -> bytes:
    if -(1 << 31) <= number < 1 << 31:
        return _SHORT.pack(_SHORT_TYPE, number)
    return _LONG.pack(_LONG_TYPE, number)


def _murmur(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3 (32 bits) of every row, as the engine hashes bytes: https://github.com/aappleby/smhasher."""
    mixed = np.ascontiguousarray(words.T) * np.uint32(0xCC9E2D51)
    mixed = (mixed << np.uint32(15) | mixed >> np.uint32(17)) * np.uint32(0x1B873593)
    hashes, turned = np.full(len(words), _SEED, np.uint32), np.empty(len(words), np.uint32)
    for word in mixed:  # in place, because there are as many of these small sums as words
        hashes ^= word
        np.right_shift(hashes, np.uint32(19), out=turned)
        hashes <<= np.uint32(13)
        hashes |= turned
        hashes *= np.uint32(5)
        hashes += np.uint32(0xE6546B64)
    hashes ^= np.uint32(4 * words.shape[1])
    hashes = (hashes ^ hashes >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ hashes >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return hashes ^ hashes >> np.uint32(16)
