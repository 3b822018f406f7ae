"""Which settings are in force? The only reader of the environment.

Each field has a type, a default, a unit and a sentence of help in its metadata; ``earshot settings`` prints them and
``docs/configuration.md`` is checked against them. All mistakes are reported together, at start-up.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from app.errors import InvalidInput

PREFIX = "EARSHOT_"
_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+")


def _setting(default: Any, help_text: str, *, unit: str = "", secret: bool = False) -> Any:
    return field(default=default, metadata={"help": help_text, "unit": unit, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of Earshot; the environment variable is the field's name in capitals behind ``EARSHOT_``."""

    data_dir: Path = _setting(Path("./var"), "Folder for the embedded database, queue, recordings and secrets.")
    database_url: str = _setting("", "SQLAlchemy address of the database; empty = SQLite in DATA_DIR.", secret=True)
    queue_url: str = _setting("", "Redis or Valkey address; empty = embedded Valkey started by `earshot up`.", secret=True)
    blob_url: str = _setting("", "Where recordings are kept: a folder, or s3://bucket/prefix; empty = folder in DATA_DIR.")
    host: str = _setting("127.0.0.1", "Address the pages are served on.")
    port: int = _setting(8000, "Port the pages are served on; when it is taken, the next free one is used and printed.")
    web_processes: int = _setting(1, "Web server processes.", unit="processes")
    web_threads: int = _setting(8, "Threads in each web server process.", unit="threads")
    audio_workers: int = _setting(0, "Audio worker processes; 0 = one per core.", unit="processes")
    light_workers: int = _setting(1, "Workers for light jobs such as screening.", unit="processes")
    review_sample_percent: float = _setting(5.0, "Calls without a finding that reviewers hear all the same.", unit="percent")
    review_first_of_source: int = _setting(10, "Calls of a new source that reviewers hear, finding or not.", unit="calls")
    task_workers: int = _setting(1, "Workers for back-tests, exports and other long work people ask for.", unit="processes")
    asr_model: str = _setting(
        "tiny.en", "Whisper model: a faster-whisper name or a folder with CTranslate2 weights; tiny.en needs no download."
    )
    asr_device: str = _setting("cpu", "Where recognition runs: cpu, cuda or auto.")
    asr_compute_type: str = _setting("int8", "CTranslate2 number format: int8, int8_float16, float16, float32.")
    asr_beam_size: int = _setting(5, "Beam width of the recogniser; 1 is faster and hears a little less.", unit="beams")
    asr_threads: int = _setting(
        0,
        "Cores that one process recognises on; 0 = all of them for a command at the shell, an equal share for an audio worker.",
        unit="threads",
    )
    asr_batch_windows: int = _setting(
        0, "Windows of 30 s that are decoded together; 0 = 4 on a processor, 16 on a GPU.", unit="windows"
    )
    audio_corpus: Path = _setting(Path("../shared/audio"), "Folder with the development audio, for tests and `make bench`.")
    max_upload_mb: int = _setting(500, "Largest recording, list or file of numbers accepted by upload or API.", unit="MB")
    fetch_allow_hosts: str = _setting(
        "",
        "Hosts, separated by commas, from which recordings are fetched even over plain HTTP, from other ports, or from inside "
        "addresses; empty = HTTPS from public addresses only.",
    )
    max_recording_hours: float = _setting(6.0, "Longest recording that is analysed.", unit="hours")
    job_lease_s: int = _setting(30, "A worker that gives no sign of life for this long loses its call to another.", unit="s")
    job_attempts: int = _setting(3, "How often a call is tried before its analysis is shown as failed.")
    sweep_every_s: float = _setting(5.0, "How often the scheduler looks for work that nobody is doing.", unit="s")
    session_hours: float = _setting(12.0, "A sign-in ends after this long without use.", unit="hours")
    secure_cookies: bool = _setting(False, "Send cookies over HTTPS only; switch on behind TLS.")
    secret_key: str = _setting("", "Signs cookies and forms; empty = made once and kept in DATA_DIR.", secret=True)
    signing_key: str = _setting("", "32 bytes in hex that sign exports; empty = made once, kept in DATA_DIR.", secret=True)
    blob_key: str = _setting("", "32 bytes in hex that wrap recording keys; empty = made once, kept in DATA_DIR.", secret=True)
    trustedform_api_key: str = _setting(
        "", "Key for the vendor of TrustedForm certificates; empty = certificates are not looked up there.", secret=True
    )
    leadid_account_code: str = _setting(
        "", "Account code (lac) for LeadiD look-ups; empty = tokens are not looked up there.", secret=True
    )
    leadid_audit_key: str = _setting("", "Audit key (lak) for LeadiD look-ups.", secret=True)
    rate_limit_per_minute: int = _setting(600, "API requests a minute for one token.", unit="requests")
    log_level: str = _setting("INFO", "Least level that is logged: DEBUG, INFO, WARNING, ERROR.")

    @property
    def resolved_database_url(self) -> str:
        """The database address with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'earshot.db'}"

    @property
    def resolved_blob_url(self) -> str:
        """The blob address with the default filled in."""
        return self.blob_url or str(self.data_dir.resolve() / "blobs")

    @property
    def resolved_audio_workers(self) -> int:
        """The number of audio workers with 0 resolved to the number of usable cores."""
        return self.audio_workers or len(os.sched_getaffinity(0))

    @property
    def command_asr_threads(self) -> int:
        """The cores that a command at the shell recognises on."""
        return self.asr_threads or len(os.sched_getaffinity(0))

    @property
    def worker_asr_threads(self) -> int:
        """The cores that one audio worker recognises on, so that all workers together have one thread per core."""
        return self.asr_threads or max(1, len(os.sched_getaffinity(0)) // self.resolved_audio_workers)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    InvalidInput
        Naming every variable that is unknown or does not fit, with what was expected.
    """
    given = {k: v for k, v in (os.environ if environ is None else environ).items() if k.startswith(PREFIX)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    known = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    for name, raw in sorted(given.items()):
        if name not in known:
            problems.append(f"{name}: no such setting (see `earshot settings`)")
            continue
        setting = known[name]
        try:
            values[setting.name] = _parse(raw, type(setting.default))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    settings = Settings(**values)
    problems += _find_contradictions(settings)
    if problems:
        raise InvalidInput("Some settings do not fit:\n  " + "\n  ".join(problems), problems=problems)
    return settings


def describe_settings(settings: Settings) -> list[dict[str, str]]:
    """Return one row per setting: variable, value in force (secrets masked), default, unit and help."""
    rows = []
    for setting in fields(Settings):
        value = getattr(settings, setting.name)
        is_secret = bool(setting.metadata["secret"]) and bool(value)
        rows.append(
            {
                "name": PREFIX + setting.name.upper(),
                "value": "(set)" if is_secret else str(value),
                "default": str(setting.default),
                "unit": setting.metadata["unit"],
                "help": setting.metadata["help"],
            }
        )
    return rows


def _parse(raw: str, kind: type) -> Any:
    if kind is bool:
        words = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off", ""), False)
        if raw.lower() not in words:
            raise ValueError(f"expected true or false, got {raw!r}")
        return words[raw.lower()]
    if kind in (int, float):
        try:
            return kind(raw)
        except ValueError:
            raise ValueError(f"expected a {'whole ' if kind is int else ''}number, got {raw!r}") from None
    if issubclass(kind, Path):
        return Path(raw).expanduser()
    return raw


def _find_contradictions(settings: Settings) -> list[str]:
    problems = []
    positive = (
        "web_processes",
        "web_threads",
        "light_workers",
        "task_workers",
        "asr_beam_size",
        "max_upload_mb",
        "max_recording_hours",
        "job_lease_s",
        "job_attempts",
        "sweep_every_s",
        "session_hours",
        "rate_limit_per_minute",
    )
    for name in positive:
        if getattr(settings, name) <= 0:
            problems.append(f"{PREFIX}{name.upper()}: expected more than 0, got {getattr(settings, name)}")
    if not 0 <= settings.review_sample_percent <= 100:
        problems.append(f"{PREFIX}REVIEW_SAMPLE_PERCENT: expected 0 to 100, got {settings.review_sample_percent}")
    for name in ("audio_workers", "asr_threads", "asr_batch_windows", "review_first_of_source"):
        if getattr(settings, name) < 0:
            problems.append(f"{PREFIX}{name.upper()}: expected 0 or more, got {getattr(settings, name)}")
    if not 0 < settings.port < 65536:
        problems.append(f"{PREFIX}PORT: expected 1 to 65535, got {settings.port}")
    if settings.asr_device not in ("cpu", "cuda", "auto"):
        problems.append(f"{PREFIX}ASR_DEVICE: expected cpu, cuda or auto, got {settings.asr_device!r}")
    if not all(_HOST.fullmatch(host.strip()) for host in settings.fetch_allow_hosts.split(",") if host.strip()):
        problems.append(
            f"{PREFIX}FETCH_ALLOW_HOSTS: expected host names or addresses such as media.example.com,10.0.0.5,[fd00::5]"
        )
    problems += _find_wrong_vendor_keys(settings)
    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        problems.append(f"{PREFIX}LOG_LEVEL: expected DEBUG, INFO, WARNING or ERROR, got {settings.log_level!r}")
    for name in ("blob_key", "signing_key"):
        if getattr(settings, name) and not _is_hex_key(getattr(settings, name)):
            problems.append(f"{PREFIX}{name.upper()}: expected 64 hexadecimal digits (32 bytes)")
    return problems


def _find_wrong_vendor_keys(settings: Settings) -> list[str]:
    names = ("trustedform_api_key", "leadid_account_code", "leadid_audit_key")
    keys = [(f"{PREFIX}{name.upper()}", str(getattr(settings, name))) for name in names]
    problems = [
        f"{name}: expected printable ASCII without blanks"
        for name, key in keys
        if not (key.isascii() and key.isprintable() and " " not in key)
    ]
    if bool(settings.leadid_account_code) != bool(settings.leadid_audit_key):
        problems.append(f"{PREFIX}LEADID_ACCOUNT_CODE and {PREFIX}LEADID_AUDIT_KEY: expected both or none")
    return problems


def _is_hex_key(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 32
    except ValueError:
        return False
