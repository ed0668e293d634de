"""The storefront's files: which are served, with which headers, and their upload to S3.

The local gateway and the deployed distribution serve the same files with the same headers.
"""

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
CACHE_CONTROL: Final = "no-cache"  # revalidated on each use; an ETag makes that cheap


def page_policy(*connect_origins: str) -> str:
    """The Content-Security-Policy of a page: it loads from, and connects to, the shop only.

    Pages may also connect to `connect_origins`.
    """
    connect = " ".join(("'self'", *connect_origins))
    return (
        f"default-src 'self'; connect-src {connect}; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:"
    )


def docs_policy() -> str:
    """The policy of the API reference: its Swagger UI also needs inline styles."""
    return f"{page_policy()}; style-src 'self' 'unsafe-inline'"


def content_type(file: PurePath) -> str:
    """The content type for a file's suffix; text is UTF-8."""
    if file.suffix in (".js", ".mjs"):
        return "text/javascript; charset=utf-8"
    guess = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    is_text = guess.startswith("text/") or guess in ("application/json", "image/svg+xml")
    return f"{guess}; charset=utf-8" if is_text else guess


def swagger_ui_folder() -> Path:
    """The files of Swagger UI. The package is not imported, because it would import Django."""
    spec = find_spec("drf_spectacular_sidecar")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("drf-spectacular-sidecar is not installed")
    static = Path(spec.origin).parent / "static" / "drf_spectacular_sidecar"
    return static / "swagger-ui-dist"


def upload_pages(assembly: Path, outputs: Mapping[str, str], session: boto3.Session) -> None:
    """Uploads all pages to the deployed stack's bucket and deletes all other objects in it."""
    s3: Any = session.client("s3")
    bucket = outputs["PagesBucket"]
    settings = {"sign_in_url": outputs["SignInUrl"], "client_id": outputs["UserPoolClientId"]}
    files = {key: file.read_bytes() for key, file in _files(assembly)}
    files["settings.json"] = json.dumps(settings).encode()
    for key, content in files.items():
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType=content_type(Path(key)),
            CacheControl=CACHE_CONTROL,
        )
    for key in _object_keys(s3, bucket) - files.keys():
        s3.delete_object(Bucket=bucket, Key=key)


def _files(assembly: Path) -> Iterator[tuple[str, Path]]:
    """Each file with its key, which is also its URL path, as on the local gateway."""
    for file in STOREFRONT.rglob("*"):
        if file.is_file() and not file.name.startswith("."):
            yield file.relative_to(STOREFRONT).as_posix(), file
    yield "map.json", map_path(assembly)
    yield "api/openapi.json", openapi_path(assembly)
    yield "api/docs/index.html", STOREFRONT / "reference.html"
    for file in swagger_ui_folder().iterdir():
        if file.suffix != ".map":
            yield f"api/docs/{file.name}", file


def _object_keys(s3: Any, bucket: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}
