"""Which voice is the agent's and which the caller's, judged by what they say?

A recorder's channel order is a habit, not a law. Phrases that only one side of a business call says ("thank you for calling",
"I'm calling about") are weighed for each voice, with the sounds on its channel; the difference decides, or decides nothing. A
voice is a channel, or a speaker told apart on a shared channel. What is said of the law or of goods is no ground here: a
recorded sales pitch on the caller's line says all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.conversation import Tone, Utterance, Word
from app.vocabulary import ChannelRole, Speaker, ToneKind

CLEAR_DIFFERENCE = 3.0
"""Points of difference from which the roles are told: one phrase that says it all, or two good ones. Less is no guess. Set by
hand before anything was measured; ``docs/audio.md`` says what it gives."""

POINTS_PER_LOG_ODD = 2.0
"""Phrases of one voice come together, so that their points must not be added up as if each were a ground of its own."""

MOST_CONFIDENCE = 0.99

FIRST_WORD = 0.5
"""Who is called speaks first, most often; weak, because recordings may start late."""

SECOND_TIME = 0.5
"""The same ground once more adds half, a third time nothing."""

HOLD_MUSIC_S = 5.0

OUTBOUND = re.compile(r"\b(this is|my name is|i'm|i am) \w+ (\w+ )?((calling )?(with|from|at)|on behalf of)\b")
"""Who names a company beside the own name may be placing the call for our side: why it calls is then no ground."""

Ground = tuple[str, float, str]

AGENT_PHRASES: tuple[Ground, ...] = (
    (r"(thank you|thanks) (so much )?for calling", 3.0, "thanks for calling"),
    (r"how (can|may) (i|we) (help|assist)|(how|what) can (i|we) (help you|do for you)", 3.0, "offers help"),
    (r"(anything|something) else (that )?(i|we) (can|could|may) (help|assist|do)", 3.0, "offers further help"),
    (
        r"(calls?|line) (is|are|may be|will be|might be) (being )?(recorded|monitored)|on a recorded line",
        2.5,
        "says that the call is recorded",
    ),
    (
        r"(what is|what's|what was|can i (get|have)|may i have|could i (get|have)|i need|give me|tell me|spell|verify|confirm)"
        r"( me)? (your (\w+ )?(name|zip|address|date of birth|birthday|(tele)?phone number|account number|email)|the zip)",
        2.0,
        "asks for the other's details",
    ),
    (
        r"(bear|bare) with me|(thank you|thanks) for (holding|waiting)|(place|put) you on (a )?(brief )?hold",
        2.0,
        "asks to wait",
    ),
    (
        r"(let me|i will|i'll|i'm going to) (just )?(check that|look (that|this|it|you) up|pull (that|this|it|you) up"
        r"|transfer you|connect you)",
        1.5,
        "looks something up or connects",
    ),
    (r"who (am i speaking|do i have the pleasure)", 1.0, "asks who is speaking"),
    (r"(our|my) (technicians?|plumbers?|representatives?|supervisor|agents)", 1.0, "speaks of own people"),
    (r"please go ahead|go ahead with|how are you doing today", 1.0, "invites to speak"),
    (r"sir|ma'am|madam", 0.5, "says sir or madam"),
)
"""What the answering side says: pattern, points, and the ground in words. The weights are judgements, in steps of a
half, of how seldom the other side says it."""

WHY_IT_CALLS = "says why it calls"

CALLER_PHRASES: tuple[Ground, ...] = (
    (r"(i am|i'm|i was) calling (about|because|to|for|in regards?|regarding)", 2.5, WHY_IT_CALLS),
    (
        r"i (saw|found|heard|got|received) (your|you|an?|this|the) (\w+ )?"
        r"(ad|advert|number|text|letter|card|flyer|commercial|website|email|mail)",
        2.5,
        "says how it found the number",
    ),
    (
        r"i (need|want|would like|wanted|was looking|am looking) (your assistance|some help|help|a quote|an? \w+"
        r"|to (get|know|ask|find|book|make|check|have))",
        1.5,
        "says what it needs",
    ),
    (r"(how much|what) (is|does|would|will) (it|that|this) (cost|going to cost|gonna cost)", 1.5, "asks the price"),
    (r"(looking|searching) for an? ", 1.0, "looks for something"),
    (r"do you (guys|people|all|know anybody)", 1.0, "asks what the other side does"),
    (r"can i (also |please )?(get|have) the (?!zip)", 1.0, "asks for facts"),
    (
        r"my (husband|wife|daughter|son|mother|father|kitchen|house|roof|sink|toilet|car|truck|furnace|air conditioner|doctor"
        r"|rate|bill)",
        1.0,
        "speaks of home and family",
    ),
)
"""What the calling side says, likewise."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What one voice of a call does: its words in order, when it is first heard, and the sounds on its channel."""

    name: str
    text: str
    first_s: float | None = None
    hold_music_s: float = 0.0
    rings: bool = False
    keys: int = 0


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """Which voice is whose, as positions in what was given; ``confidence`` (0 to 1) grows with the evidence, it is no measured
    chance."""

    agent: int
    caller: int
    confidence: float
    reason: str


def guess_roles(voices: Sequence[Voice]) -> RoleGuess | None:
    """Return which of two voices is the agent and which the caller; None where what they say does not tell."""
    if len(voices) != 2:
        return None
    weighed = [_weigh(voice) for voice in voices]
    scores = [sum(ground[0] for ground in grounds) for grounds in weighed]
    first_heard = [math.inf if voice.first_s is None else voice.first_s for voice in voices]
    if first_heard[0] != first_heard[1]:
        scores[first_heard.index(min(first_heard))] += FIRST_WORD
    agent = int(scores[1] > scores[0])
    difference = abs(scores[1] - scores[0])
    if difference < CLEAR_DIFFERENCE:
        return None
    confidence = min(1 / (1 + math.exp(-difference / POINTS_PER_LOG_ODD)), MOST_CONFIDENCE)
    reason = "; ".join(
        f"{voices[at].name} {_name_grounds(weighed[at], sign)}"
        for at, sign in ((agent, 1), (1 - agent, -1))
        if any(ground[0] * sign > 0 for ground in weighed[at])
    )
    return RoleGuess(agent, 1 - agent, round(confidence, 2), reason)


def guess_channel_roles(
    words: Sequence[Sequence[Word]], tones: Iterable[Tone]
) -> tuple[tuple[ChannelRole, ...], RoleGuess] | None:
    """Return what each of two channels carries, with the guess behind it; None where that cannot be told."""
    if len(words) != 2:
        return None
    sounds = list(tones)
    guess = guess_roles([_channel_voice(channel, said, sounds) for channel, said in enumerate(words)])
    if guess is None:
        return None
    roles = (ChannelRole.AGENT, ChannelRole.CALLER) if guess.agent == 0 else (ChannelRole.CALLER, ChannelRole.AGENT)
    return roles, guess


def guess_estimated_speakers(utterances: Sequence[Utterance]) -> RoleGuess | None:
    """Return which estimated speaker of a shared channel is the agent and which the caller; None where that cannot be told.

    It is told, not written into the utterances: where voices are told apart by ear some lines stand under the wrong one, and a
    phrase that breaks a rule only from one side must not be lost by that. Unknown speakers are held against all packs.
    """
    estimated = [line for line in utterances if line.estimated_speaker is not None and line.speaker is Speaker.UNKNOWN]
    names = sorted({line.estimated_speaker or "" for line in estimated})
    return guess_roles([_speaker_voice(name, estimated) for name in names])


def explain_roles(guess: RoleGuess | None) -> str:
    """Return the note that says how the channels' roles came about when nobody sent them."""
    if guess is None:
        return "Channel roles were assumed (caller first): what was said does not tell who is who."
    return f"Channel roles were guessed from what was said ({_say_sure(guess)}): {guess.reason}."


def explain_named_speakers(guess: RoleGuess, utterances: Sequence[Utterance]) -> str:
    """Return the note that says which estimated speaker is whose."""
    names = sorted({line.estimated_speaker for line in utterances if line.estimated_speaker is not None})
    whose = f"speaker {names[guess.agent]} seems to be the agent and speaker {names[guess.caller]} the caller"
    return f"By what was said, {whose} ({_say_sure(guess)}): {guess.reason}."


def _say_sure(guess: RoleGuess) -> str:
    return f"confidence {guess.confidence:.2f}"


def _channel_voice(channel: int, words: Sequence[Word], tones: Sequence[Tone]) -> Voice:
    own = [tone for tone in tones if tone.channel == channel]
    trusted = [word for word in words if not word.low_trust]
    return Voice(
        name=f"channel {channel + 1}",
        text=_plain(word.text for word in trusted),
        first_s=trusted[0].span.start_s if trusted else None,
        hold_music_s=sum(tone.span.duration_s for tone in own if tone.kind is ToneKind.MUSIC),
        rings=any(tone.kind is ToneKind.RINGBACK for tone in own),
        keys=sum(tone.kind is ToneKind.DTMF for tone in own),
    )


def _speaker_voice(name: str, lines: Sequence[Utterance]) -> Voice:
    words = [word for line in lines if line.estimated_speaker == name for word in line.words if not word.low_trust]
    first_s = words[0].span.start_s if words else None
    return Voice(name=f"speaker {name}", text=_plain(word.text for word in words), first_s=first_s)


def _plain(words: Iterable[str]) -> str:
    return " ".join(re.sub(r"[^\w']", "", word.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")).lower() for word in words)


def _weigh(voice: Voice) -> list[tuple[float, str]]:
    """Return the grounds found in one voice: positive for the agent, negative for the caller."""
    grounds: list[tuple[float, str]] = []
    for phrases, sign in ((AGENT_PHRASES, 1), (CALLER_PHRASES, -1)):
        for pattern, weight, ground in phrases:
            found = len(re.findall(rf"\b(?:{pattern})", voice.text))
            if found and not (ground == WHY_IT_CALLS and OUTBOUND.search(voice.text)):
                grounds.append((sign * weight * (1.0 if found == 1 else 1.0 + SECOND_TIME), ground))
    if voice.hold_music_s >= HOLD_MUSIC_S:
        grounds.append((1.5, "carries music on hold"))
    if voice.rings:
        grounds.append((0.5, "carries the ringing of the called side"))
    if voice.keys:
        grounds.append((-1.5, "presses keys"))
    return sorted(grounds, key=lambda ground: -abs(ground[0]))


def _name_grounds(grounds: Sequence[tuple[float, str]], sign: int) -> str:
    return " and ".join(ground for weight, ground in grounds if weight * sign > 0)
