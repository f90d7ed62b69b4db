"""Settings from environment variables: one Struct a service, whose fields and descriptions are the documentation.

A field is `photo_max_bytes: Annotated[int, msgspec.Meta(ge=1, description="…")] = 64 * 2**20`; its variable is
`ROCKSEG_PHOTO_MAX_BYTES`. A variable set to nothing counts as not set: Kubernetes sets many such. A pattern has words
beside it, `extra={"takes": "1 to 63 of a-z and -"}`: they are what people are shown.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from rockseg_core.domain.errors import SettingsError

PREFIX: Final = "ROCKSEG_"

_NAMES: Final[dict[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
}
_BOOLEANS: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}  # beside what msgspec takes

ObjectPrefix: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        # Each key that begins with it is one as domain.object_key has them, and within S3's 1024 bytes.
        pattern=r"\A((?!\.\.?/)[A-Za-z0-9._-]{1,255}/)*[A-Za-z0-9._-]{0,200}\Z",
        max_length=512,
        extra={
            "takes": "up to 512 of A-Z, a-z, 0-9, ., _, - and /: no / in front, no two together, no part . or .. alone"
        },
        description="Before each key in the object store.",
    ),
]
_Settings = TypeVar("_Settings", bound=msgspec.Struct)


def read_settings(cls: type[_Settings], environ: Mapping[str, str], prefix: str = PREFIX) -> _Settings:
    """Fields that no variable sets keep their defaults.

    Raises SettingsError with a sentence that names the variable and says what it takes; never its value, which may be
    a secret.
    """
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(cls):
        variable = prefix + field.name.upper()
        text = environ.get(variable, "").strip()
        if not text:
            if field.required:
                raise SettingsError(f"{variable} is not set: {_description(field.type)}")
            continue
        if _name(field.type) == _NAMES[bool]:
            text = _BOOLEANS.get(text.lower(), text)
        try:
            value = msgspec.convert(text, field.type, strict=False, dec_hook=_read_other)
        except msgspec.ValidationError:
            raise _misfit(variable, field.type) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise _misfit(variable, field.type)
        values[field.name] = value
    return cls(**values)


def settings_table(cls: type[msgspec.Struct], prefix: str = PREFIX) -> str:
    """The variables as a Markdown table: name, type, default, meaning."""
    rows = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(cls):
        default = "required" if field.required else _shown(field.default)
        rows.append(
            f"| `{prefix}{field.name.upper()}` | {_name(field.type)} | {default} | {_description(field.type)} |"
        )
    return "\n".join(rows) + "\n"


def _misfit(variable: str, annotation: Any) -> SettingsError:
    return SettingsError(f"{variable} does not fit (it takes {_takes(annotation)}): {_description(annotation)}")


def _takes(annotation: Any) -> str:
    """`a whole number from 0 to 65535`, say."""
    for meta in _metas(annotation):
        if meta.extra:
            return str(meta.extra["takes"])
    name = _name(annotation)
    kind = f"a {name}" if name.endswith(("number", "path")) else name
    bounds = {
        "from": next((meta.ge for meta in _metas(annotation) if meta.ge is not None), None),
        "above": next((meta.gt for meta in _metas(annotation) if meta.gt is not None), None),
        "to": next((meta.le for meta in _metas(annotation) if meta.le is not None), None),
        "below": next((meta.lt for meta in _metas(annotation) if meta.lt is not None), None),
    }
    shown = [f"{word} {bound}" for word, bound in bounds.items() if bound is not None]
    if shown and bounds["to"] is None and bounds["from"] is not None:
        shown[0] += " on"
    return " ".join([kind, *shown])


def _read_other(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)


def _shown(default: object) -> str:
    if default is None or default == "":
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _metas(annotation: Any) -> list[msgspec.Meta]:
    """The Metas of a type, also where a union holds them: `Annotated[int, Meta(…)] | None`."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        return [extra for extra in extras if isinstance(extra, msgspec.Meta)] + _metas(inner)
    if get_origin(annotation) in {Union, UnionType}:
        return [meta for part in get_args(annotation) for meta in _metas(part)]
    return []


def _description(annotation: Any) -> str:
    return next((meta.description for meta in _metas(annotation) if meta.description), "")


def _name(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _name(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return " or ".join(_name(part) for part in get_args(annotation) if part is not NoneType)
    return _NAMES.get(annotation, str(annotation))
