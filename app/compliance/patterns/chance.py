"""How likely is it that a part differs from the whole as much as this by chance alone? Fisher's exact test, one-sided."""

import math


def chance_of_at_least(hits: int, of: int, all_hits: int, all_of: int) -> float:
    """Return the chance, 0 to 1, that ``of`` cases drawn blindly from ``all_of`` hold ``hits`` or more of the ``all_hits``.

    The upper tail of the hypergeometric distribution, which is Fisher's exact test of "more often than the others"
    (Fisher 1935, J. R. Stat. Soc. 98, 39-82). The shorter tail is added up away from the middle, each term made from the one
    before; below the middle it is the other tail, taken from one.

    Raises
    ------
    ValueError
        If the part is larger than the whole.
    """
    if not (0 <= hits <= of <= all_of and hits <= all_hits <= all_of):
        raise ValueError(f"expected a part of the whole, got {hits} of {of} in {all_hits} of {all_of}")
    least = max(0, of - (all_of - all_hits))
    if hits <= least:
        return 1.0
    if hits * all_of <= of * all_hits:
        others = all_of - all_hits
        return 1.0 - _add_up(of - hits + 1, of, others, all_of)
    return _add_up(hits, of, all_hits, all_of)


def _add_up(hits: int, of: int, all_hits: int, all_of: int) -> float:
    term = math.exp(_log_choose(all_hits, hits) + _log_choose(all_of - all_hits, of - hits) - _log_choose(all_of, of))
    total = 0.0
    for x in range(hits, min(of, all_hits) + 1):
        total += term
        ratio = (all_hits - x) * (of - x) / ((x + 1) * (all_of - all_hits - of + x + 1))
        if ratio < 1.0 and term < total * 1e-17:
            break
        term *= ratio
    return min(total, 1.0)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
