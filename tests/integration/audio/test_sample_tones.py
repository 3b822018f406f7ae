"""The tones of the sample calls are those of their scripts, and no voice among them is taken for a tone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from app.audio.decode import decode
from app.audio.tones import find_tones
from app.vocabulary import ToneKind

SAMPLES = Path("sample_audio")
MANIFEST = yaml.safe_load((SAMPLES / "manifest.yaml").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_sample_calls_hold_the_keys_and_beeps_of_their_scripts_and_no_others() -> None:
    wrong = {}
    for call in MANIFEST["calls"]:
        heard = decode(SAMPLES / call["file"])
        tones = [tone for channel, samples in enumerate(heard.samples) for tone in find_tones(samples, channel)]
        single = Counter(str(tone.kind) for tone in tones if tone.kind in (ToneKind.DTMF, ToneKind.BEEP))
        scripted = Counter(tone["kind"] for tone in call["truth"]["tones"] if tone["kind"] in ("dtmf", "beep"))
        if single != scripted:
            wrong[call["file"]] = (dict(single), dict(scripted))
    assert wrong == {}
