"""One error tree, split by what to do about it. A class's `code` is stable: clients and alerts may match on it."""


class RocksegError(Exception):
    """Whatever rockseg raises on purpose. `sentence` is fit for a client: no path, secret or library's text in it."""

    code: str = "internal_error"

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or self.code)
        self.sentence = sentence


class UsageError(RocksegError):
    """The input is at fault: tell the client, never try again."""

    code = "bad_request"


class TransientError(RocksegError):
    """A part is away: the same call may succeed later."""

    code = "unavailable"
    reason: str = ""
    """A word for the log that says why, such as `AccessDenied` or `timed_out`; no secret, no library's text."""


class FatalError(RocksegError):
    """A bug, or a machine at its end: tell us."""

    code = "internal_error"


class PhotoRefusedError(UsageError):
    """A photo that cannot or may not be read; `code` is set on the instance, out of `PHOTO_CODES`."""

    def __init__(self, code: str, sentence: str) -> None:
        if code not in PHOTO_CODES:
            raise ValueError(code)
        super().__init__(sentence)
        self.code = code


PHOTO_CODES = frozenset(
    {
        "image_unreadable",  # no image type that we read
        "image_truncated",  # ends before its format says so
        "image_multiframe",  # several frames or pages
        "image_too_large",  # more pixels than the limit
        "image_corrupt",  # complete by its structure, yet undecodable
    }
)


class PhotoGoneError(UsageError):
    """The photo is no longer in the store: its job was erased or has expired. Acknowledge, do not run."""

    code = "photo_gone"


class BundleError(UsageError):
    """A model bundle that is incomplete, altered, of an unknown schema, or unsafe."""

    code = "bundle_invalid"


class SettingsError(UsageError):
    """A setting is missing or wrong; the sentence names it."""

    code = "settings_invalid"


class StoreUnavailableError(TransientError):
    """The object store did not do it; it may have, when an answer was lost."""

    code = "store_unavailable"


class StoreBusyError(StoreUnavailableError):
    """As many calls to the object store are under way as may be; this one was not begun."""

    code = "store_busy"


class LogUnavailableError(TransientError):
    """The log did not confirm it. The record may still land: treat a failed publish as an unknown outcome."""

    code = "log_unavailable"


class ObjectMissingError(UsageError):
    """No object under that key."""

    code = "object_missing"


class DataFolderBusyError(UsageError):
    """Another process has the embedded data folder open."""

    code = "data_folder_busy"


class RecordUndecodableError(UsageError):
    """Bytes on a topic that are no record of ours, or of an unknown tag."""

    code = "record_undecodable"
