"""How far apart are the scores of machines and people? The Mann-Whitney statistic, alone and over the same kinds of line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


def find_auc(machines: Scores, people: Scores) -> float:
    """Return the chance that a machine scores above a person (ties count half); the Mann-Whitney statistic."""
    ranks = _ranks(np.concatenate([machines, people]))
    count = len(machines)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(people)))


def find_auc_same_line(
    machines: Scores, machine_lines: NDArray[np.str_], people: Scores, people_lines: NDArray[np.str_]
) -> float:
    """Return the chance that a machine scores above a person over the same kind of line; over all lines if none is shared."""
    shared = [line for line in sorted(set(machine_lines)) if (people_lines == line).any()]
    if not shared:
        return find_auc(machines, people)
    counts = [int((machine_lines == line).sum()) for line in shared]
    each = [find_auc(machines[machine_lines == line], people[people_lines == line]) for line in shared]
    return float(np.average(each, weights=counts))


def _ranks(values: Scores) -> Scores:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[which])
