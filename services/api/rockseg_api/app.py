"""The routes put together: a litestar application, and what stands around it."""

from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from rockseg_api.http.draining import Drain
from rockseg_api.http.edge import Edge
from rockseg_api.http.failures import EXCEPTION_HANDLERS
from rockseg_api.http.schema_pages import root, schema_config
from rockseg_api.metrics import ApiMetrics

Hook = Callable[[], Awaitable[None]]


def build_app(
    routes: Sequence[HTTPRouteHandler],
    metrics: ApiMetrics,
    drain: Drain,
    *,
    on_startup: Sequence[Hook],
    on_shutdown: Sequence[Hook],
) -> ASGIApp:
    """An ASGI application; the hooks run in its lifespan, in the order given."""
    app = Litestar(
        route_handlers=[Router("/", route_handlers=list(routes)), root],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=schema_config(version("rockseg-api")),
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        request_max_body_size=None,
        logging_config=None,
        debug=False,
    )
    return Edge(app, metrics, drain)
