"""What is said on a sample call? Reads ``scripts/*.yaml`` and refuses what does not fit.

A script holds the cast (party -> voice and line), the turns, the facts of the call log and what a perfect reviewer would say.
A turn is a mapping with one verb: a party's name (says the text), ``ringback_s``, ``busy_s``, ``beep_s``, ``keys``, ``sit``,
``hold_s``, ``pause_s``, ``recording`` (plays a message of ``recordings.yaml``), ``begin`` or ``end`` (a part such as ``ivr``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sample_audio.voices import VOICES

FOLDER = Path(__file__).parent
VERBS = frozenset({"ringback_s", "busy_s", "beep_s", "keys", "sit", "hold_s", "pause_s", "recording", "begin", "end"})
TIMING = frozenset({"gap_s", "over_s", "back_s", "sensitive", "from_s", "until_s", "meanwhile", "party", "as"})
PARTS = frozenset({"ivr", "voicemail", "hold"})
LAYOUTS = frozenset({"stereo", "mono", "dual_mono"})


class ScriptError(ValueError):
    """A script does not fit; the message names the script, the turn and what was expected."""


@dataclass(frozen=True, slots=True)
class Party:
    """Someone heard on the call: which voice, whose side, how loud, over which line."""

    name: str
    voice: str
    side: str
    level_dbfs: float = -22.0
    is_mobile: bool = False
    played_role: str = "live_person"


@dataclass(frozen=True, slots=True)
class Script:
    """One sample call before it is spoken."""

    id: str
    title: str
    scenario: str
    layout: str
    codec: str
    noise_dbfs: tuple[float, float]
    cast: Mapping[str, Party]
    turns: tuple[Mapping[str, Any], ...]
    call: Mapping[str, Any]
    truth: Mapping[str, Any]
    tail_s: float = 0.8
    lead_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Message:
    """A recorded message: its voice and its lines, the same samples wherever it is played."""

    id: str
    voice: str
    lines: tuple[str, ...]
    level_dbfs: float = -20.0
    gap_s: float = 0.45
    extra: Mapping[str, Any] = field(default_factory=dict)


def load_scripts(folder: Path = FOLDER / "scripts") -> list[Script]:
    """Return every script, sorted by id; ids are unique over all files."""
    scripts = [_parse(path.name, item) for path in sorted(folder.glob("*.yaml")) for item in _load(path)]
    ids = [script.id for script in scripts]
    if twice := {i for i in ids if ids.count(i) > 1}:
        raise ScriptError(f"script ids must be unique, got {sorted(twice)} twice")
    return sorted(scripts, key=lambda script: script.id)


def load_messages(path: Path = FOLDER / "recordings.yaml") -> dict[str, Message]:
    """Return the recorded messages by id."""
    return {item["id"]: Message(**{**item, "lines": tuple(item["lines"])}) for item in _load(path)}


def _load(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def _parse(file: str, raw: Mapping[str, Any]) -> Script:
    where = f"{file}, {raw.get('id', '?')}"
    try:
        cast = {name: _parse_party(where, name, spec) for name, spec in raw["cast"].items()}
        script = Script(
            id=raw["id"],
            title=raw["title"],
            scenario=raw["scenario"],
            layout=raw.get("layout", "stereo"),
            codec=raw["codec"],
            noise_dbfs=tuple(raw.get("noise_dbfs", (-54.0, -60.0))),
            cast=cast,
            turns=tuple(raw["turns"]),
            call=raw["call"],
            truth=raw["truth"],
            tail_s=raw.get("tail_s", 0.8),
            lead_s=raw.get("lead_s", 0.5),
        )
    except KeyError as error:
        raise ScriptError(f"{where}: {error.args[0]!r} is missing") from None
    if script.layout not in LAYOUTS:
        raise ScriptError(f"{where}: layout must be one of {sorted(LAYOUTS)}, got {script.layout!r}")
    for number, turn in enumerate(script.turns, 1):
        _check_turn(f"{where}, turn {number}", turn, cast)
    return script


def _parse_party(where: str, name: str, spec: Mapping[str, Any]) -> Party:
    side = spec.get("side", "caller" if name == "caller" else "agent")
    if spec["voice"] not in VOICES:
        raise ScriptError(f"{where}: {name} has voice {spec['voice']!r}; known are {', '.join(sorted(VOICES))}")
    if side not in ("caller", "agent"):
        raise ScriptError(f"{where}: {name} is on side {side!r}; expected caller or agent")
    return Party(
        name,
        spec["voice"],
        side,
        spec.get("level_dbfs", -22.0),
        spec.get("mobile", False),
        spec.get("played_role", "live_person"),
    )


def _check_turn(where: str, turn: Mapping[str, Any], cast: Mapping[str, Party]) -> None:
    verbs = [key for key in turn if key not in TIMING]
    if len(verbs) != 1 or (verbs[0] not in VERBS and verbs[0] not in cast):
        raise ScriptError(f"{where}: expected one of {sorted(cast)} or {sorted(VERBS)}, got {sorted(turn)}")
    if verbs[0] in ("begin", "end") and turn[verbs[0]] not in PARTS:
        raise ScriptError(f"{where}: a part is one of {sorted(PARTS)}, got {turn[verbs[0]]!r}")
