"""A compliance officer's day in a real browser on a whole house.

Load a list, scrub a file, open a finding and replay it, draft a phrase, back-test and publish it, make the consent and scrub
reports, and verify them offline.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.test_call_page import ARGUMENTS, find_browser
from tests.functional.house.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

SENTENCE = "to use the side gate because we have a dog"
"""Said by the caller of one sample call; no packaged phrase is in it."""
STEP_MS = 60_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    house.start("demo")
    house.wait((house.data_dir / "demo-sign-ins.txt").exists, 60, "the sign-ins to be made")
    yield house
    if house.process is not None and house.process.poll() is None:
        house.kill_the_tree()
    house.wait(lambda: house.living() == [], 15, "every process to end")


@pytest.fixture
def page(house: House) -> Iterator[Page]:
    """A browser in which the officer is signed in; its console must stay empty."""
    said: list[str] = []
    # Its workers hear sample calls meanwhile, and other tests run beside: a task may take its time.
    expect.set_options(timeout=STEP_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True).new_page()
        page.set_default_timeout(STEP_MS)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        with (house.data_dir / "demo-sign-ins.txt").open() as file:
            email, password = next((row[0], row[2]) for row in csv.reader(file, delimiter="\t") if row[1] == "compliance")
        page.goto(f"{house.url}/signin")
        page.locator("[name=email]").fill(email)
        page.locator("[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{house.url}/")
        yield page
        browser.close()
    expect.set_options(timeout=5_000)
    # A form that is refused answers 422, which the browser writes down as a resource that was not loaded.
    assert [line for line in said if "status of 422" not in line] == []


def test_an_officers_day(house: House, page: Page, tmp_path: Path) -> None:
    load_a_list(house, page, tmp_path)
    scrub_a_file(house, page, tmp_path)
    house.wait(lambda: is_screened(house), 240, "the call with the side gate to be screened")
    replay_a_finding(house, page)
    publish_a_phrase(house, page)
    for report in ("Consent report", "Scrub report"):
        verify(house, make_report(house, page, report, tmp_path))


def load_a_list(house: House, page: Page, folder: Path) -> None:
    wrong, right = folder / "wrong.txt", folder / "national.txt"
    wrong.write_text("<html><body>Please sign in to download</body></html>\n")
    right.write_text("".join(f"212,{5550100 + n}\n" for n in range(100)))
    page.goto(f"{house.url}/compliance/lists")
    expect(page.get_by_text("0 scrubbed").first).to_be_visible()
    page.get_by_label("List", exact=True).select_option(label="National registry")
    page.get_by_label("Obtained at, UTC").fill("2026-11-20T08:00")
    page.get_by_label("SAN").fill("10012345")
    page.get_by_label("Files").set_input_files(wrong)
    page.get_by_role("button", name="Load list").click()
    expect(page.get_by_text("Nothing was loaded.")).to_be_visible()
    expect(page.get_by_label("SAN")).to_have_value("10012345")
    page.get_by_label("Files").set_input_files(right)
    page.get_by_role("button", name="Load list").click()
    expect(page.get_by_text("100 numbers").first).to_be_visible()
    assert page.get_by_text("0 scrubbed").count() == 0


def scrub_a_file(house: House, page: Page, folder: Path) -> None:
    file = folder / "leads.csv"
    file.write_text("name,phone\n" + "".join(f"L{n},+1212555{n:04d}\n" for n in range(150, 250)) + "nobody,not a number\n")
    page.goto(f"{house.url}/compliance/scrubs")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Scrub file").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("leads.csv")
    shown = page.locator("main").inner_text()
    assert re.search(r"\b50\b", shown), shown  # 150 to 199 are on the list
    assert "not a number" in shown


def is_screened(house: House) -> bool:
    asked = (
        "SELECT count(*) FROM transcript_document t JOIN current_screening s ON s.call_id = t.call_id"
        f" WHERE lower(t.text) LIKE '%{SENTENCE}%'"
    )
    return bool(house.ask(asked)[0][0])


def replay_a_finding(house: House, page: Page) -> None:
    page.goto(f"{house.url}/compliance")
    page.locator("a[href*='/compliance/findings/']").first.click()
    page.get_by_role("button", name="Judge it again").click()
    expect(page.get_by_role("heading", name="Judged again just now")).to_be_visible()
    expect(page.locator("#replay .notice-done").first).to_be_visible()
    page.get_by_text("Refuse", exact=True).first.click()
    page.get_by_label("Why", exact=True).fill("Heard it: the caller speaks of another company")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("Heard it: the caller speaks of another company").first).to_be_visible()


def publish_a_phrase(house: House, page: Page) -> None:
    page.goto(f"{house.url}/compliance/drafts")
    page.get_by_label("What the draft is about").fill("Side gates")
    page.get_by_role("button", name="Begin a draft").click()
    page.locator("#pack").select_option("PH-CHAN-SMS")
    page.get_by_role("button", name="Edit phrases").click()
    phrases = page.get_by_label("Phrases, one a line")
    kept = phrases.input_value()
    phrases.fill(f"{kept}\n(x+x+)+y")
    page.get_by_role("button", name="Keep in the draft").click()
    expect(page.get_by_text("regular expressions are not read")).to_be_visible()
    expect(phrases).to_have_value(re.compile(r"\(x\+x\+\)\+y"))
    phrases.fill(f"{kept}\n{SENTENCE} | decisive")
    page.get_by_role("button", name="Keep and try the examples").click()
    page.get_by_label("Sentence").fill(f"Please tell him {SENTENCE}")
    page.get_by_role("button", name="Keep example").click()
    expect(page.get_by_text("Holds").first).to_be_visible()
    page.get_by_role("link", name="Side gates").click()
    draft = page.url
    page.locator("main").get_by_role("link", name="Back-test", exact=True).first.click()
    page.get_by_label("Calls of the last days").fill("90")
    page.get_by_role("button", name="Start back-test").click()
    expect(page.locator(".backtest-headline")).to_contain_text("newly flagged")
    expect(page.get_by_text(SENTENCE).first).to_be_visible()
    page.goto(draft)
    page.get_by_label("Why").fill("Heard on calls of this month")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Edition 2 is in force").first).to_be_visible()
    page.goto(f"{house.url}/compliance/editions")
    expect(page.get_by_text("Heard on calls of this month").first).to_be_visible()


def make_report(house: House, page: Page, title: str, folder: Path) -> Path:
    page.goto(f"{house.url}/compliance/reports")
    page.locator(".report-card", has_text=title).click()
    page.get_by_label("From (UTC)").fill("2026-10-01")
    page.get_by_role("button", name="Make the report").click()
    bundle = page.get_by_role("link", name="Download the bundle")
    expect(bundle).to_be_visible()
    with page.expect_download() as download:
        bundle.click()
    path = folder / f"{title.split(maxsplit=1)[0].lower()}.zip"
    download.value.save_as(path)
    return path


def verify(house: House, bundle: Path) -> None:
    """The bundle holds by itself and by the house's key, and one changed byte is found out."""
    key = json.loads(house.earshot("signing-key", "--json").stdout)["fingerprint"]
    told = house.earshot("verify", str(bundle), "--key", key, "--json")
    answer: dict[str, Any] = json.loads(told.stdout)
    assert told.returncode == 0, told.stdout + told.stderr
    assert answer["holds"] is True
    broken = bundle.with_suffix(".broken.zip")
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    assert house.earshot("verify", str(broken), "--key", key).returncode == 1
