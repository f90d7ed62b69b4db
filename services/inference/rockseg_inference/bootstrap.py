"""Wires adapters to the worker's ports; the one place that does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rockseg_core.domain.clock import Clock
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.ports.log import JobLog
from rockseg_core.ports.segmenter import Segmenter
from rockseg_core.ports.store import ObjectStore
from rockseg_core.testing.null_segmenter import NullSegmenter, parse_null_model
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.settings import WorkerSettings
from rockseg_inference.worker import Worker


def load_segmenter(model: str) -> Segmenter:
    """`null:20ms` is the model without torch, of that latency; all else is a bundle's folder. Raises BundleError."""
    latency_seconds = parse_null_model(model)
    if latency_seconds is not None:
        return NullSegmenter(latency_seconds)
    # On a thread that ends: torch's OpenMP keeps its workers for every thread that once computed, and lets none of them
    # spin at a barrier while there are more than cores. Left over from loading they cost the device's thread 37 ms
    # instead of 27 for a 1024×256 tile on two cores.
    with ThreadPoolExecutor(1) as passing:
        return passing.submit(_load_bundle, Path(model)).result()


def _load_bundle(folder: Path) -> Segmenter:
    from rockseg_model.segmenter import TorchSegmenter  # noqa: PLC0415 - torch takes seconds: only who needs it pays

    return TorchSegmenter.load(folder)


def build_worker(
    *,
    deliveries: DeliverySource,
    store: ObjectStore,
    log: JobLog,
    segmenter: Segmenter,
    clock: Clock,
    metrics: WorkerMetrics,
    settings: WorkerSettings,
) -> Worker:
    """A worker on the adapters that the caller opened, and closes; call it on the event loop that runs the worker."""
    return Worker(
        deliveries=deliveries,
        store=store,
        log=log,
        segmenter=segmenter,
        clock=clock,
        keys=ObjectKeys(settings.object_prefix),
        metrics=metrics,
        limits=settings,
    )
