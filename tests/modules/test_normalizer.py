"""Running normalisation of observations."""

from __future__ import annotations

import torch

from spacetime_rl.modules.normalizer import RunningNormalizer


def test_it_is_the_identity_before_the_first_update() -> None:
    x = torch.randn(5, 3)

    torch.testing.assert_close(RunningNormalizer(3, clip=10.0)(x), x, rtol=1e-3, atol=1e-3)


def test_merging_batches_equals_the_statistics_of_everything_seen() -> None:
    normalizer = RunningNormalizer(4, clip=10.0)
    batches = [
        torch.randn(n, 4) * scale + shift for n, scale, shift in ((7, 1.0, 0.0), (900, 3.0, -2.0), (1, 1.0, 50.0))
    ]

    for batch in batches:
        normalizer.update(batch)

    seen = torch.cat(batches)
    torch.testing.assert_close(normalizer.mean, seen.mean(0))
    torch.testing.assert_close(normalizer.var, seen.var(0, correction=0))
    assert normalizer.count == len(seen)


def test_forward_centres_scales_and_clips_and_never_learns() -> None:
    normalizer = RunningNormalizer(2, clip=3.0)
    seen = torch.randn(1000, 2) * 5.0 + 20.0
    normalizer.update(seen)

    out = normalizer(torch.cat([seen, torch.full((1, 2), 1e9)]))

    assert out[:-1].mean(0).abs().max() < 0.05
    assert (out[-1] == 3.0).all()
    assert normalizer.count == 1000


def test_a_field_that_never_moved_does_not_explode_when_it_first_does() -> None:
    normalizer = RunningNormalizer(1, clip=10.0)
    normalizer.update(torch.zeros(1000, 1))

    assert normalizer(torch.tensor([[1e-3]])).item() < 0.2


def test_an_empty_batch_changes_nothing() -> None:
    normalizer = RunningNormalizer(2, clip=10.0)

    normalizer.update(torch.zeros(0, 2))

    assert torch.isfinite(normalizer.mean).all()
    assert normalizer.count == 0
