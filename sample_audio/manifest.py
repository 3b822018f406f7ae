"""What is true of each sample call? Builds the entries of ``manifest.yaml`` from the played scene, the script and the world."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sample_audio.codecs import Codec
from sample_audio.scene import Scene
from sample_audio.script import Message, Script
from sample_audio.terms import World, price
from sample_audio.voices import VOICES

HEADER = """# Sample calls with known truth; written by `python -m sample_audio.generate`: edit scripts/ and world.yaml instead.
# Every voice is synthetic, the "live" ones too: played_role says what a party plays. Times are seconds of the file.
"""
CHANNEL_ROLES = {"stereo": ["caller", "agent"], "mono": ["mixed"], "dual_mono": ["mixed", "mixed"]}
_DEFAULTS = {
    "transfer_type": "none",
    "disposition": "completed",
    "leg_direction": "consumer_placed",
    "consent": None,
    "duplicate_of": None,
}


def describe_call(
    script: Script,
    scene: Scene,
    codec: Codec,
    path: Path,
    measured: tuple[float, int, int],
    world: World,
    messages: Mapping[str, Message],
) -> dict[str, Any]:
    """Return one entry, still without the money (see :func:`add_money`); ``measured`` is (duration_s, rate, channels)."""
    duration_s, rate_hz, channels = measured
    return {
        "id": script.id,
        "file": f"calls/{path.name}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "scenario": script.scenario,
        "title": script.title,
        "duration_s": round(duration_s, 3),
        "sample_rate_hz": rate_hz,
        "channels": channels,
        "layout": script.layout,
        "channel_roles": CHANNEL_ROLES[script.layout],
        "codec": script.codec,
        "container": codec.container,
        "speakers": _describe_speakers(script),
        "facts": _describe_facts(script, duration_s, world),
        "truth": _describe_truth(script, scene, messages),
    }


def add_money(entries: Sequence[dict[str, Any]], world: World, history: Sequence[Mapping[str, Any]]) -> None:
    """Fill in revenue and payout; every call is checked against the history and the other sample calls for duplicates."""
    facts = [entry["facts"] for entry in entries]
    past = [{**row, "when": {k: row[k] for k in ("days_ago", "local_time", "tz")}} for row in history]
    for entry in entries:
        charge = price(world, entry["facts"], [*past, *(other for other in facts if other is not entry["facts"])])
        entry["facts"]["revenue_minor"] = charge.revenue_minor
        entry["facts"]["payout_minor"] = charge.payout_minor
        entry["facts"]["currency"] = "USD"
        entry["facts"]["not_billable_because"] = list(charge.failed_terms)


def write_manifest(entries: Sequence[dict[str, Any]], engines: Mapping[str, str], path: Path) -> None:
    """Write the manifest, sorted by id."""
    document = {"version": 1, "made_with": dict(engines), "calls": sorted(entries, key=lambda entry: str(entry["id"]))}
    text = yaml.safe_dump(document, sort_keys=False, width=160, allow_unicode=True, default_flow_style=None)
    path.write_text(HEADER + text, encoding="utf-8")


def load_manifest(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a manifest, none where there is no file yet."""
    if not path.exists():
        return []
    calls: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["calls"]
    return calls


def _describe_speakers(script: Script) -> dict[str, Any]:
    return {
        party.name: {
            "side": party.side,
            "voice": party.voice,
            "engine": VOICES[party.voice].engine,
            "model": VOICES[party.voice].model,
            "synthetic": True,
            "played_role": party.played_role,
        }
        for party in script.cast.values()
    }


def _describe_facts(script: Script, duration_s: float, world: World) -> dict[str, Any]:
    call = {**_DEFAULTS, **script.call}
    ad = world.ads[call["ad"]]
    number = world.get_tracking_number(call["source"], ad["campaign"], call["days_ago"])
    return {
        "external_id": f"LK-{10000 + zlib.crc32(script.id.encode()) % 90000}",
        "campaign": ad["campaign"],
        "ad": call["ad"],
        "source": call["source"],
        "publisher": world.sources[call["source"]]["publisher"],
        "tracking_number": number,
        "caller_number": call["caller_number"],
        "dialed": number,
        "target_number": world.targets[ad["target"]]["number"],
        "leg_direction": call["leg_direction"],
        "when": {"days_ago": call["days_ago"], "local_time": call["local_time"], "tz": call["tz"]},
        "ring_s": call["ring_s"],
        "connect_at_s": call.get("connect_at_s", 0.0),
        "connected_s": call.get("connected_s", int(duration_s - call.get("connect_at_s", 0.0))),
        "ended_by": call["ended_by"],
        "transfer_type": call["transfer_type"],
        "declared_channel": world.sources[call["source"]]["channel"],
        "consumer_zip": call["consumer_zip"],
        "consumer_state": call["consumer_state"],
        "disposition": call["disposition"],
        "consent": call["consent"],
        "duplicate_of": call["duplicate_of"],
    }


def _describe_truth(script: Script, scene: Scene, messages: Mapping[str, Message]) -> dict[str, Any]:
    stereo = script.layout == "stereo"
    truth = {"dispute_reason": None, "same_recording": None, **script.truth}
    if truth["same_recording"] is not None and truth["same_recording"] not in messages:
        raise ValueError(f"{script.id}: same_recording {truth['same_recording']!r} is not in recordings.yaml")
    spans: dict[str, list[dict[str, float]]] = {"ivr": [], "voicemail": [], "hold": []}
    for part, start_s, end_s in scene.parts:
        spans[part].append({"start_s": round(start_s, 2), "end_s": round(end_s, 2)})
    timeline, sensitive = [], []
    for said in scene.said:
        at = {"start_s": round(said.start_s, 2), "end_s": round(said.end_s, 2)}
        channel = 0 if said.side == "caller" or not stereo else 1
        timeline.append({"speaker": said.side, "party": said.party, "channel": channel, **at, "text": said.text})
        if said.sensitive:
            sensitive.append({"kind": said.sensitive, "channel": channel, **at})
    tones = [
        {
            "channel": channel if stereo else 0,
            "kind": burst.kind,
            "detail": burst.detail,
            "start_s": round(burst.start_s, 3),
            "end_s": round(burst.end_s, 3),
        }
        for channel, burst in scene.tones
    ]
    return {**truth, "tones": tones, "spans": spans, "sensitive": sensitive, "timeline": timeline}
