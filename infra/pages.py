"""The pages as they are served, at home and on AWS: which files, their types, what they may do."""

from __future__ import annotations

import json
import mimetypes
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.synth import map_path, openapi_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    import boto3

STOREFRONT: Final = Path(__file__).parents[1] / "storefront"
ASK_AGAIN: Final = "no-cache"  # each time; the tag makes it cheap


def page_policy(*called: str) -> str:
    """The content security policy of a page: it loads and runs the shop alone, calls also these."""
    calls = " ".join(("'self'", *called))
    return (
        f"default-src 'self'; connect-src {calls}; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:"
    )


def docs_policy() -> str:
    """The same for the API reference, whose Swagger UI writes styles."""
    return f"{page_policy()}; style-src 'self' 'unsafe-inline'"


def content_type(file: PurePath) -> str:
    """By the name's ending; text is UTF-8."""
    if file.suffix in (".js", ".mjs"):
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
    return f"{kind}; charset=utf-8" if is_text else kind


def swagger_ui() -> Path:
    """The folder of Swagger UI's own files; the package around it would import Django."""
    spec = find_spec("drf_spectacular_sidecar")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("drf-spectacular-sidecar is not installed")
    static = Path(spec.origin).parent / "static" / "drf_spectacular_sidecar"
    return static / "swagger-ui-dist"


def upload(assembly: Path, outputs: Mapping[str, str], session: boto3.Session) -> None:
    """Make the deployed stack's bucket hold the pages as they are here, and nothing else."""
    s3: Any = session.client("s3")
    bucket = outputs["PagesBucket"]
    settings = {"hosted": outputs["SignInUrl"], "client": outputs["UserPoolClientId"]}
    files = {key: file.read_bytes() for key, file in _files(assembly)}
    files["settings.json"] = json.dumps(settings).encode()
    for key, content in files.items():
        kind = content_type(Path(key))
        s3.put_object(
            Bucket=bucket, Key=key, Body=content, ContentType=kind, CacheControl=ASK_AGAIN
        )
    for key in _keys(s3, bucket) - files.keys():
        s3.delete_object(Bucket=bucket, Key=key)


def _files(assembly: Path) -> Iterator[tuple[str, Path]]:
    """Each file by its key, which is its address: what the front door at home finds there."""
    for file in STOREFRONT.rglob("*"):
        if file.is_file() and not file.name.startswith("."):
            yield file.relative_to(STOREFRONT).as_posix(), file
    yield "map.json", map_path(assembly)
    yield "api/openapi.json", openapi_path(assembly)
    yield "api/docs/index.html", STOREFRONT / "reference.html"
    for file in swagger_ui().iterdir():
        if file.suffix != ".map":
            yield f"api/docs/{file.name}", file


def _keys(s3: Any, bucket: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}
