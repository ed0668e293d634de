"""The pages depend on the shop alone: no inline code, no third-party server, no broken link."""

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
API_PATHS = {"/api/products", "/api/categories", "/api/docs", "/api/docs/", "/api/openapi.json"}
VOID_ELEMENTS = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr",
}  # fmt: skip

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
every_script = pytest.mark.parametrize(
    "script", SCRIPTS, ids=lambda script: str(script.relative_to(STOREFRONT))
)
every_file = pytest.mark.parametrize("file", PAGES + STYLES + SCRIPTS, ids=lambda file: file.name)


@dataclass(frozen=True)
class Tag:
    name: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)


class PageParser(HTMLParser):
    """Collects a page's tags, each with the text directly inside it. Fails on a wrong end tag."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self._open: list[Tag] = []
        self.feed(page.read_text(encoding="utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID_ELEMENTS:
            self._open.append(self.tags[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text.append(data)

    def attribute(self, name: str) -> list[str]:
        return [tag.attributes[name] for tag in self.tags if name in tag.attributes]


def references(file: Path) -> Iterator[str]:
    """The addresses in the file."""
    if file.suffix == ".html":
        page = PageParser(file)
        yield from page.attribute("href") + page.attribute("src")
    elif file.suffix == ".css":
        yield from re.findall(r"""(?:url\(|@import)\s*["']?([^"')]+)""", file.read_text())
    else:
        yield from re.findall(r"""(?:from|href=|src=)\s*["'](/[^"'?$#]*)["']""", file.read_text())


def exists(address: str) -> bool:
    if address in API_PATHS or address in ("/", "/api/products/"):
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
    tags = PageParser(page).tags

    assert not [tag for tag in tags if tag.name == "style" or "style" in tag.attributes]
    assert not [name for tag in tags for name in tag.attributes if name.startswith("on")]
    assert not ["".join(tag.text) for tag in tags if tag.name == "script" and tag.text]


@every_file
def test_everything_a_page_refers_to_exists(file: Path) -> None:
    addresses = [address for address in references(file) if not address.startswith("#")]

    assert [address for address in addresses if not exists(address)] == []


@every_page
def test_a_link_inside_a_page_has_a_target(page: Path) -> None:
    parsed = PageParser(page)
    targets = {href[1:] for href in parsed.attribute("href") if href.startswith("#")}

    assert targets <= set(parsed.attribute("id"))


@every_file
def test_nothing_is_loaded_from_another_server(file: Path) -> None:
    assert (
        re.findall(r"(?:https?:|wss?:|[\"'(=]\s*)//[\w.]+", file.read_text().replace(SVG, "")) == []
    )


@every_page
def test_a_page_has_a_script_and_a_notice_for_browsers_without_scripts(page: Path) -> None:
    tags = PageParser(page).tags

    scripts = [tag.attributes["src"] for tag in tags if tag.name == "script"]
    assert [src for src in scripts if (STOREFRONT / src[1:]).is_file()]
    assert page.name == "reference.html" or [tag for tag in tags if tag.name == "noscript"]


@every_script
def test_a_script_contains_no_text(script: Path) -> None:
    """All texts are in texts/; an element with literal words does not belong into a script."""
    if script.parent.name in ("texts", "map"):
        return
    markup = re.sub(r"\$\{[^{}]*\}", "", re.sub(r"\$\{[^{}]*\}", "", script.read_text()))

    assert re.findall(r">\s*[A-Za-z][a-z]+ [a-z]+[^<>`$]*</", markup) == []


@every_script
def test_data_is_never_inserted_as_markup(script: Path) -> None:
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|DOMParser|eval\("

    assert re.findall(unsafe, script.read_text()) == []


@every_page
def test_a_page_has_a_language_and_a_title(page: Path) -> None:
    parsed = PageParser(page)

    assert parsed.tags[0] == Tag("html", {"lang": "en-GB"}, parsed.tags[0].text)
    assert next(tag.text for tag in parsed.tags if tag.name == "title")
    assert len(set(parsed.attribute("id"))) == len(parsed.attribute("id"))


IMAGE = re.compile(r"<img\b[^>]*>", re.DOTALL)


@pytest.mark.parametrize("file", PAGES + SCRIPTS, ids=lambda file: file.name)
def test_an_image_has_an_alternative_text_and_a_size(file: Path) -> None:
    for image in IMAGE.findall(file.read_text().replace("=>", "")):
        assert re.search(r"\balt=", image)
        assert re.search(r"\bwidth=", image)
        assert re.search(r"\bheight=", image)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: str(library["package"]))
def test_a_library_is_identical_to_the_file_of_its_package(library: dict[str, str]) -> None:
    file = (VENDOR / f"{library['package']}.js").read_bytes()

    assert f"sha512-{b64encode(sha512(file).digest()).decode()}" == library["file_integrity"]
