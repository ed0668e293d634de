"""Routes of HTTP APIs."""

from ministack.services import apigateway


def match_routes_by_prefix() -> None:
    """MiniStack compiles a pattern for each route of an API, twice a request.

    A route whose text before its first parameter differs from the path is now skipped.
    """
    upstream = apigateway._extract_path_params

    def extract(route: str, path: str) -> dict[str, str] | None:
        prefix, has_parameters, _ = route.partition("{")
        if not has_parameters:
            return {} if path == route else None
        if not path.startswith(prefix):
            return None
        parameters: dict[str, str] | None = upstream(route, path)
        return parameters

    apigateway._extract_path_params = extract
