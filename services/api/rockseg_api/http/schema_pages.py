"""`/schema`: the OpenAPI document and a page to read and try it, with nothing fetched from elsewhere."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from litestar import Request, Router, get
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.response.base import ASGIResponse
from typing_extensions import override

from rockseg_api.http.problems import errors_table

STATIC: Final = Path(__file__).parent / "static"

# The browser is told so too: a page that asked another host for a script would show nothing, in every test of it.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE_HEADERS: Final = {"content-security-policy": CONTENT_SECURITY_POLICY, "x-content-type-options": "nosniff"}
_ASSETS: Final[Mapping[str, tuple[Path, str]]] = {
    "swagger-ui.css": (STATIC / "swagger-ui" / "swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (STATIC / "swagger-ui" / "swagger-ui-bundle.js", "text/javascript"),
    "start.js": (STATIC / "start.js", "text/javascript"),
}
_DESCRIPTION: Final = """\
Send a photo of drill cores; get the rock type of every pixel.

`POST /predict` stores the photo and answers with a `job_id`. `GET /job/{job_id}` says how the job stands and, once it
is `finished`, carries the result. Results are kept for a day unless the operator set another time.

Errors are `application/problem+json` (RFC 9457) with a stable `code`; they have no `status` member, so that a loop over
a job's `status` cannot take one for a job.

"""


def schema_config(version: str) -> OpenAPIConfig:
    """Litestar's own router, with the vendored page as its only one."""
    return OpenAPIConfig(
        title="rockseg",
        version=version,
        description=_DESCRIPTION + errors_table(),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=[
            Tag(name="jobs", description="Photos in, results out."),
            Tag(name="model", description="What the service can tell apart."),
            Tag(name="operation", description="For load balancers and on-call engineers; no key needed."),
        ],
        components=Components(
            security_schemes={
                "apiKey": SecurityScheme(
                    type="apiKey",
                    name="api-key",
                    security_scheme_in="header",
                    description="`rsk_…`, from your operator.",
                )
            }
        ),
        render_plugins=[VendoredSwaggerUI(path="/")],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=_plain_404),
        use_handler_docstrings=True,
    )


class VendoredSwaggerUI(OpenAPIRenderPlugin):
    """Swagger UI out of `static/`; litestar's own plugin would add inline scripts and a favicon from a CDN."""

    @override
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return (STATIC / "index.html").read_bytes()

    @override
    def receive_router(self, router: Router) -> None:
        router.register(_asset)


@get("/static/{name:str}", include_in_schema=False, sync_to_thread=True)
def _asset(name: FromPath[str]) -> ASGIResponse:
    if name not in _ASSETS:
        raise NotFoundException
    path, media_type = _ASSETS[name]
    return ASGIResponse(
        body=_read(path), media_type=media_type, headers={"cache-control": "max-age=86400", **_PAGE_HEADERS}
    )


@cache
def _read(path: Path) -> bytes:
    """One copy for all who ask: the script has 1.5 MB."""
    return path.read_bytes()


@get("/", include_in_schema=False, sync_to_thread=False)
def root() -> Redirect:
    """Until there is a page to use the service by hand."""
    return Redirect("/schema")


async def _plain_404(response: Response[Any]) -> Response[Any]:
    """Litestar's router answers its unknown addresses with an HTML page of its own; ours are problems, all of them."""
    if response.status_code == 404:
        raise NotFoundException
    response.headers.update(_PAGE_HEADERS)
    return response
