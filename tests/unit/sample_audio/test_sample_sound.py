"""What is heard is where the truth says: speech, tones, silence, and nothing clipped."""

from typing import Any

import numpy as np
import pytest

from tests.unit.sample_audio.sample_hearing import decode, level_dbfs, mask_of, peak_hz

Entry = dict[str, Any]
RATE_HZ = 8000


def test_the_timeline_lies_inside_the_recording_and_is_in_order(entry: Entry) -> None:
    timeline = entry["truth"]["timeline"]
    assert timeline == sorted(timeline, key=lambda said: said["start_s"])
    for said in timeline:
        assert 0 <= said["start_s"] < said["end_s"] <= entry["duration_s"] + 0.05
        assert said["text"]
        assert 0 <= said["channel"] < entry["channels"]
    parts = [span for spans in entry["truth"]["spans"].values() for span in spans]
    for span in [*entry["truth"]["tones"], *entry["truth"]["sensitive"], *parts]:
        assert 0 <= span["start_s"] < span["end_s"] <= entry["duration_s"] + 0.05


def test_one_party_never_speaks_two_lines_at_once(entry: Entry) -> None:
    last: dict[str, float] = {}
    for said in entry["truth"]["timeline"]:
        assert said["start_s"] >= last.get(said["party"], 0.0) - 0.01, said
        last[said["party"]] = said["end_s"]


def test_every_line_is_audible_where_the_timeline_says(entry: Entry) -> None:
    samples = decode(entry["file"])
    for said in entry["truth"]["timeline"]:
        part = samples[round(said["start_s"] * RATE_HZ) : round(said["end_s"] * RATE_HZ), said["channel"]]
        assert -34 < level_dbfs(part) < -12, said


def test_outside_of_lines_and_tones_there_is_only_line_noise(entry: Entry) -> None:
    samples = decode(entry["file"])
    spans = [*entry["truth"]["timeline"], *entry["truth"]["tones"]]
    for channel in range(entry["channels"]):
        shared = entry["layout"] == "dual_mono"
        busy = mask_of([s for s in spans if shared or s["channel"] == channel], len(samples), margin_s=0.12)
        if (~busy).sum() < RATE_HZ:
            continue
        quiet = samples[~busy, channel]
        assert level_dbfs(quiet) < -42, f"channel {channel} is louder than line noise outside the timeline"


def test_nothing_is_clipped_and_both_parties_are_about_as_loud(entry: Entry) -> None:
    samples = decode(entry["file"])
    assert np.abs(samples).max() < 0.999
    if entry["layout"] != "stereo":
        return
    levels = []
    for channel in range(2):
        lines = [s for s in entry["truth"]["timeline"] if s["channel"] == channel]
        levels.append(level_dbfs(samples[mask_of(lines, len(samples), margin_s=0.0), channel]))
    assert abs(levels[0] - levels[1]) < 7


def test_the_band_is_that_of_a_telephone(entry: Entry) -> None:
    samples = decode(entry["file"]).mean(axis=1)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    inside = power[(hz > 250) & (hz < 3500)].sum()
    assert inside / power.sum() > 0.98


def test_tones_have_the_frequencies_of_the_standard(entry: Entry) -> None:
    nominal = {"ringback": (440, 480), "busy": (480, 620), "beep": (1000,)}
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477)
    keys = {key: (rows[i // 3], columns[i % 3]) for i, key in enumerate("123456789*0#")}
    for tone in entry["truth"]["tones"]:
        samples = decode(entry["file"])[round(tone["start_s"] * RATE_HZ) : round(tone["end_s"] * RATE_HZ), tone["channel"]]
        if tone["kind"] in nominal:
            expected = nominal[tone["kind"]]
        elif tone["kind"] == "dtmf":
            expected = keys[tone["detail"]]
        else:
            continue
        found = peak_hz(samples, len(expected))
        assert found == pytest.approx(sorted(expected), abs=4), tone


def test_the_intercept_rises_through_its_three_tones(calls: list[Entry]) -> None:
    found = [(call, tone) for call in calls for tone in call["truth"]["tones"] if tone["kind"] == "sit"]
    assert len(found) >= 1
    for call, tone in found:
        at = tone["start_s"]
        for start_s, end_s, hz in ((0.03, 0.24, 913.8), (0.31, 0.52, 1370.6), (0.58, 0.89, 1776.7)):
            part = decode(call["file"])[round((at + start_s) * RATE_HZ) : round((at + end_s) * RATE_HZ), tone["channel"]]
            assert peak_hz(part, 1) == pytest.approx([hz], abs=4)


def test_ringback_sounds_two_seconds_and_rests_four(calls: list[Entry]) -> None:
    call = next(c for c in calls if c["scenario"] == "no_answer")
    starts = [t["start_s"] for t in call["truth"]["tones"] if t["kind"] == "ringback"]
    assert starts[1] - starts[0] == pytest.approx(6.0, abs=0.01)
    rest = decode(call["file"])[round((starts[0] + 2.2) * RATE_HZ) : round((starts[0] + 5.8) * RATE_HZ), 0]
    assert level_dbfs(rest) < -45


def test_dual_mono_has_the_same_sound_twice_and_stereo_has_not(entry: Entry) -> None:
    samples = decode(entry["file"])
    if entry["channels"] < 2:
        assert entry["layout"] == "mono"
        return
    alike = float(np.corrcoef(samples[:, 0], samples[:, 1])[0, 1])
    assert (alike > 0.999) if entry["layout"] == "dual_mono" else (alike < 0.2)


def test_the_recorded_message_is_the_same_sound_on_both_calls(calls: list[Entry]) -> None:
    first, again = (next(c for c in calls if c["scenario"] == s) for s in ("robocall", "robocall_again"))
    text = "If you no longer own a car, press nine to be removed from this notice."
    parts = []
    for call in (first, again):
        said = next(s for s in call["truth"]["timeline"] if s["text"] == text)
        start = round(said["start_s"] * RATE_HZ)
        parts.append(decode(call["file"])[start : start + 2 * RATE_HZ, said["channel"]])
    size = 4 * RATE_HZ
    product = np.fft.irfft(np.fft.rfft(parts[0], size) * np.conj(np.fft.rfft(parts[1], size)), size)
    norm = np.sqrt((parts[0] ** 2).sum() * (parts[1] ** 2).sum())
    assert product.max() / norm > 0.8


def test_dead_air_is_really_dead(calls: list[Entry]) -> None:
    call = next(c for c in calls if c["scenario"] == "dead_air")
    spoken = sum(s["end_s"] - s["start_s"] for s in call["truth"]["timeline"])
    assert spoken < 0.45 * call["duration_s"]
