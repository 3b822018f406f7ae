"""Where do the versions of the lists lie? One folder each under ``DATA_DIR/number-lists``; what is there is there whole.

A version is written into a hidden folder, synced, and renamed into place, so that nobody ever sees half of one. One load at a
time holds the lock of the folder; the kernel frees it however the process ends, and the next load removes what a killed one
left."""

from __future__ import annotations

import csv
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.entries import Entries, open_entries
from app.compliance.registry.number_set import NumberSet, damage
from app.compliance.registry.sources import Garbage
from app.compliance.registry.versions import ListVersion, version_from_json, version_to_json
from app.errors import InvalidTransition, ListDamaged, NotFound, StorageFull

FOLDER = "number-lists"
MANIFEST = "manifest.json"
WITHDRAWAL = "withdrawn.json"
NUMBERS, ENTRIES, GARBAGE = "numbers.set", "entries.npy", "garbage.csv"
SCRUBS = "scrubs"
HELD = ".numbers.npy"
SCRUB_REACH = timedelta(days=92)
"""A scrub older than this clears no number by any list: state lists run for a quarter at most."""
SCRUB_NAME = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{12}")
SETTLED_NS = 1_000_000_000


class ListStore:
    """The folder of one installation; any number of processes read it while one writes."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / FOLDER
        self._sets: dict[str, NumberSet] = {}
        self._entries: dict[str, Entries] = {}
        self._known: tuple[int, list[ListVersion]] | None = None
        self._held: dict[str, NDArray[np.int64]] = {}
        self._manifests: dict[str, tuple[tuple[int, int, int], ListVersion]] = {}

    def versions(self) -> list[ListVersion]:
        """Return the manifests of all versions. Raises ListDamaged when one is not what was written."""
        try:
            changed_ns = self.root.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        if self._known is not None and self._known[0] == changed_ns:
            return list(self._known[1])
        versions = self._read_manifests()
        # A change within the clock tick of the one that was just seen would go unnoticed.
        if time.time_ns() - changed_ns > SETTLED_NS:
            self._known = (changed_ns, versions)
        return list(versions)

    def _read_manifests(self) -> list[ListVersion]:
        folders = (path for path in sorted(self.root.iterdir()) if path.is_dir() and not path.name.startswith("."))
        return [self._read_manifest(path) for path in folders if path.name != SCRUBS]

    def open_set(self, version: ListVersion) -> NumberSet:
        """Return the numbers of a version, mapped once in this process. Raises ListDamaged."""
        if version.id not in self._sets:
            path = self.root / version.id / version.data_file
            opened = NumberSet(path)
            if opened.header_crc != version.data_crc or opened.count != version.count:
                raise damage(path, "it is the file of another version")
            self._sets[version.id] = opened
        return self._sets[version.id]

    def open_log(self, version: ListVersion) -> Entries:
        """Return the entries of a version, read once in this process. Raises ListDamaged."""
        if version.id not in self._entries:
            self._entries[version.id] = open_entries(self.root / version.id / version.data_file, version.data_sha256)
        return self._entries[version.id]

    def verify(self, version: ListVersion) -> None:
        """Compare the whole data file with its hash. Raises ListDamaged."""
        path = self.root / version.id / version.data_file
        try:
            found = hash_file(path)
        except OSError as error:
            raise damage(path, f"it cannot be opened ({error})") from None
        if found != version.data_sha256:
            raise damage(path, "its hash is not the one that was written")

    @contextmanager
    def loading(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[Path]:
        """Hold the lock and hand out an empty hidden folder; what is left in it at the end is removed.

        Raises
        ------
        StorageFull
            When the disk has no room; nothing of the version is kept.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.root / f".loading-{os.getpid()}"
        with (self.root / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self.root.glob(".loading-*"):
                shutil.rmtree(left, ignore_errors=True)
            try:
                draft.mkdir(mode=0o700)
                yield draft
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                    raise StorageFull(
                        f"there is no room for the list under {self.root} ({error.strerror}); nothing was loaded. Free some "
                        "space (the national registry needs 400 MB) and load it again"
                    ) from None
                raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def is_loading(self) -> bool:
        """Tell whether some process is loading a list just now, so that another would have to wait."""
        try:
            with (self.root / ".lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def put_in_place(self, draft: Path, version: ListVersion) -> None:
        """Put a written version in place, whole; called while loading."""
        _write_synced(draft / MANIFEST, json.dumps(version_to_json(version), indent=1, ensure_ascii=False))
        _sync_folder(draft)
        draft.rename(self.root / version.id)
        _sync_folder(self.root)

    def withdraw(self, version_id: str, *, why: str, at: datetime) -> ListVersion:
        """Take a version out of force from a moment on; it stays readable for the time before. Raises NotFound."""
        version = next((v for v in self.versions() if v.id == version_id), None)
        if version is None:
            raise NotFound(f"there is no list version {version_id}; `earshot dnc status` names those there are")
        if version.withdrawn_at is not None:
            raise InvalidTransition(f"list version {version_id} was withdrawn on {version.withdrawn_at:%Y-%m-%d} already")
        draft = self.root / version_id / f".{WITHDRAWAL}"
        _write_synced(draft, json.dumps({"at": at.isoformat(), "why": why}))
        draft.rename(self.root / version_id / WITHDRAWAL)
        _sync_folder(self.root / version_id)
        os.utime(self.root)  # other processes look at the folder's time to tell whether anything changed
        return replace(version, withdrawn_at=at, withdrawn_why=why)

    def record_scrub(self, name: str, record: dict[str, object], numbers: NDArray[np.int64]) -> Path:
        """Keep what a scrub was held against, what came of it, and its numbers (sorted, each once)."""
        folder = self.root / SCRUBS
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = folder / f".{name}{HELD}"
        with held.open("wb") as file:
            np.save(file, numbers)
            file.flush()
            os.fsync(file.fileno())
        held.rename(folder / f"{name}{HELD}")
        draft = folder / f".{name}"
        _write_synced(draft, json.dumps(record, indent=1, ensure_ascii=False))
        return draft.rename(folder / f"{name}.json")

    def find_scrub(self, number: int, at: datetime) -> datetime | None:
        """Return when a number was last scrubbed before a moment, within :data:`SCRUB_REACH`; None where it was not."""
        newest, oldest = f"{at:%Y%m%dT%H%M%S}", f"{at - SCRUB_REACH:%Y%m%dT%H%M%S}"
        for path in sorted((self.root / SCRUBS).glob(f"[0-9]*{HELD}"), reverse=True):
            name = path.name.removesuffix(HELD)
            if not oldest <= name[:15] <= newest or not SCRUB_NAME.fullmatch(name):
                continue
            held = self._held.get(name)
            if held is None:
                held = self._held[name] = np.load(path, mmap_mode="r")
            place = int(np.searchsorted(held, number))
            if place < len(held) and held[place] == number:
                return datetime.strptime(name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return None

    def list_scrubs(self, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the names and records of the newest scrubs, newest first."""
        names = sorted((path.stem for path in (self.root / SCRUBS).glob("[0-9]*.json")), reverse=True)
        return [(name, self.get_scrub(name)) for name in names[:limit]]

    def get_scrub(self, name: str) -> dict[str, Any]:
        """Return what was kept of a scrub. Raises NotFound, ListDamaged."""
        path = self.root / SCRUBS / f"{name}.json"
        if not SCRUB_NAME.fullmatch(name) or not path.is_file():
            raise NotFound("there is no such scrub")
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise ListDamaged(f"scrub {name}: its record is damaged ({error})", file=str(path)) from None
        return found

    def garbage_file(self, version_id: str) -> Path:
        """Return the file of the rows that a version left out. Raises NotFound."""
        path = self.root / version_id / GARBAGE
        if version_id not in {version.id for version in self.versions()} or not path.is_file():
            raise NotFound("there is no such version, or no row of it was left out")
        return path

    def _read_manifest(self, folder: Path) -> ListVersion:
        path = folder / MANIFEST
        try:
            stat = path.stat()
            state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            # The list of requests not to be called gets a version with every few of them: each is read once.
            known = self._manifests.get(folder.name)
            version = known[1] if known and known[0] == state else version_from_json(json.loads(path.read_text("utf-8")))
            if version.id != folder.name:
                raise ValueError(f"it is that of {version.id}")
            self._manifests[folder.name] = (state, version)
        except (OSError, ValueError, KeyError, TypeError, ListDamaged) as error:
            raise ListDamaged(
                f"list version {folder.name}: its manifest is damaged ({error}). Nothing is answered until it is put back from "
                f"a backup, or its folder is moved away from {self.root} and the list is loaded again",
                file=str(path),
            ) from None
        with suppress(FileNotFoundError):
            withdrawn = json.loads((folder / WITHDRAWAL).read_text("utf-8"))
            return replace(version, withdrawn_at=datetime.fromisoformat(withdrawn["at"]), withdrawn_why=withdrawn["why"])
        return version


def write_garbage(path: Path, rows: list[Garbage]) -> None:
    """Write the rows that were left out, with the reason for each."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "reason", "text"))
        writer.writerows((row.file, row.line, row.reason, row.text) for row in rows)
        file.flush()
        os.fsync(file.fileno())


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_synced(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
