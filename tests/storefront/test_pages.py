"""The pages need nothing but the shop: no inline code, no stranger's server, no broken link."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha512
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

STOREFRONT = Path(__file__).parents[2] / "storefront"
PAGES = sorted(STOREFRONT.glob("*.html"))
STYLES = sorted(STOREFRONT.glob("*.css"))
VENDOR = STOREFRONT / "vendor"
LIBRARIES = json.loads((VENDOR / "libraries.json").read_text())
SCRIPTS = sorted(file for file in STOREFRONT.rglob("*.js") if VENDOR not in file.parents)
SVG = "http://www.w3.org/2000/svg"  # a namespace, not an address
API = {"/api/products", "/api/categories", "/api/docs", "/api/docs/", "/api/openapi.json"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
every_script = pytest.mark.parametrize(
    "script", SCRIPTS, ids=lambda script: str(script.relative_to(STOREFRONT))
)
every_file = pytest.mark.parametrize("file", PAGES + STYLES + SCRIPTS, ids=lambda file: file.name)


@dataclass(frozen=True)
class Tag:
    name: str
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)


class Reader(HTMLParser):
    """Keeps a page's tags, each with the words directly inside it; a wrong end tag is an error."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self._open: list[Tag] = []
        self.feed(page.read_text(encoding="utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(self.tags[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].words.append(data)

    def attribute(self, name: str) -> list[str]:
        return [tag.attributes[name] for tag in self.tags if name in tag.attributes]


def references(file: Path) -> Iterator[str]:
    """Every address the file itself names."""
    if file.suffix == ".html":
        page = Reader(file)
        yield from page.attribute("href") + page.attribute("src")
    elif file.suffix == ".css":
        yield from re.findall(r"""(?:url\(|@import)\s*["']?([^"')]+)""", file.read_text())
    else:
        yield from re.findall(r"""(?:from|href=|src=)\s*["'](/[^"'?$#]*)["']""", file.read_text())


def is_there(address: str) -> bool:
    if address in API or address in ("/", "/api/products/"):
        return True
    if (STOREFRONT / f"{address[1:]}.html").is_file():
        return True
    name = address.removeprefix("/api/docs/") if address.startswith("/api/docs/") else address[1:]
    return (STOREFRONT / name).is_file() or (swagger_ui() / name).is_file()


def swagger_ui() -> Path:
    package = find_spec("drf_spectacular_sidecar")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "static/drf_spectacular_sidecar/swagger-ui-dist"


@every_page
def test_a_page_has_no_inline_script_and_no_inline_style(page: Path) -> None:
    tags = Reader(page).tags

    assert not [tag for tag in tags if tag.name == "style" or "style" in tag.attributes]
    assert not [name for tag in tags for name in tag.attributes if name.startswith("on")]
    assert not ["".join(tag.words) for tag in tags if tag.name == "script" and tag.words]


@every_file
def test_whatever_a_page_refers_to_is_there(file: Path) -> None:
    local = [address for address in references(file) if not address.startswith("#")]

    assert [address for address in local if not is_there(address)] == []


@every_page
def test_a_link_inside_a_page_leads_somewhere(page: Path) -> None:
    read = Reader(page)
    inside = {href[1:] for href in read.attribute("href") if href.startswith("#")}

    assert inside <= set(read.attribute("id"))


@every_file
def test_no_stranger_is_asked_for_anything(file: Path) -> None:
    assert (
        re.findall(r"(?:https?:|wss?:|[\"'(=]\s*)//[\w.]+", file.read_text().replace(SVG, "")) == []
    )


@every_page
def test_a_page_has_one_script_and_a_word_for_who_has_none(page: Path) -> None:
    tags = Reader(page).tags

    scripts = [tag.attributes["src"] for tag in tags if tag.name == "script"]
    assert [src for src in scripts if (STOREFRONT / src[1:]).is_file()]
    assert page.name == "reference.html" or [tag for tag in tags if tag.name == "noscript"]


@every_script
def test_a_script_has_no_words_of_its_own(script: Path) -> None:
    """What people read stands in texts/: an element with plain words inside is a leak."""
    if script.parent.name in ("texts", "map"):
        return
    shown = re.sub(r"\$\{[^{}]*\}", "", re.sub(r"\$\{[^{}]*\}", "", script.read_text()))

    assert re.findall(r">\s*[A-Za-z][a-z]+ [a-z]+[^<>`$]*</", shown) == []


@every_script
def test_data_never_becomes_markup(script: Path) -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|DOMParser|eval\("

    assert re.findall(markup, script.read_text()) == []


@every_page
def test_a_page_says_its_language_and_names_itself(page: Path) -> None:
    read = Reader(page)

    assert read.tags[0] == Tag("html", {"lang": "en-GB"}, read.tags[0].words)
    assert next(tag.words for tag in read.tags if tag.name == "title")
    assert len(set(read.attribute("id"))) == len(read.attribute("id"))


PICTURE = re.compile(r"<img\b[^>]*>", re.DOTALL)


@pytest.mark.parametrize("file", PAGES + SCRIPTS, ids=lambda file: file.name)
def test_a_picture_has_a_text_and_a_size(file: Path) -> None:
    for picture in PICTURE.findall(file.read_text().replace("=>", "")):
        assert re.search(r"\balt=", picture)
        assert re.search(r"\bwidth=", picture)
        assert re.search(r"\bheight=", picture)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: str(library["package"]))
def test_a_library_is_the_file_of_its_package(library: dict[str, str]) -> None:
    file = (VENDOR / f"{library['package']}.js").read_bytes()

    assert f"sha512-{b64encode(sha512(file).digest()).decode()}" == library["file_integrity"]
