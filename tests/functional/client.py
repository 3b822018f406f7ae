"""A browser without pictures: signs in, follows forms, and audits every page that it is given."""

import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.web.assets import STATIC

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ICONS = set((STATIC / "icons.txt").read_text().split())
LABELLED = {"input", "select", "textarea", "progress", "meter"}
FILLED_BY_HAND = "submit", "hidden", "button"


@dataclass(frozen=True)
class Page:
    """An answer with its tree; ``tree`` is None for what is no HTML."""

    response: TestResponse
    tree: Element | None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """What a person reads, blanks joined."""
        assert self.tree is not None
        body = self.tree.find("body")
        return " ".join(" ".join((self.tree if body is None else body).itertext()).split())

    @property
    def links(self) -> set[str]:
        """Where the page's links lead."""
        return {element.get("href", "") for element in self.all("a")}

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements of a tag with these attributes."""
        assert self.tree is not None
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.tree.iter(tag) if all(e.get(name) == value for name, value in wanted.items())]

    def field(self, name: str) -> str | None:
        """What a form field holds."""
        for element in [*self.all("input", name=name), *self.all("select", name=name), *self.all("textarea", name=name)]:
            if element.tag == "select":
                chosen = [option for option in element.iter("option") if option.get("selected") is not None]
                return chosen[0].get("value") if chosen else ""
            return element.get("value", "") if element.tag == "input" else (element.text or "")
        return None


class Browser:
    """One person's browser; keeps cookies and the form token."""

    def __init__(self, app: Flask) -> None:
        self.http: FlaskClient = app.test_client()

    def get(self, path: str, *, status: int = 200, **options: Any) -> Page:
        """Fetch and audit a page."""
        return self._read(self.http.get(path, **options), path, status)

    def post(
        self, path: str, data: Mapping[str, Any] | None = None, *, status: int = 303, token: bool = True, **options: Any
    ) -> Page:
        """Send a form with its token, as a person would who had the page open."""
        fields = dict(data or {})
        if token:
            fields["csrf_token"] = self.form_token()
        return self._read(self.http.post(path, data=fields, **options), path, status)

    def form_token(self) -> str:
        """Return the form token of this browser's session, read from a page everybody may open."""
        page = self.http.get("/signin", follow_redirects=True).text
        found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page)
        assert found, "no form token on the page"
        return found[1]

    def sign_in(self, email: str, password: str, *, status: int = 303) -> Page:
        """Sign in through the form."""
        return self.post("/signin", {"email": email, "password": password}, status=status)

    def _read(self, response: TestResponse, path: str, status: int) -> Page:
        assert response.status_code == status, f"{path}: expected {status}, got {response.status_code}: {response.text[:800]}"
        assert response.headers["Content-Security-Policy"] == CSP, path
        if response.mimetype != "text/html" or response.status_code in {302, 303}:
            return Page(response, None)
        if response.text.lstrip().lower().startswith("<!doctype"):
            return Page(response, audit(response.text, path))
        fragment = html5lib.parseFragment(io.StringIO(response.text), treebuilder="etree", namespaceHTMLElements=False)
        return Page(response, fragment)


def audit(html: str, path: str) -> Element:
    """Check what every page owes its reader; return its tree."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree: Element = parser.parse(io.StringIO(html))
    assert not parser.errors, f"{path}: not valid HTML: {parser.errors[:3]}"
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    titles = [e for e in tree.iter("title") if e.text and e.text.strip() and not e.text.startswith(" ·")]
    assert len(titles) == 1, f"{path}: expected one title"
    assert len(list(tree.iter("h1"))) == 1, f"{path}: expected one h1"
    assert tree.get("lang"), f"{path}: expected a language"
    counted = Counter(e.get("id") for e in elements if e.get("id"))
    assert not [name for name, count in counted.items() if count > 1], f"{path}: ids used twice: {counted.most_common(2)}"
    _audit_references(elements, set(counted), path)
    _audit_names(elements, path)
    _audit_policy(elements, path)
    unknown = set(re.findall(r'icons\.svg[^"#]*#([\w-]+)"', html)) - ICONS
    assert not unknown, f"{path}: icons that are not in icons.txt: {unknown}"
    return tree


def _audit_references(elements: list[Element], ids: set[str | None], path: str) -> None:
    for element in elements:
        for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for name in (element.get(attribute) or "").split():
                assert name in ids, f"{path}: {attribute}={name!r} points nowhere"
        href = element.get("href") or ""
        if element.tag == "a":
            assert href, f"{path}: a link leads nowhere"
            if href.startswith("#"):
                assert href[1:] in ids, f"{path}: the link {href} points nowhere"


def _audit_names(elements: list[Element], path: str) -> None:
    labelled = {e.get("for") for e in elements if e.tag == "label"}
    within = {id(child) for e in elements if e.tag == "label" for child in e.iter()}
    for element in elements:
        if element.tag in LABELLED and element.get("type") not in FILLED_BY_HAND and element.tag != "meter":
            has_name = element.get("aria-label") or element.get("aria-labelledby") or element.get("id") in labelled
            assert has_name or id(element) in within, f"{path}: a {element.tag} {element.attrib} has no label"
        if element.tag in {"button", "a", "summary"}:
            shown = "".join(element.itertext()).strip() or element.get("aria-label")
            assert shown or element.find(".//img[@alt]") is not None, f"{path}: a {element.tag} {element.attrib} has no name"
        if element.tag == "img":
            assert element.get("alt") is not None, f"{path}: an image has no alt"


def _audit_policy(elements: list[Element], path: str) -> None:
    for element in elements:
        assert element.get("style") is None, f"{path}: an inline style, which the policy forbids"
        assert not any(name.startswith("on") for name in element.attrib), f"{path}: an inline handler, which the policy forbids"
        if element.tag == "script":
            assert element.get("src"), f"{path}: an inline script, which the policy forbids"
        assert element.tag != "style", f"{path}: an inline style sheet, which the policy forbids"
        if element.tag == "form" and element.get("method") == "post":
            names = {e.get("name") for e in element.iter("input")}
            assert "csrf_token" in names, f"{path}: a form without its token: {element.get('action')}"
