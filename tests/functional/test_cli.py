"""The command line as scripts use it: what is printed, in which shape, and with which exit code."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.adapters.schema import newest_revision
from app.cli import main

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "sample_audio" / "calls"
CORPUS = Path(os.environ.get("EARSHOT_AUDIO_CORPUS", ROOT / "../shared/audio"))

# The contract of `earshot analyze --json`: keys may be added, none may go or change its kind.
TOP = {
    "file": str,
    "sha256": str,
    "duration_s": float,
    "sample_rate_hz": int,
    "channels": int,
    "channel_roles": list,
    "engine": dict,
    "utterances": list,
    "speech": list,
    "turns": dict,
    "tones": list,
    "caller_voice": dict,
    "keywords": list,
    "findings": list,
    "score": dict,
}
SPAN = {"start_s": float, "end_s": float}
UTTERANCE = SPAN | {"channel": int, "speaker": str, "text": str, "words": list}
WORD = SPAN | {"text": str, "confidence": float, "low_trust": bool}
KEYWORD = SPAN | {"pack": str, "phrase": str, "speaker": str, "quote": str, "confidence": float, "low_trust": bool}
TONE = SPAN | {"channel": int, "kind": str, "detail": str}
TURNS = (
    "talk_s",
    "overlap_s",
    "dead_air_s",
    "longest_dead_air_s",
    "two_way_speech_s",
    "response_latency_s",
    "interruptions",
)


def earshot(data_dir: Path, *arguments: object, typed: str = "", **settings: object) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    environ |= {"EARSHOT_DATA_DIR": str(data_dir)} | {f"EARSHOT_{name.upper()}": str(v) for name, v in settings.items()}
    command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environ, input=typed, capture_output=True, text=True, check=False)


def assert_has(value: dict[str, Any], shape: dict[str, type]) -> None:
    for name, kind in shape.items():
        is_number = kind is float and type(value[name]) is int
        assert isinstance(value[name], kind) or is_number, (name, value[name])


def assert_is_report(report: dict[str, Any]) -> None:
    """Every key of the contract is there, of its kind, and the times lie inside the recording in order."""
    assert_has(report, TOP)
    assert len(report["sha256"]) == 64
    assert len(report["channel_roles"]) == len(report["speech"]) == len(report["turns"]["talk_s"]) == report["channels"]
    assert_has(report["engine"]["asr"], {"model": str, "sha256": str, "compute_type": str, "beam_size": int})
    assert report["engine"]["earshot"]
    assert set(TURNS) <= set(report["turns"])
    assert (report["turns"]["two_way_speech_s"] is None) == (report["channel_roles"] == ["mixed"])
    end_s = report["duration_s"] + 0.01
    for utterance in report["utterances"]:
        assert_has(utterance, UTTERANCE)
        assert utterance["speaker"] in {"caller", "agent", "unknown"}
        assert 0 <= utterance["start_s"] <= utterance["end_s"] <= end_s
        for word in utterance["words"]:
            assert_has(word, WORD)
            assert utterance["start_s"] - 0.001 <= word["start_s"] <= word["end_s"] <= utterance["end_s"] + 0.001
    starts = [utterance["start_s"] for utterance in report["utterances"]]
    assert starts == sorted(starts)
    for spans in report["speech"]:
        for span in spans:
            assert_has(span, SPAN)
            assert 0 <= span["start_s"] < span["end_s"] <= end_s
    for tone in report["tones"]:
        assert_has(tone, TONE)
        assert tone["kind"] in {"dtmf", "beep", "ringback", "busy", "sit", "music"}
    for keyword in report["keywords"]:
        assert_has(keyword, KEYWORD)
    voice = report["caller_voice"]
    assert voice["label"] in {"live", "recorded", "synthetic", "unknown"}
    assert isinstance(voice["reasons"], list)
    score = report["score"]
    assert score["value"] == sum(part["points"] for part in score["parts"])
    assert all(part["name"] and part["why"] for part in score["parts"])


def reports_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_analyze_answers_one_object_per_line_in_input_order_and_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    paths = [tmp_path / "empty.wav", CALLS / "plumbing-short.flac", tmp_path / "missing.wav", CALLS / "air-busy-retry.wav"]
    done = earshot(tmp_path / "data", "analyze", "--json", *paths)
    assert done.returncode == 3, done.stderr
    answers = reports_of(done)
    assert [answer["file"] for answer in answers] == list(map(str, paths))
    assert [answer["error"]["code"] for answer in (answers[0], answers[2])] == ["empty_file", "no_such_file"]
    for report in (answers[1], answers[3]):
        assert_is_report(report)
    assert answers[1]["channel_roles"] == ["caller", "agent"]
    assert answers[3]["channel_roles"] == ["mixed"]
    assert {tone["kind"] for tone in answers[3]["tones"]} == {"busy", "dtmf", "sit"}
    assert done.stderr == ""  # no progress line off a terminal


@pytest.mark.slow
def test_analyze_without_json_is_a_report_for_a_person(tmp_path: Path) -> None:
    done = earshot(tmp_path / "data", "analyze", CALLS / "plumbing-short.flac")
    assert done.returncode == 0, done.stderr
    assert "caller" in done.stdout
    assert "/100" in done.stdout
    assert "{" not in done.stdout


@pytest.mark.slow
def test_the_calls_facts_join_the_score(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"campaign": {"billable_seconds": 20}, "duration_s": 30}))
    reports = reports_of(earshot(tmp_path, "analyze", "--json", "--fast", "--meta", facts, CALLS / "plumbing-short.flac"))
    assert any("20 s" in part["why"] for part in reports[0]["score"]["parts"])


@pytest.mark.parametrize("content", ["[1, 2]", "not json", '{"campaign": 3}', '{"campaign": {"billable_seconds": "x"}}'])
def test_facts_that_do_not_fit_are_wrong_usage(tmp_path: Path, content: str) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(content)
    done = earshot(tmp_path, "analyze", "--meta", facts, CALLS / "plumbing-short.flac")
    assert done.returncode == 2
    assert "facts.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_analyze_of_nothing_is_wrong_usage(tmp_path: Path) -> None:
    assert earshot(tmp_path, "analyze").returncode == 2


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.parametrize(
    "name", ["live/google_commercial.wav", "mixed/stereo_robocall_0.wav", "mixed/hold_music_only_with_announcements.wav"]
)
def test_real_and_composed_calls_are_analysed(tmp_path: Path, name: str) -> None:
    path = CORPUS / name
    if not path.is_file():
        pytest.skip(f"EARSHOT_AUDIO_CORPUS holds no {name}")
    done = earshot(tmp_path, "analyze", "--json", path)
    assert done.returncode == 0, done.stderr
    [report] = reports_of(done)
    assert_is_report(report)
    assert report["utterances"]


def test_every_setting_is_listed_with_its_unit_and_help_and_no_secret_is_shown(tmp_path: Path) -> None:
    done = earshot(tmp_path, "settings", "--json", secret_key="do not tell", job_lease_s=7)
    assert done.returncode == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["EARSHOT_JOB_LEASE_S"] | {"help": ""} == {
        "name": "EARSHOT_JOB_LEASE_S",
        "value": "7",
        "default": "30",
        "unit": "s",
        "help": "",
    }
    assert all(row["help"] for row in rows.values())
    assert "do not tell" not in done.stdout
    assert set(rows) <= set(earshot(tmp_path, "settings").stdout.replace("=", "\n").split())


@pytest.mark.parametrize("command", [("settings",), ("up",), ("analyze", "x.wav")])
def test_all_wrong_settings_are_told_together(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = earshot(tmp_path, *command, port="eighty", asr_device="tpu", job_leese_s=3, audio_workers=-1)
    assert done.returncode == 2
    for wrong in ("EARSHOT_PORT", "EARSHOT_ASR_DEVICE", "EARSHOT_JOB_LEESE_S", "EARSHOT_AUDIO_WORKERS"):
        assert wrong in done.stderr
    assert "'eighty'" in done.stderr
    assert done.stdout == ""


def test_migrate_brings_a_database_up_to_date_and_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        done = earshot(tmp_path, "migrate")
        assert done.returncode == 0, done.stderr
        assert newest_revision() in done.stdout


def test_people_are_added_once_and_listed(tmp_path: Path) -> None:
    earshot(tmp_path, "migrate")
    add = ("users", "add", "--email", "ann@example.com", "--name", "Ann", "--role", "reviewer")
    added = earshot(tmp_path, *add, typed="a long enough pass phrase\n")
    assert added.returncode == 0, added.stderr
    again = earshot(tmp_path, *add, typed="a long enough pass phrase\n")
    assert again.returncode in (1, 2)
    assert "ann@example.com" in again.stderr
    weak = earshot(tmp_path, "users", "add", "--email", "b@example.com", "--name", "B", "--role", "reviewer", typed="1234\n")
    assert weak.returncode == 2
    nobody = earshot(
        tmp_path, *add[:2], "--email", "c@example.com", *add[4:], "--party", "NOBODY", typed="a long pass phrase\n"
    )
    assert nobody.returncode == 1
    assert "NOBODY" in nobody.stderr
    listed = earshot(tmp_path, "users", "list").stdout
    assert listed.split()[:3] == ["ann@example.com", "reviewer", "Ann"]
    assert len(listed.splitlines()) == 1


def test_the_audit_trail_is_verified_and_an_altered_event_is_found(tmp_path: Path) -> None:
    earshot(tmp_path, "migrate")
    person = ("--email", "p@example.com", "--name", "P", "--role", "reviewer")
    earshot(tmp_path, "users", "add", *person, typed="a long enough pass phrase\n")
    whole = earshot(tmp_path, "verify", "audit")
    assert whole.returncode == 0
    assert "holds: 1 events" in whole.stdout
    with contextlib.closing(sqlite3.connect(tmp_path / "earshot.db")) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'").fetchall()
        assert triggers
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE event SET actor = 'nobody' WHERE seq = 1")
        connection.commit()
    altered = earshot(tmp_path, "verify", "audit")
    assert altered.returncode == 1
    assert "event 1" in altered.stdout


@pytest.mark.parametrize("command", [("users", "list"), ("verify", "audit"), ("ingest", "README.md")])
def test_a_database_that_was_never_made_is_told_in_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = earshot(tmp_path, *command)
    assert done.returncode == 1
    assert "earshot migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_tells_what_is_missing_and_what_is_there(tmp_path: Path) -> None:
    done = earshot(tmp_path, "doctor")
    assert done.returncode == 1
    lines = {line.split(":")[0].split()[1]: line for line in done.stdout.splitlines()}
    assert lines["database"].startswith("FAILED")
    assert "earshot migrate" in lines["database"]
    assert lines["queue"].startswith("FAILED")
    assert lines["speech"].startswith("ok")
    assert lines["disk"].startswith("ok")
    earshot(tmp_path, "migrate")
    assert "ok      database" in earshot(tmp_path, "doctor").stdout


def test_a_database_server_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    away = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    for command in (("users", "list"), ("doctor",)):
        done = earshot(tmp_path, *command, database_url=away)
        assert done.returncode == 1
        assert "Connection refused" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_ingest_of_a_path_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    earshot(tmp_path, "migrate")
    done = earshot(tmp_path, "ingest", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


@pytest.mark.parametrize("command", [(), ("no-such-command",), ("verify",), ("users",)])
def test_wrong_usage_is_exit_code_2(command: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "command", ["up", "demo", "ingest", "analyze", "verify", "users", "settings", "doctor", "migrate", "worker", "scheduler"]
)
def test_each_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "example: " in capsys.readouterr().out
