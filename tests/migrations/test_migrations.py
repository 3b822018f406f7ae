"""The migrations lead to the schema of the models, forward and back, with rows in the tables."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from app.adapters.database import open_database
from app.adapters.schema import current_revision, migrate, newest_revision
from app.models import Base
from app.models.base import EPOCH, MICROSECOND

CALL = (
    "INSERT INTO call (id, sender, external_id, started_at, currency, tags, received_at)"
    " VALUES ('c', 'api', 'e', 1, 'USD', '{}', 1)"
)
CHARGE = (
    "INSERT INTO charge (id, call_id, revenue_minor, payout_minor, currency, terms, made_at)"
    " VALUES ('h', 'c', 1, 1, 'USD', '[]', 1)"
)
EXTRAS = ("transcript_words", "ix_transcript_words")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def test_schema_equals_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [d for d in compare_metadata(context, Base.metadata) if not any(name in str(d) for name in EXTRAS)]
    assert differences == []


def test_every_check_of_the_models_is_in_the_database(engine: Engine) -> None:
    seen = inspect(engine)
    for table in Base.metadata.tables.values():
        wanted = {str(c.name) for c in table.constraints if c.__visit_name__ == "check_constraint"}
        there = {str(c["name"]) for c in seen.get_check_constraints(table.name)}
        assert wanted <= there, table.name


def test_down_to_nothing_and_up_again(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO party (id, external_id, kind, name, brands, created_at) VALUES ('p','x','network','N','[]',1)")
        )
        connection.execute(
            text(
                "INSERT INTO call (id, sender, external_id, started_at, currency, tags, received_at)"
                " VALUES ('c', 'api', 'e1', 1, 'USD', '{}', 1)"
            )
        )
    assert migrate(engine, "base") is None
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert migrate(engine) == newest_revision()


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    assert migrate(engine) == newest_revision()
    with engine.connect() as connection:
        assert current_revision(connection) == newest_revision()


def test_the_database_refuses_words_outside_the_vocabulary(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match="ck_party_kind_known"), engine.begin() as connection:
        connection.execute(
            text("INSERT INTO party (id, external_id, kind, name, brands, created_at) VALUES ('p','x','bank','N','[]',1)")
        )


def test_the_database_refuses_a_value_of_another_type(engine: Engine) -> None:
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO party (id, external_id, kind, name, brands, created_at) VALUES ('p','x','network','N','[]','soon')"
            )
        )


def test_one_dispute_is_open_per_charge(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(CALL))
        connection.execute(text(CHARGE))
    insert = (
        "INSERT INTO dispute (id, charge_id, reason, state, comment, spans, filed_by, filed_at, decided_at)"
        " VALUES (:id, 'h', 'misdial', :state, '', '[]', 'u', 1, :decided)"
    )
    with engine.begin() as connection:
        connection.execute(text(insert), {"id": "d1", "state": "refused", "decided": 2})
        connection.execute(text(insert), {"id": "d2", "state": "filed", "decided": None})
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text(insert), {"id": "d3", "state": "filed", "decided": None})


def test_moments_are_kept_to_the_microsecond() -> None:
    moment = datetime(2026, 11, 22, 17, 30, 0, 123457, tzinfo=UTC)
    assert EPOCH + ((moment - EPOCH) // MICROSECOND) * MICROSECOND == moment


def test_going_back_takes_along_the_reviews_that_a_sample_check_gave(engine: Engine) -> None:
    review = (
        "INSERT INTO review (id, call_id, reviewer_id, verdict, notes, heard_s, decided_at)"
        " VALUES (:id, 'c', 'u', 'good', '', 1, 1)"
    )
    with engine.begin() as connection:
        connection.execute(text(CALL))
        connection.execute(text("INSERT INTO same_audio_cluster (id, made_at) VALUES ('k', 1)"))
        connection.execute(text(review), [{"id": "own"}, {"id": "given"}])
        connection.execute(
            text(
                "INSERT INTO cluster_check (id, cluster_id, seed, call_count, sample_size, opened_by, opened_at)"
                " VALUES ('x', 'k', 's', 2, 1, 'u', 1)"
            )
        )
        connection.execute(
            text("INSERT INTO cluster_check_call (check_id, call_id, place, review_id) VALUES ('x', 'c', NULL, 'given')")
        )
    migrate(engine, "0003")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM review")).scalars().all() == ["own"]
    assert migrate(engine) == newest_revision()
