from typing import Annotated

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from msgspec import Meta

from rockseg_api.http.answers import Rgb, json_answer
from rockseg_api.http.documents import KEY_ERRORS, KEY_NEEDED, KeyedOperation, answered
from rockseg_api.http.guards import Guard
from rockseg_api.usecases.model import CurrentModel


class ClassBody(msgspec.Struct, frozen=True):
    """A rock type that the model knows."""

    index: Annotated[int, Meta(description="Its value in a mask; 0 is the background.")]
    name: str
    rgb: Rgb
    group: Annotated[str, Meta(description="What it is grouped under, such as `clastic`.")]
    code: Annotated[str, Meta(description="A short code for logs.")]


class ModelBody(msgspec.Struct, frozen=True):
    """The model that the workers run."""

    name: str
    version: str
    digest: Annotated[str, Meta(description="SHA-256 of its manifest, in hex.")]
    core_width_px: Annotated[int, Meta(description="The width of a core, in pixels, at which the network looks.")]
    classes: Annotated[int, Meta(description="How many classes it knows, the background among them.")]


ERRORS = (*KEY_ERRORS, "model_unknown", "store_unavailable", "store_busy")


def model_routes(model: CurrentModel, guards: list[Guard]) -> list[HTTPRouteHandler]:
    """`GET /classes` and `GET /model`."""

    @get(
        "/classes",
        operation_id="listClasses",
        operation_class=KeyedOperation,
        summary="The rock types and their colours",
        responses=answered(200, tuple[ClassBody, ...], "In index order, the background first.", ERRORS),
        tags=["model"],
        guards=guards,
        security=KEY_NEEDED,
    )
    async def list_classes() -> ASGIResponse:
        """The classes of the model in use; a finished job's own report names those of the model that made it."""
        manifest = await model.manifest()
        return json_answer(
            [
                ClassBody(index, rock.name, rock.rgb, rock.group, rock.code)
                for index, rock in enumerate(manifest.classes)
            ]
        )

    @get(
        "/model",
        operation_id="readModel",
        operation_class=KeyedOperation,
        summary="The model in use",
        responses=answered(200, ModelBody, "The model in use.", ERRORS),
        tags=["model"],
        guards=guards,
        security=KEY_NEEDED,
    )
    async def read_model() -> ASGIResponse:
        """Which model the workers run."""
        ref, manifest = await model.ref(), await model.manifest()
        return json_answer(ModelBody(ref.name, ref.version, ref.digest, manifest.core_width_px, len(manifest.classes)))

    return [list_classes, read_model]
