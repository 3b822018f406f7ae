"""The listening copy and its outline are sent in the pieces that a browser asks for."""

from typing import Any

import numpy as np
import pytest

from app.audio.peaks import compute_peaks, decode_peaks
from tests.factories import calls as make


@pytest.fixture
def sound(house: Any) -> Any:
    """A browser, the address of a call's sound, and the bytes that are stored."""
    call, client = house.add_analysed_call(), house.sign_in()
    return client, f"/calls/{call.id}/audio", make.wav_bytes(make.sound_of(make.conversation()))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-44", -44, None), ("bytes=2000000-99999999", 2000000, None)],
)
def test_a_range_is_answered_with_exactly_its_bytes(sound: Any, asked: str, start: int, end: int | None) -> None:
    client, url, content = sound
    response = client.get(url, headers={"Range": asked})
    expected = content[start:end]
    first = start if start >= 0 else len(content) + start
    assert response.status_code == 206
    assert response.data == expected
    assert response.headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{len(content)}"
    assert response.headers["Content-Length"] == str(len(expected))


def test_without_a_range_the_whole_is_sent_and_ranges_are_offered(sound: Any) -> None:
    client, url, content = sound
    response = client.get(url)
    assert (response.status_code, response.data) == (200, content)
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.mimetype == "audio/wav"
    head = client.head(url)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(content)))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_past_the_end_is_refused_with_the_size(sound: Any, asked: str) -> None:
    client, url, content = sound
    response = client.get(url, headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(content)}"
    assert response.data == b""


def test_a_stale_part_is_answered_with_the_whole_and_a_fresh_one_with_the_range(sound: Any) -> None:
    client, url, content = sound
    etag = client.get(url).headers["ETag"]
    fresh = client.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
    stale = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    dated = client.get(url, headers={"Range": "bytes=0-9", "If-Range": "Wed, 21 Oct 2015 07:28:00 GMT"})
    assert (fresh.status_code, fresh.data) == (206, content[:10])
    assert (stale.status_code, stale.data) == (200, content)
    assert (dated.status_code, dated.data) == (200, content)
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


def test_a_call_without_sound_has_none_to_play(house: Any) -> None:
    call, client = house.add_call(), house.sign_in()
    assert client.get(f"/calls/{call.id}/audio").status_code == 404
    assert client.get(f"/calls/{call.id}/peaks").status_code == 404


def test_a_listening_copy_that_is_gone_is_not_found(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    for key in list(house.blobs.keys("derived/")):
        house.blobs.delete(key)
    assert client.get(f"/calls/{call.id}/audio").status_code == 404
    assert client.get(f"/calls/{call.id}/peaks").status_code == 404


@pytest.mark.parametrize(("level", "factor"), [(0, 1), (1, 8), (2, 64)])
def test_the_outline_keeps_the_extremes_at_every_level(house: Any, level: int, factor: int) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    finest = compute_peaks(make.sound_of(make.conversation())).values
    got = decode_peaks(client.get(f"/calls/{call.id}/peaks?level={level}").data)
    groups = [finest[:, at : at + factor] for at in range(0, finest.shape[1], factor)]
    expected = np.stack([np.stack([g[:, :, 0].min(axis=1), g[:, :, 1].max(axis=1)], axis=1) for g in groups], axis=1)
    assert np.array_equal(got.values, expected)
    assert got.bucket_s == pytest.approx(factor / 50)


def test_a_window_of_the_outline_is_what_the_whole_shows_there(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    whole = decode_peaks(client.get(f"/calls/{call.id}/peaks?level=1").data).values
    window = decode_peaks(client.get(f"/calls/{call.id}/peaks?level=1&from=100&count=50").data).values
    past = decode_peaks(client.get(f"/calls/{call.id}/peaks?level=1&from=99999&count=50").data).values
    assert np.array_equal(window, whole[:, 100:150])
    assert past.shape == (2, 0, 2)


@pytest.mark.parametrize("query", ["level=3", "level=-1", "level=x", "from=-1", "count=0", "count=99999999", "level=²"])
def test_a_window_that_makes_no_sense_is_refused(house: Any, query: str) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    assert client.get(f"/calls/{call.id}/peaks?{query}").status_code == 422


def test_the_outline_is_kept_by_the_browser(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    first = client.get(f"/calls/{call.id}/peaks?level=2")
    assert first.headers["Cache-Control"] == "private, max-age=3600"
    again = client.get(f"/calls/{call.id}/peaks?level=2", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
