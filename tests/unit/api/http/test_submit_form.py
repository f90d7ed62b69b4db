"""Everything that is wrong with a submit: its status, its code, a sentence, and nothing left in the store."""

from typing import Any

import pytest
from tests.unit.api.http.api_under_test import Api, assert_problem, png

BOUNDARY = "frontier"
FILE = ("file", ("core.png", png(), "image/png"))


def multipart(*parts: bytes, end: bool = True) -> dict[str, Any]:
    body = b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts) + (b"--frontier--\r\n" if end else b"")
    return {"content": body, "headers": {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}}


def file_part(body: bytes, name: bytes = b"file") -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"; filename="core.png"\r\n\r\n' + body


def text_part(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


def with_options(*pairs: tuple[str, str]) -> dict[str, Any]:
    return multipart(file_part(png()), *[text_part(name.encode(), value.encode()) for name, value in pairs])


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "a weight that is NaN": (with_options(("mask_weight", "NaN")), 400, "option_invalid"),
    "an infinite weight": (with_options(("mask_weight", "inf")), 400, "option_invalid"),
    "a weight that overflows": (with_options(("mask_weight", "1e999")), 400, "option_invalid"),
    "a weight below 0": (with_options(("mask_weight", "-0.1")), 400, "option_invalid"),
    "a weight above 1": (with_options(("mask_weight", "1.1")), 400, "option_invalid"),
    "a weight in words": (with_options(("mask_weight", "abc")), 400, "option_invalid"),
    "a weight of other digits": (with_options(("mask_weight", "٠")), 400, "option_invalid"),
    "a weight with an underscore": (with_options(("mask_weight", "0_1")), 400, "option_invalid"),
    "an empty weight": (with_options(("mask_weight", "")), 400, "option_invalid"),
    "a weight given twice": (with_options(("mask_weight", "0.5"), ("mask_weight", "0.5")), 400, "option_invalid"),
    "a weight of a megabyte": (with_options(("mask_weight", "0" * 50_000)), 400, "option_invalid"),
    "a core of no width": (with_options(("core_width_px", "0")), 400, "option_invalid"),
    "a core wider than any photo": (with_options(("core_width_px", "1e9")), 400, "option_invalid"),
    "a scale without a core": (with_options(("px_per_mm", "2")), 400, "option_invalid"),
    "a core without a scale": (with_options(("core_mm", "47.6")), 400, "option_invalid"),
    "a scale below 0": (with_options(("px_per_mm", "-2"), ("core_mm", "47.6")), 400, "option_invalid"),
    "a scale at which a core has no width": (
        with_options(("px_per_mm", "0.01"), ("core_mm", "5")),
        400,
        "option_invalid",
    ),
    "a scale at which a core is wider than any photo": (
        with_options(("px_per_mm", "10000"), ("core_mm", "1000")),
        400,
        "option_invalid",
    ),
    "no file": (multipart(text_part(b"mask_weight", b"0.5")), 400, "file_missing"),
    "no parts": (multipart(), 400, "file_missing"),
    "a file under another name": (multipart(file_part(png(), b"photo")), 400, "file_missing"),
    "a file sent as text": (multipart(text_part(b"file", png())), 400, "file_missing"),
    "an empty file": (multipart(file_part(b"")), 400, "file_empty"),
    "two files": (multipart(file_part(png()), file_part(png())), 400, "file_repeated"),
    "too many parts": (multipart(file_part(png()), *[text_part(b"x", b"")] * 40), 413, "form_too_large"),
    "a part with a huge header": (
        multipart(b"X-Y: " + b"z" * 9000 + b"\r\n" + file_part(png())),
        413,
        "form_too_large",
    ),
    "no end": (multipart(file_part(png()), end=False), 400, "form_malformed"),
    "an empty multipart body": ({**multipart(), "content": b""}, 400, "form_malformed"),
    "a body of another boundary": ({**multipart(), "content": b"--other\r\n\r\n--other--\r\n"}, 400, "form_malformed"),
    "a part without a name": (multipart(b"\r\n" + png()), 400, "form_malformed"),
    "a part whose header has no name": (multipart(b"\xff\xfe: a\r\n" + file_part(png())), 400, "form_malformed"),
    "too many part headers": (multipart(b"A: b\r\n" * 20 + file_part(png())), 413, "form_too_large"),
    "no boundary": ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "form_malformed"),
    "an endless boundary": (
        {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=" + "a" * 300}},
        400,
        "form_malformed",
    ),
    "no content type": ({"content": png()}, 400, "form_not_multipart"),
    "JSON": ({"json": {"file": "x"}}, 400, "form_not_multipart"),
    "a plain image": ({"content": png(), "headers": {"content-type": "image/png"}}, 400, "form_not_multipart"),
    "an urlencoded form": ({"data": {"file": "x"}}, 400, "form_not_multipart"),
    "a photo of too many bytes": (multipart(file_part(bytes(150_000))), 413, "photo_too_large"),
    "an announced length above all": (
        {"content": b"x", "headers": {**multipart()["headers"], "content-length": str(10**10)}},
        413,
        "photo_too_large",
    ),
    "text": (multipart(file_part(b"no image at all")), 415, "image_unreadable"),
    "a PDF": (multipart(file_part(b"%PDF-1.7\n" + bytes(100))), 415, "image_unreadable"),
    "a cut PNG": (multipart(file_part(png()[:-20])), 422, "image_truncated"),
    "a photo of too many pixels": (multipart(file_part(png(2000, 600))), 422, "image_too_large"),
    "an empty Idempotency-Key": ({"files": [FILE], "headers": {"idempotency-key": ""}}, 400, "idempotency_key_invalid"),
    "a long Idempotency-Key": (
        {"files": [FILE], "headers": {"idempotency-key": "k" * 256}},
        400,
        "idempotency_key_invalid",
    ),
    "two Idempotency-Keys": (
        {"files": [FILE], "headers": [("idempotency-key", "a"), ("idempotency-key", "a")]},
        400,
        "idempotency_key_invalid",
    ),
    "two API keys": (
        {"files": [FILE], "headers": [("api-key", "rsk_0_0"), ("api-key", "rsk_0_0")]},
        400,
        "bad_request",
    ),
    "an Idempotency-Key beyond ASCII": (
        {"files": [FILE], "headers": {"idempotency-key": "Bohrkern-ü".encode()}},
        400,
        "idempotency_key_invalid",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_submit_is_refused_and_leaves_nothing_behind(api: Api, case: str) -> None:
    request, status, code = REFUSED[case]
    problem = assert_problem(await api.client.post("/predict", **request), status, code)
    assert problem["detail"].endswith(".") or "curl" in problem["detail"]
    assert api.store.objects == {}
    assert api.sample("rockseg_api_upload_memory_bytes") == 0
    assert api.parts.view.applied_records == 0


def named(name: bytes) -> dict[str, Any]:
    return multipart(b'Content-Disposition: form-data; name="file"; ' + name + b"\r\n\r\n" + png())


async def test_a_form_that_cannot_be_read_is_told_what_to_do(api: Api) -> None:
    for request, said in (
        (multipart(file_part(png()), *[text_part(b"x", b"")] * 40), "the photo and its options alone"),
        (named(b'filename="' + b"a" * 3000 + b'"'), "a shorter file name"),
        (multipart(b"A: b\r\n" * 20 + file_part(png())), "no headers of your own"),
        (multipart(b"nocolon\r\n" + file_part(png())), "let your HTTP library write the form"),
        (multipart(file_part(png()), end=False), "send the form whole"),
    ):
        assert said in (await api.client.post("/predict", **request)).json()["detail"]


ACCEPTED: dict[str, dict[str, Any]] = {
    "a photo alone": {"files": [FILE]},
    "a weight of 0": with_options(("mask_weight", "0")),
    "a weight of 1": with_options(("mask_weight", " 1.000 ")),
    "a weight with an exponent": with_options(("mask_weight", "5e-1")),
    "a core's width": with_options(("core_width_px", "160.5")),
    "scale and core": with_options(("px_per_mm", "2"), ("core_mm", "47.6")),
    "fields of other names": with_options(("well", "B-12"), ("", "x"), ("mask_weight ", "abc")),
    "other files beside it": multipart(file_part(b"x" * 1000, b"thumbnail"), file_part(png())),
    "a JPEG named nothing": multipart(b'Content-Disposition: form-data; name=file; filename=""\r\n\r\n' + png()),
    "a name in Latin-1": named('filename="bö.jpg"'.encode("latin-1")),
    "a name in UTF-8": named('filename="bö 🪨.jpg"'.encode()),
    "a name that says its charset": named(b"filename*=utf-8''b%C3%B6.jpg"),
    "a type and no name": multipart(
        b'Content-Disposition: form-data; name="file"\r\nContent-Type: image/png\r\n\r\n' + png()
    ),
    "a preamble and an epilogue": {
        **multipart(),
        "content": b"hello\r\n" + multipart(file_part(png()))["content"] + b"goodbye",
    },
    "a key of 255 characters": {"files": [FILE], "headers": {"idempotency-key": "~ " * 127 + "!"}},
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_a_submit_is_accepted(api: Api, case: str) -> None:
    answer = await api.client.post("/predict", **ACCEPTED[case])
    assert answer.status_code == 202, answer.text
    assert list(answer.json()) == ["job_id", "status"]
    assert answer.json()["status"] == "queued"
    assert list(api.store.objects.values()) == [png()]


async def test_the_options_reach_the_job_rounded(api: Api) -> None:
    await api.submit(mask_weight="0.12349", px_per_mm="2", core_mm="47.6")
    assert b'"options":{"mask_weight":0.123,"px_per_mm":2.0,"core_mm":47.6}' in b"".join(
        stored.value or b"" for lane in next(iter(api.log._topics.values())).lanes for stored in lane.records
    )


async def test_a_negative_zero_is_a_zero(api: Api) -> None:
    first = await api.client.post("/predict", files=[FILE], data={"mask_weight": "0"}, headers={"idempotency-key": "a"})
    second = await api.client.post(
        "/predict", files=[FILE], data={"mask_weight": "-0.0"}, headers={"idempotency-key": "a"}
    )
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()


async def test_an_idempotency_key_used_for_another_photo_is_a_422(api: Api) -> None:
    headers = {"idempotency-key": "core 7"}
    await api.client.post("/predict", files=[FILE], headers=headers)
    again = await api.client.post("/predict", files={"file": png(9, 9)}, headers=headers)
    assert_problem(again, 422, "idempotency_key_reused")


async def test_an_idempotency_key_of_an_erased_job_is_a_409(api: Api) -> None:
    headers = {"idempotency-key": "core 7"}
    job_id = (await api.client.post("/predict", files=[FILE], headers=headers)).json()["job_id"]
    assert (await api.client.delete(f"/job/{job_id}")).status_code == 204
    assert_problem(await api.client.post("/predict", files=[FILE], headers=headers), 409, "idempotency_key_spent")


@pytest.mark.parametrize(("part", "code"), [("store", "store_unavailable"), ("log", "log_unavailable")])
async def test_a_part_that_is_away_is_a_503_with_a_time_to_wait(api: Api, part: str, code: str) -> None:
    getattr(api, part).fail_next(1)
    answer = await api.client.post("/predict", files=[FILE])
    assert_problem(answer, 503, code)
    assert int(answer.headers["retry-after"]) >= 1
    assert (await api.client.post("/predict", files=[FILE])).status_code == 202
