"""What does a back-test say, in words? The sentences that page, shell and API share; one place, so that they never differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.money import Money
from app.shares import Share

FEW_DECIDED = 30
"""Below this many decided findings an interval is so wide that the share says little; the page says so."""

Result = Mapping[str, Any]


def precision(rule: Mapping[str, Any], side: str) -> Share:
    """Return how many flags of a rule people agreed with, of those they decided; ``side`` is before or after."""
    right, wrong = rule[f"right_{side}"], rule[f"wrong_{side}"]
    return Share(right, right + wrong)


def recall(rule: Mapping[str, Any], side: str) -> Share:
    """Return how many of the calls about which people agreed the side flags."""
    right, missed = rule[f"right_{side}"], rule[f"missed_{side}"]
    return Share(right, right + missed)


def say_share(share: Share) -> str:
    """Return a share with its counts and its 95 % interval, shortly."""
    if share.value is None:
        return "nothing decided"
    low, high = share.interval
    return f"{share.hits:,} of {share.total:,} ({100 * low:.0f}–{100 * high:.0f} %)"


def say_headline(result: Result) -> str:
    """Return what matters in a sentence or two."""
    calls = result["calls"]
    if not calls["judged"]:
        return "No call of this window could be judged, so nothing can be said."
    newly, gone = calls["newly_flagged"], calls["no_longer_flagged"]
    if not result["flips_total"] and not result["phrases_total"]:
        return f"Nothing would change on {_count(calls['judged'], 'call')}."
    said = f"Of {_count(calls['judged'], 'call')} {newly:,} would be newly flagged and {gone:,} no longer"
    more, fewer = calls["with_new_flags"], calls["with_lost_flags"]
    if (more, fewer) != (newly, gone):
        said += f"; {more:,} would get a flag more, {fewer:,} lose one"
    said += "."
    moved = [(Money(m["moved_revenue"], m["currency"]), Money(m["moved_payout"], m["currency"])) for m in result["money"]]
    moved = [(revenue, payout) for revenue, payout in moved if revenue.amount_minor or payout.amount_minor]
    if moved:
        revenue_said, payout_said = _join([str(r) for r, _ in moved]), _join([str(p) for _, p in moved])
        said += f" {revenue_said} of revenue and {payout_said} of payout hang on these calls."
    return said


def say_warnings(result: Result) -> tuple[str, ...]:
    """Return what one must know before trusting the figures."""
    calls, said = result["calls"], []
    left_out = (
        ("Never screened, so not counted", result["not_screened"], "call"),
        ("Left out by the limit", result["left_out_by_limit"], "older call"),
        ("Screened before facts were kept, or erased since, so not judged again", calls["without_facts"], "call"),
        ("Their transcript is gone, so not counted", calls["without_transcript"], "call"),
        ("The sender told no revenue for some of the calls whose state changes", calls["money_unknown"], "call"),
    )
    said += [f"{what}: {_count(number, noun)}." for what, number, noun in left_out if number]
    if calls["record_differs"]:
        said.append(
            f"By the same rules this release says something else than was recorded: {_count(calls['record_differs'], 'call')}. "
            "That is the work of the release and is not counted as a change."
        )
    decided = sum(r["right_before"] + r["wrong_before"] + r["missed_before"] for r in result["rules"])
    if not decided:
        said.append("Nobody has decided a finding of these calls, so nothing is known of precision and recall.")
    elif decided < FEW_DECIDED:
        said.append(f"Decided by people: {_count(decided, 'finding')}. Read precision and recall by their intervals.")
    doubtful = sum(r["doubtful"] for r in result["rules"])
    if doubtful:
        said.append(
            f"Likely false alarms: {_count(doubtful, 'new flag')} on calls that a reviewer found good, where nobody decided "
            "about the rule. Listen to some."
        )
    return tuple(said)


def render_report(result: Result, title: str) -> str:
    """Return the result for a terminal."""
    lines = [title, "", say_headline(result), ""]
    lines += [f"! {warning}" for warning in say_warnings(result)]
    changes = [
        f"{d['subject']} ({d['change']}{': ' + ', '.join(d['fields']) if d['fields'] else ''})" for d in result["differences"]
    ]
    lines += ["", "Changed: " + ("; ".join(changes) if changes else "nothing")]
    rules = [r for r in result["rules"] if _changes(r)]
    if rules:
        lines += ["", f"{'rule':34} {'flags':>15} {'new':>6} {'gone':>6} {'other':>6}  precision before -> after"]
    for r in rules:
        before, after = (r[f"violation_{side}"] + r[f"review_{side}"] for side in ("before", "after"))
        lines.append(
            f"{r['rule']:34} {f'{before:,} -> {after:,}':>15} {r['newly_flagged']:>6,} {r['no_longer_flagged']:>6,} "
            f"{r['changed']:>6,}  {say_share(precision(r, 'before'))} -> {say_share(precision(r, 'after'))}"
        )
    packs = [p for p in result["packs"] if p["added"] or p["removed"]]
    if packs:
        lines += ["", f"{'phrases':34} {'heard':>15} {'new':>6} {'gone':>6}"]
    for p in packs:
        heard = f"{p['before']:,} -> {p['after']:,}"
        lines.append(f"{p['pack']:34} {heard:>15} {p['added']:>6,} {p['removed']:>6,}")
    if result["flips"]:
        lines += ["", f"First {len(result['flips'])} of {result['flips_total']:,} flips:"]
    lines += [_say_flip(flip) for flip in result["flips"]]
    return "\n".join(lines)


def say_money(result: Result, name: str) -> str:
    """Return revenue or payout of one kind of change over all currencies, such as ``newly_flagged_revenue``."""
    amounts = [Money(m[name], m["currency"]) for m in result["money"]]
    return _join([str(amount) for amount in amounts if amount.amount_minor] or [str(Money(0))])


def _changes(rule: Mapping[str, Any]) -> bool:
    return bool(rule["newly_flagged"] or rule["no_longer_flagged"] or rule["changed"] or rule["stake_most_added"])


def _say_flip(flip: Mapping[str, Any]) -> str:
    before, after = (
        "nothing" if side is None else f"{side['outcome']} ({side['severity']})" for side in (flip["before"], flip["after"])
    )
    at = "" if flip["start_s"] is None else f" at {flip['start_s']:.1f} s"
    quote = f" “{flip['quote']}”" if flip["quote"] else ""
    return f"  {flip['external_id']}  {flip['rule']}: {before} -> {after}{at}{quote}"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
