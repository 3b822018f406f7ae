"""By which judge is a call judged: the one in force, or the one that judged it then?

Compiling the phrase packs of an edition takes about a tenth of a second, so a process keeps the few editions it last used; an
edition never changes, and its hash is its name.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.editions.document import EditionDocument, build_judge, document_from_json, packaged_document
from app.compliance.editions.service import EditionFacts, find_edition_of, find_publication, get_edition
from app.compliance.judge import Judge
from app.compliance.packaged import load_judge
from app.models.editions import Edition

KEPT = 4

_built: OrderedDict[str, Judge] = OrderedDict()
# Pages are served by several threads; one must not drop the edition that another is about to take.
_lock = threading.Lock()


def judge_in_force(session: Session) -> Judge:
    """Return the judge of the edition in force; the packaged one where nothing was published yet."""
    publication = find_publication(session)
    if publication is None:
        return load_judge()
    return _judge(session, publication.edition)


def judge_of_edition(session: Session, edition_id: str) -> Judge:
    """Return the judge of an edition. Raises NotFound, or InvalidInput when this release cannot use it."""
    return _judge(session, get_edition(session, edition_id))


def judge_that_made(session: Session, versions: Mapping[str, Any]) -> Judge | None:
    """Return the judge that made a screening, by the versions kept with it; None when its edition is not kept."""
    if _is_packaged(str(versions.get("rule_set")), str(versions.get("phrase_packs"))):
        return load_judge()
    edition = find_edition_of(session, versions)
    return None if edition is None else _judge(session, edition)


def judge_of_document(document: EditionDocument) -> Judge:
    """Return the judge of an edition that may be stored nowhere, such as a draft. Raises InvalidInput."""
    return _remember(document.sha256, document)


def _judge(session: Session, edition: EditionFacts) -> Judge:
    # By far the most calls are judged by what is packaged: its names tell that, without its content being read and hashed.
    if _is_packaged(edition.rule_set, edition.packs):
        return load_judge()
    if (known := _recall(edition.sha256)) is not None:
        return known
    content = session.scalar(select(Edition.content).where(Edition.id == edition.id))
    return _remember(edition.sha256, document_from_json(content or {}))


def _is_packaged(rule_set: str, packs: str) -> bool:
    versions = load_judge().versions
    return (rule_set, packs) == (versions["rule_set"], versions["phrase_packs"])


def _remember(sha256: str, document: EditionDocument) -> Judge:
    if sha256 == packaged_document().sha256:
        return load_judge()
    if (known := _recall(sha256)) is not None:
        return known
    judge = build_judge(document)
    with _lock:
        _built[sha256] = judge
        while len(_built) > KEPT:
            _built.popitem(last=False)
    return judge


def _recall(sha256: str) -> Judge | None:
    with _lock:
        if sha256 in _built:
            _built.move_to_end(sha256)
        return _built.get(sha256)
