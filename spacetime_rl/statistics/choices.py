"""Fit a model of choices: every alternative has a utility, and its chance is in proportion to exp(utility).

A game of two sides is a choice of the winner (Bradley-Terry); a ranking is a choice of the best, then of the best of
the rest, and so on (Plackett-Luce).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TOLERANCE = 1e-8  # of the penalised score, in units of its standard error
_MAX_STEPS = 200
_SINGULAR = 1e-9  # eigenvalues below this share of the largest one count as zero


@dataclass(frozen=True, slots=True)
class Choices:
    """How often each alternative was chosen, from every set of alternatives that was offered.

    The arrays list the alternatives of all sets, one set after the other. `chosen` [alternatives] are counts, halves
    among them, and `sets` [alternatives] the number of the set. `design` [alternatives, parameters] is sparse; the
    utilities are `design` times the parameters, plus `offset` [alternatives].
    """

    chosen: Floats
    sets: NDArray[np.int64]
    design: Any  # scipy.sparse.csr_array
    offset: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters with their covariance matrix; `known` [parameters] says which of them the choices determine at all."""

    values: Floats
    covariance: Floats
    known: NDArray[np.bool_]


def split_ranking(ranks: Sequence[int]) -> Iterator[tuple[tuple[int, ...], int, float]]:
    """The choices of a ranking: the sides that are left, the side that is chosen, and the weight.

    `ranks` are one per side, 0 the best. Sides with equal ranks could have come in any order: the weights are averages
    over all of them, so that a draw of two sides is half a win of each.
    """
    for rank in sorted(set(ranks)):
        tied = [side for side, other in enumerate(ranks) if other == rank]
        worse = [side for side, other in enumerate(ranks) if other > rank]
        for size in range(len(tied), 0, -1):
            if size + len(worse) < 2:
                continue  # nothing is left to choose from
            for left in combinations(tied, size):
                for side in left:
                    yield (*left, *worse), side, 1.0 / (comb(len(tied), size) * size)


def count_choices(
    rankings: Iterable[tuple[Sequence[int], Sequence[int], float]],
) -> Mapping[tuple[int, ...], Floats]:
    """How often each alternative was chosen, by the sorted set of alternatives.

    A ranking is its sides as numbers of alternatives, their ranks, and how often it occurred.
    """
    counts: dict[tuple[int, ...], Floats] = {}
    splits: dict[tuple[int, ...], list[tuple[tuple[int, ...], int, float]]] = defaultdict(list)
    for sides, ranks, count in rankings:
        key = tuple(ranks)
        if key not in splits:
            splits[key] = list(split_ranking(key))
        for left, side, weight in splits[key]:
            offered = tuple(sorted(sides[one] for one in left))
            if len(set(offered)) > 1:  # a choice between equals says nothing
                found = counts.setdefault(offered, np.zeros(len(offered)))
                found[offered.index(sides[side])] += weight * count
    return dict(sorted(counts.items()))


def fit(choices: Choices, penalised: bool = True) -> Fit:
    """The parameters of maximum likelihood, penalised by Jeffreys' prior (D. Firth, Biometrika 80, 1993, 27-38).

    The penalty takes away the first-order bias, and keeps the parameter of a side that always won finite (G. Heinze and
    M. Schemper, Stat. Med. 21, 2002, 2409-2419). Without `penalised` such a parameter grows without a bound. Parameters
    that the choices do not determine are chosen such that the vector of all is the shortest. Raises ArithmeticError if
    the iteration does not converge.
    """
    model = _Model(choices)
    values = np.zeros(model.basis.shape[1])
    best = model.evaluate(values, penalised)
    for _ in range(_MAX_STEPS):
        step = best.step
        if float(best.score @ step) < _TOLERANCE**2:
            break
        for _ in range(40):
            tried = model.evaluate(values + step, penalised)
            if tried.likelihood >= best.likelihood - 1e-12 * abs(best.likelihood):
                break
            step = step / 2.0
        values, best = values + step, tried
    else:
        raise ArithmeticError(f"the ratings do not converge in {_MAX_STEPS} steps")
    basis = model.basis
    return Fit(basis @ values, basis @ best.covariance @ basis.T, model.known)


@dataclass(frozen=True, slots=True)
class _State:
    likelihood: float
    score: Floats
    step: Floats  # of a Newton iteration
    covariance: Floats


class _Model:
    """The likelihood as a function of the part of the parameters that the choices determine.

    `basis` [parameters, determined] has its orthonormal directions as columns.
    """

    def __init__(self, choices: Choices) -> None:
        from scipy import sparse

        self.choices = choices
        self._begins = np.flatnonzero(np.r_[True, np.diff(choices.sets) > 0])
        self._offered = np.add.reduceat(choices.chosen, self._begins)
        ones = np.ones(len(choices.sets))
        self._sum = sparse.csr_array((ones, (choices.sets, np.arange(len(ones)))))
        chances = 1.0 / np.add.reduceat(ones, self._begins)[choices.sets]
        contrasts = self._contrasts(chances)
        eigenvalues, vectors = np.linalg.eigh((contrasts.T @ contrasts).toarray())
        determined = eigenvalues > _SINGULAR * max(float(eigenvalues.max(initial=0.0)), 1.0)
        self.known = np.abs(vectors[:, ~determined]).max(axis=1, initial=0.0) < 1e-6
        self.basis = np.eye(len(vectors)) if determined.all() else vectors[:, determined]

    def evaluate(self, values: Floats, penalised: bool) -> _State:
        """The logarithm of the penalised likelihood, its score, the next step, and the inverse of the information."""
        choices = self.choices
        utilities = choices.design @ (self.basis @ values) + choices.offset
        utilities = utilities - np.maximum.reduceat(utilities, self._begins)[choices.sets]
        weights = np.exp(utilities)
        totals = np.add.reduceat(weights, self._begins)
        chances = weights / totals[choices.sets]
        expected = self._offered[choices.sets] * chances
        contrasts = self._contrasts(chances)
        likelihood = float(choices.chosen @ (utilities - np.log(totals)[choices.sets]))
        information = self._information(contrasts, expected)
        covariance = np.asarray(np.linalg.inv(information), np.float64)
        residuals, added = choices.chosen - expected, expected
        if penalised:
            likelihood += 0.5 * float(np.linalg.slogdet(information)[1])
            spread = self.basis @ covariance @ self.basis.T
            leverages = expected * contrasts.multiply(contrasts @ spread).sum(axis=1)
            residuals = residuals + 0.5 * leverages
            # The penalty acts like one more choice for every parameter, shared out among the sets that inform on it.
            added = expected + chances * np.add.reduceat(leverages, self._begins)[choices.sets]
        # The contrasts replace the design: the penalty's part of the residuals does not add up to zero in every set.
        score = self.basis.T @ (contrasts.T @ residuals)
        step = np.asarray(np.linalg.solve(self._information(contrasts, added), score), np.float64)
        return _State(likelihood, score, step, covariance)

    def _information(self, contrasts: Any, expected: Floats) -> Floats:
        """Fisher's information on the determined parameters, from the expected numbers of choices."""
        whole: Floats = (contrasts.T @ contrasts.multiply(expected[:, None]).tocsr()).toarray()
        return self.basis.T @ whole @ self.basis

    def _contrasts(self, chances: Floats) -> Any:
        """The design of each alternative less the mean of its set, sparse [alternatives, parameters]."""
        design = self.choices.design
        means = self._sum @ design.multiply(chances[:, None]).tocsr()
        return (design - self._sum.T @ means).tocsr()
