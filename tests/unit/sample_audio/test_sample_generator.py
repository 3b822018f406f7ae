"""The seeded parts of the generator repeat themselves, and mistakes in a script are named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sample_audio import codecs, line, tones, voices
from sample_audio.scene import derive_seed, play
from sample_audio.script import FOLDER, ScriptError, load_messages, load_scripts

SCRIPT = """
- id: {id}
  title: A test
  scenario: no_answer
  codec: wav_pcm16
  cast: {{caller: {{voice: {voice}}}}}
  turns: [{turn}]
  call: {{}}
  truth: {{}}
"""


def _write(folder: Path, *, id: str = "a", voice: str = "joe", turn: str = "{ringback_s: 7.0}") -> Path:
    (folder / f"{id}.yaml").write_text(SCRIPT.format(id=id, voice=voice, turn=turn), encoding="utf-8")
    return folder


def test_a_script_of_tones_alone_gives_the_same_samples_twice(tmp_path: Path) -> None:
    (script,) = load_scripts(_write(tmp_path, turn="{ringback_s: 7.0}, {keys: '159#'}, {hold_s: 2.0}"))
    first, second = play(script, {}), play(script, {})
    assert all(np.array_equal(a, b) for a, b in zip(first.channels, second.channels, strict=True))
    assert [burst for _, burst in first.tones] == [burst for _, burst in second.tones]


def test_two_calls_have_their_own_noise(tmp_path: Path) -> None:
    one, two = load_scripts(_write(_write(tmp_path, id="a"), id="b"))
    assert not np.array_equal(play(one, {}).channels[0], play(two, {}).channels[0])
    assert derive_seed("a") != derive_seed("b")


@pytest.mark.parametrize(
    ("broken", "named"),
    [({"voice": "nobody"}, "nobody"), ({"turn": "{sing: 3}"}, "turn 1"), ({"turn": "{begin: lunch}"}, "lunch")],
)
def test_a_mistake_in_a_script_is_named_with_its_place(tmp_path: Path, broken: dict[str, str], named: str) -> None:
    with pytest.raises(ScriptError, match=named):
        load_scripts(_write(tmp_path, **broken))


def test_the_scripts_and_the_manifest_tell_of_the_same_calls(calls: list[dict[str, Any]]) -> None:
    said = {call["id"]: [s["text"] for s in call["truth"]["timeline"]] for call in calls}
    for script in load_scripts(FOLDER / "scripts"):
        wanted = [" ".join(t[p].replace("...", " ").split()) for t in script.turns for p in script.cast if p in t]
        missing = [text for text in wanted if text not in said[script.id]]
        assert missing == [], f"{script.id}: run `python -m sample_audio.generate --only {script.id}`"
    assert set(said) == {script.id for script in load_scripts()}


def test_messages_speak_with_known_voices() -> None:
    assert {message.voice for message in load_messages().values()} <= set(voices.VOICES)


def test_a_missing_engine_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert voices.find_missing({"slt", "hts"}) == ["festival", "flite"]
    with pytest.raises(voices.EngineMissing, match="apt install"):
        voices.Studio(1).speak("slt", "hello")


def test_every_wire_format_can_be_written_and_read_back(tmp_path: Path) -> None:
    import av

    sound, _ = tones.make_ringback(2.0, line.RATE_HZ)
    for name, codec in codecs.CODECS.items():
        path = tmp_path / f"{name}.{codec.suffix}"
        frames = np.repeat(sound[:, None], 1 if codec.mono_only else 2, axis=1)
        codecs.write_call(path, frames, codec)
        first = path.read_bytes()
        codecs.write_call(path, frames, codec)
        assert path.read_bytes() == first, f"{name} is not repeatable"
        with av.open(str(path)) as container:
            heard = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        assert heard == pytest.approx(2.0, abs=0.1)


def test_gsm_refuses_two_channels(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one channel"):
        codecs.write_call(tmp_path / "a.wav", np.zeros((800, 2), np.float32), codecs.CODECS["wav_gsm"])


def test_the_line_keeps_one_kilohertz_and_drops_what_lies_outside() -> None:
    t = np.arange(16000) / 8000
    for hz, keeps in ((1000, True), (300, True), (3400, True), (120, False), (3700, False)):
        sine = np.sin(2 * np.pi * hz * t).astype(np.float32)
        ratio = float(np.sqrt(np.mean(line.limit_band(sine) ** 2) / np.mean(sine**2)))
        assert ratio == pytest.approx(1.0 if keeps else 0.0, abs=0.03), hz


def test_line_noise_has_the_level_asked_for() -> None:
    noise = line.add_line_noise(np.zeros(40000, np.float32), -50.0, np.random.default_rng(1))
    assert 20 * np.log10(np.sqrt(np.mean(noise**2))) == pytest.approx(-50.0, abs=0.1)
