"""The call page in a real Chromium: sound, words, keys, progress and what is kept, with the policy of real answers."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from sqlalchemy import Engine, select
from werkzeug.serving import make_server

from app.models.analysis import AnalysisRun
from app.models.reviews import Review
from app.vocabulary import Speaker
from app.web.identify import COOKIE
from tests.factories import calls as make
from tests.fakes import FrozenClock, ListQueue
from tests.functional.review.conftest import House

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]
TEN_SECONDS_MS = 10_000
AUDIO = "document.querySelector('[data-audio]')"


def find_browser() -> str:
    found = os.environ.get("TEST_BROWSER") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    if os.environ.get("TEST_BROWSER_REQUIRED") == "1":
        pytest.fail("TEST_BROWSER_REQUIRED=1, but there is no Chromium on the PATH and TEST_BROWSER is not set")
    pytest.skip("no Chromium on the PATH; install it or set TEST_BROWSER")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser process for this module."""
    path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Site:
    """A house that answers on a port, and pages of a signed-in reviewer that keep what the console says."""

    def __init__(self, house: House, chromium: Any) -> None:
        self.house = house
        self.server = make_server("127.0.0.1", 0, house.app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.token = house.token()
        self.chromium = chromium
        self.contexts: list[BrowserContext] = []
        self.said: list[str] = []

    def open(self, call: Any, **context: Any) -> Page:
        """Open a call and wait for the player, where there is one."""
        made = self.chromium.new_context(**({"viewport": {"width": 1440, "height": 900}} | context))
        self.contexts.append(made)
        made.add_cookies([{"name": COOKIE, "value": self.token, "url": self.url}])
        page: Page = made.new_page()
        page.set_default_timeout(TEN_SECONDS_MS)
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.goto(f"{self.url}/calls/{call.id}")
        if page.locator("[data-player]").count():
            page.wait_for_selector(".player.is-ready")
            page.wait_for_function(f"() => {AUDIO}.readyState >= 1")
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def site(sqlite_engine: Engine, clock: FrozenClock, queue: ListQueue, tmp_path: Path, chromium: Any) -> Iterator[Site]:
    """A running site; the console of its pages must stay empty."""
    site = Site(House(sqlite_engine, clock, queue, tmp_path), chromium)
    yield site
    site.close()
    assert site.said == []


def time_of(page: Page) -> float:
    return float(page.evaluate(f"() => {AUDIO}.currentTime"))


def word(page: Page, turn: int, text: str) -> Any:
    return page.locator(f'[data-turn="{turn}"] .word', has_text=text).first


def test_a_click_on_a_word_goes_to_where_it_is_said(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    clicked = word(page, 1, "text")
    clicked.scroll_into_view_if_needed()
    clicked.click()
    said = next(w for w in make.conversation().utterances[1].words if w.text == "text")
    assert time_of(page) == pytest.approx(said.span.start_s, abs=0.05)
    expect(page.locator(".word.is-said")).to_have_text("text ")
    expect(page.locator("[data-turn='1']")).to_have_class("turn turn-caller is-current")


def test_playing_moves_the_clock_the_words_and_the_seconds_heard(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {AUDIO}.currentTime > 1.6")
    page.keyboard.press("Space")
    assert page.evaluate(f"() => {AUDIO}.paused")
    page.wait_for_function("() => Number(document.querySelector('input[name=heard_s]').value) > 0")
    heard = float(page.locator("input[name=heard_s]").input_value())
    assert heard == pytest.approx(time_of(page), abs=0.4)
    assert heard > 1
    expect(page.locator("[data-command=play]")).to_have_attribute("aria-label", "Play")


def test_keys_do_what_the_list_of_keys_says(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    marks = sorted(hit.span.start_s for hit in make.usual_hits())
    for mark in marks:
        page.keyboard.press("]")
        assert time_of(page) == pytest.approx(mark, abs=0.02)
    page.keyboard.press("[")
    assert time_of(page) == pytest.approx(marks[-2], abs=0.02)
    page.keyboard.press("l")
    assert time_of(page) == pytest.approx(marks[-2] + 5, abs=0.02)
    page.keyboard.press("j")
    assert time_of(page) == pytest.approx(marks[-2], abs=0.02)
    page.keyboard.press("s")
    page.keyboard.press("s")
    page.keyboard.press("Shift+S")
    assert page.evaluate(f"() => [{AUDIO}.playbackRate, {AUDIO}.preservesPitch]") == [1.25, True]
    page.keyboard.press("x")
    expect(page.locator("[data-command=skip-silence]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("+")
    expect(page.locator("[data-command=fit]")).to_be_enabled()
    page.keyboard.press("0")
    expect(page.locator("[data-command=fit]")).to_be_disabled()
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_contain_text("Skip silence")
    page.keyboard.press("j")
    assert time_of(page) == pytest.approx(marks[-2], abs=0.02)
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_keys_typed_into_a_field_are_text(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    page.keyboard.press("n")
    page.keyboard.type("j l ] s ?")
    assert page.locator("textarea[name=notes]").input_value() == "j l ] s ?"
    assert time_of(page) == 0
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_waveform_is_a_slider_for_pointer_and_keyboard(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    slider = page.get_by_role("slider", name="Position in the recording")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    assert time_of(page) == pytest.approx(38, abs=0.2)
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert time_of(page) == pytest.approx(39, abs=0.2)
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0:00 of 1:16"
    page.keyboard.press("End")
    assert time_of(page) == pytest.approx(76, abs=0.1)


def test_the_lanes_are_drawn_where_there_is_sound(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    page.wait_for_timeout(400)
    # Share of strongly coloured pixels in the caller's lane (the upper half), at a word and in the silence before it.
    ink = """() => {
      const canvas = document.querySelector("[data-lanes]");
      const high = Math.round(canvas.height * 0.3);
      const { data, width } = canvas.getContext("2d").getImageData(0, 8, canvas.width, high);
      const isStrong = (at) => Math.max(...data.slice(at, at + 3)) - Math.min(...data.slice(at, at + 3)) > 60;
      return [[11.0, 13.5], [2.0, 8.0]].map(([from, to]) => {
        const [left, right] = [from, to].map((time) => Math.round(time / 76 * width));
        let strong = 0;
        for (let y = 0; y < high; y += 1) for (let x = left; x < right; x += 1) strong += isStrong((y * width + x) * 4);
        return strong / (high * (right - left));
      });
    }"""
    spoken, silent = page.evaluate(ink)
    assert spoken > 0.2
    assert silent < 0.05


def test_one_party_is_heard_alone_and_both_again(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    solo = page.get_by_role("button", name="Hear caller alone")
    solo.click()
    expect(solo).to_have_attribute("aria-pressed", "true")
    page.locator("[data-command=play]").click()
    page.wait_for_function(f"() => {AUDIO}.currentTime > 0.3")
    solo.click()
    expect(solo).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Mute agent").click()
    expect(page.get_by_role("button", name="Mute agent")).to_have_attribute("aria-pressed", "true")


def test_a_mono_call_has_no_party_buttons_and_plays(site: Site) -> None:
    page = site.open(site.house.add_analysed_call(listening=make.conversation(channels=1), hits=()))
    expect(page.locator("[data-solo]:visible")).to_have_count(0)
    page.keyboard.press("1")
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {AUDIO}.currentTime > 0.3")


def test_silence_is_skipped_while_it_plays(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    page.keyboard.press("x")
    page.evaluate(f"() => {{ {AUDIO}.currentTime = 33; }}")
    page.keyboard.press("Space")
    # The next speech starts at 41.0 s; by the clock it would take eight seconds to get there.
    page.wait_for_function(f"() => {AUDIO}.currentTime > 40.7", timeout=3000)


def test_the_conversation_is_searched(site: Site) -> None:
    page = site.open(site.house.add_analysed_call())
    page.keyboard.press("/")
    page.keyboard.type("medicare")
    expect(page.locator("[data-found]")).to_have_text("1 of 2")
    expect(page.locator(".is-found")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator("[data-found]")).to_have_text("2 of 2")
    said = next(w for w in make.conversation().utterances[2].words if w.text == "Medicare")
    assert time_of(page) == pytest.approx(said.span.start_s, abs=0.05)


def test_typed_notes_survive_a_reload_and_are_gone_once_sent(site: Site) -> None:
    call = site.house.add_analysed_call()
    page = site.open(call)
    page.locator("textarea[name=notes]").fill("Heard the text message twice")
    page.locator("label.verdict-channel_violation").click()
    page.locator("label.segment-refuse").first.click()
    page.get_by_label("Why").first.fill("not a request")
    page.reload()
    page.wait_for_selector(".player.is-ready")
    expect(page.locator("textarea[name=notes]")).to_have_value("Heard the text message twice")
    expect(page.locator("#verdict-channel_violation")).to_be_checked()
    expect(page.get_by_label("Why").first).to_have_value("not a request")
    page.get_by_role("button", name="Record the verdict").click()
    expect(page.locator(".notice-done")).to_contain_text("Your verdict is recorded.")
    expect(page.locator("textarea[name=notes]")).to_have_value("")
    page.wait_for_selector(".player.is-ready")
    page.reload()
    expect(page.locator("textarea[name=notes]")).to_have_value("")
    with site.house.uow.read() as session:
        assert session.scalars(select(Review.notes)).all() == ["Heard the text message twice"]


def test_progress_becomes_the_result_without_a_hand(site: Site) -> None:
    house = site.house
    call = house.add_call()

    def begin(session: Any) -> None:
        recording = make.make_recording(session, house.ids, house.clock.now(), call)
        make.make_run(session, house.ids, house.clock.now(), recording, stage="transcript", progress=0.3)

    house.put(begin)
    page = site.open(call)
    expect(page.locator(".progress-percent")).to_have_text("30 %")

    def finish(session: Any) -> None:
        run = session.scalars(select(AnalysisRun).where(AnalysisRun.call_id == call.id)).one()
        recording = make.newest(session, call.id)
        make.make_analysis(session, house.ids, house.clock.now(), recording, house.blobs, run=run)
        make.make_screening(session, house.ids, house.clock.now(), run, hits=make.usual_hits())

    house.put(finish)
    page.wait_for_selector(".player.is-ready")
    expect(page.locator(".progress-part")).to_have_count(0)
    expect(page.get_by_role("heading", name="Caller came by text message")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_page_fits_its_screen_and_is_photographed(site: Site, tmp_path: Path, width: int, height: int, theme: str) -> None:
    page = site.open(site.house.add_analysed_call(), viewport={"width": width, "height": height}, color_scheme=theme)
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    play = page.locator("[data-command=play]").bounding_box()
    assert play is not None
    assert 0 <= play["y"] <= height - play["height"]
    if width < 600:
        assert play["y"] > height * 0.75
        assert play["height"] >= 44
    page.screenshot(path=tmp_path / f"call-{width}-{theme}.png")


AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; run the set-up of the page assets")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_breaks_no_rule_of_accessibility(site: Site, width: int, theme: str) -> None:
    # The policy would keep out the checker, which is no part of the page; every other test runs under it.
    size = {"width": width, "height": 900}
    page = site.open(site.house.add_analysed_call(), viewport=size, color_scheme=theme, bypass_csp=True)
    page.add_script_tag(path=AXE)
    rules = ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]
    broken = page.evaluate(
        """async (rules) => (await axe.run(document, { runOnly: rules })).violations.map(
             (rule) => [rule.id, ...rule.nodes.map((node) => node.target.join(" "))])""",
        rules,
    )
    assert broken == []


def test_the_page_without_scripts_still_tells_and_takes_a_verdict(site: Site) -> None:
    call = site.house.add_analysed_call()
    context = site.chromium.new_context(java_script_enabled=False)
    site.contexts.append(context)
    context.add_cookies([{"name": COOKIE, "value": site.token, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/calls/{call.id}")
    expect(page.locator(".turn").nth(1)).to_contain_text("I got a text message about my Medicare card")
    page.locator("label.verdict-misdial").click()
    page.locator("textarea[name=notes]").fill("no scripts")
    page.get_by_role("button", name="Record the verdict").click()
    expect(page.locator(".notice-done")).to_contain_text("Your verdict is recorded.")


def test_a_two_hour_call_opens_in_about_a_second_and_seeks_to_its_end(site: Site) -> None:
    sentence = "This is what somebody says on a very long call about plans and prices"
    lines = [(who, 4.0 * n, sentence) for n, who in enumerate([Speaker.AGENT, Speaker.CALLER] * 890)]
    long = make.conversation(lines=lines, duration_s=7200.0)
    page = site.open(site.house.add_analysed_call(listening=long, hits=(), sound=make.long_sound(7200)))
    # Measured by the browser, from asking for the page to the last byte that the player needs to start. A quiet machine
    # takes about a second; the limit leaves room for one that runs other tests meanwhile.
    ready_ms = page.evaluate("""() => {
      const needed = performance.getEntriesByType("resource").filter((each) => each.name.includes("screen.json"));
      return Math.max(...needed.map((each) => each.responseEnd));
    }""")
    print(f"two-hour call: player data complete after {ready_ms:.0f} ms")
    assert ready_ms < 4000
    page.evaluate(f"() => {{ {AUDIO}.currentTime = 7000; }}")
    expect(page.locator(".turn.is-current")).to_have_attribute("data-turn", "1750")
