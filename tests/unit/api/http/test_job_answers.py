"""What existing clients read: `GET /job/{id}` to the letter of the contract, and who may read it."""

import base64
import io
import json
from uuid import uuid4

import pytest
from PIL import Image
from tests.unit.api.http.api_under_test import Api, assert_problem

KEYS = ["job_id", "status", "created_at", "started_at", "finished_at", "error", "result", "error_code"]
FORMS = ["json", "png", "mask", "confidence", "report"]


@pytest.mark.parametrize("form", [None, *FORMS])
async def test_an_unfinished_job_is_its_metadata_in_every_form(api: Api, form: str | None) -> None:
    job_id = await api.submit()
    answer = await api.client.get(f"/job/{job_id}", params={"form": form} if form else {})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "rockseg-stale" not in answer.headers
    assert list(answer.json()) == KEYS
    assert answer.json() == {
        "job_id": job_id,
        "status": "queued",
        "created_at": api.clock.now(),
        "started_at": None,
        "finished_at": None,
        "error": None,
        "result": None,
        "error_code": None,
    }


@pytest.mark.parametrize("form", FORMS)
async def test_a_failed_job_says_why_in_every_form(api: Api, form: str) -> None:
    job_id = await api.submit()
    await api.fail(job_id)
    answer = await api.client.get(f"/job/{job_id}?form={form}")
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"] == "The worker crashed three times over this photo."
    assert answer.json()["error_code"] == "worker_crashed"
    assert answer.json()["result"] is None


async def test_a_finished_job_is_what_existing_clients_read(api: Api) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    answer = await api.client.get(f"/job/{job_id}")
    body = answer.json()
    assert list(body) == KEYS
    assert body["status"] == "finished"
    assert isinstance(body["created_at"], float)
    assert (body["started_at"], body["finished_at"]) == (api.clock.now() + 1, api.clock.now() + 2)
    assert list(body["result"]) == ["detected_classes", "base64"]
    assert list(body["result"]["detected_classes"].items()) == [
        ("sandstone", [174, 199, 232]),
        ("mudstone", [152, 223, 138]),
    ]
    overlay = Image.open(io.BytesIO(base64.b64decode(body["result"]["base64"], validate=True)))
    assert (overlay.format, overlay.mode, overlay.height) == ("PNG", "RGB", 8)
    # The photo is grey (128): half of it, half of the class's colour, halves rounded to even.
    assert overlay.getpixel((0, 0)) == (151, 164, 180)


async def test_timestamps_are_numbers_with_a_fraction_even_when_whole(api: Api) -> None:
    answer = await api.client.get(f"/job/{await api.submit()}")
    assert f'"created_at":{api.clock.now():.1f},' in answer.text


@pytest.mark.parametrize("form", ["png", "mask", "confidence"])
async def test_a_picture_comes_as_a_png(api: Api, form: str) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    answer = await api.client.get(f"/job/{job_id}?form={form}&legend=false")
    assert answer.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (8, 8)
    assert image.mode == {"png": "RGB", "mask": "P", "confidence": "L"}[form]


async def test_the_report_is_json(api: Api) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    answer = await api.client.get(f"/job/{job_id}?form=report")
    assert answer.headers["content-type"] == "application/json"
    assert [rock["name"] for rock in json.loads(answer.content)["classes"]] == ["sandstone", "mudstone"]


async def test_the_weight_is_the_one_of_the_submit_unless_asked_for_another(api: Api) -> None:
    job_id = await api.submit(mask_weight="0")
    await api.finish(job_id)
    plain = await api.client.get(f"/job/{job_id}?form=png&legend=false")
    full = await api.client.get(f"/job/{job_id}?form=png&legend=false&mask_weight=1")
    assert Image.open(io.BytesIO(plain.content)).getpixel((0, 0)) == (128, 128, 128)
    assert Image.open(io.BytesIO(full.content)).getpixel((0, 0)) == (174, 199, 232)


async def test_the_legend_can_be_left_out(api: Api) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    widths = [
        Image.open(io.BytesIO((await api.client.get(f"/job/{job_id}?form=png&legend={legend}")).content)).width
        for legend in ("true", "false")
    ]
    assert widths[0] > widths[1] == 8


async def test_a_result_that_the_client_has_is_not_sent_again_until_it_is_erased(api: Api) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    first = await api.client.get(f"/job/{job_id}?form=png")
    tag = {"if-none-match": first.headers["etag"]}
    assert first.headers["cache-control"] == "private, no-cache"
    again = await api.client.get(f"/job/{job_id}?form=png", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    other = await api.client.get(f"/job/{job_id}?form=png&mask_weight=0.1", headers=tag)
    assert other.status_code == 200
    await api.client.delete(f"/job/{job_id}")
    assert_problem(await api.client.get(f"/job/{job_id}?form=png", headers=tag), 410, "job_gone")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (["TAG"], 304),
        (["W/TAG"], 304),
        (['"a", TAG'], 304),
        (['W/"a,b",W/TAG , "c"'], 304),
        (['"a"', "TAG"], 304),
        (["*"], 304),
        (['"a"'], 200),
        (['"*"'], 200),
        ([""], 200),
        (["xTAGx".replace("TAG", '"a-TAG"')], 200),
    ],
)
async def test_what_a_client_has_may_be_said_in_all_ways_of_the_rfc(api: Api, sent: list[str], status: int) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    tag = (await api.client.get(f"/job/{job_id}?form=mask")).headers["etag"]
    headers = [("if-none-match", value.replace("TAG", tag)) for value in sent]
    assert (await api.client.get(f"/job/{job_id}?form=mask", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("form=jpeg", "form_unknown"),
        ("form=", "form_unknown"),
        ("form=PNG", "form_unknown"),
        ("form=png&form=json", "option_invalid"),
        ("legend=perhaps", "option_invalid"),
        ("mask_weight=nan", "option_invalid"),
        ("mask_weight=2", "option_invalid"),
        ("mask_weight=", "option_invalid"),
        ("&".join(f"a{n}=1" for n in range(100)), "bad_request"),
    ],
)
async def test_a_wrong_query_is_a_400_for_a_job_in_any_state(api: Api, query: str, code: str) -> None:
    problem = assert_problem(await api.client.get(f"/job/{await api.submit()}?{query}"), 400, code)
    if code == "form_unknown":
        assert problem["detail"] == "`form` is one of json, png, mask, confidence, report."


@pytest.mark.parametrize("job_id", ["1", "x" * 36, "{" + str(uuid4()) + "}", uuid4().hex, f"urn:uuid:{uuid4()}"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_is_no_uuid_is_a_400(api: Api, job_id: str, method: str) -> None:
    assert_problem(await api.client.request(method, f"/job/{job_id}"), 400, "job_id_invalid")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_job_of_another_tenant_is_a_plain_404(api: Api, method: str) -> None:
    job_id = await api.submit()
    rival = {"api-key": api.other_key}
    foreign = await api.client.request(method, f"/job/{job_id}", headers=rival)
    unknown = await api.client.request(method, f"/job/{uuid4()}", headers=rival)
    assert_problem(foreign, 404, "job_unknown")
    assert foreign.content == unknown.content
    assert foreign.headers == unknown.headers
    assert (await api.client.get(f"/job/{job_id}")).status_code == 200


async def test_an_erased_job_is_a_204_and_then_a_410_and_leaves_no_object(api: Api) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    await api.client.get(f"/job/{job_id}?form=png")
    erased = await api.client.delete(f"/job/{job_id}")
    assert (erased.status_code, erased.content) == (204, b"")
    assert api.store.objects == {}
    for form in FORMS:
        assert_problem(await api.client.get(f"/job/{job_id}?form={form}"), 410, "job_gone")


async def test_an_expired_job_is_a_410_and_an_hour_later_a_404(api: Api) -> None:
    job_id = await api.submit()
    api.clock.advance(24 * 3600)
    assert_problem(await api.client.get(f"/job/{job_id}"), 410, "job_gone")
    api.clock.advance(3600)
    assert_problem(await api.client.get(f"/job/{job_id}"), 404, "job_unknown")


async def test_without_the_log_a_job_is_stale_and_an_unknown_one_is_not_denied(api: Api) -> None:
    job_id = await api.submit()
    await api.client.get(f"/job/{job_id}")
    api.log.unavailable = True
    stale = await api.client.get(f"/job/{job_id}")
    assert (stale.status_code, stale.headers["rockseg-stale"]) == (200, "true")
    unknown = await api.client.get(f"/job/{uuid4()}")
    assert_problem(unknown, 503, "view_behind")
    assert unknown.headers["retry-after"]
    assert api.sample("rockseg_api_stale_reads_total") == 1


async def test_a_result_that_vanished_from_the_store_is_a_500_without_its_name(api: Api) -> None:
    job_id = await api.submit()
    await api.finish(job_id)
    api.store.objects = {key: body for key, body in api.store.objects.items() if "mask" not in key}
    problem = assert_problem(await api.client.get(f"/job/{job_id}?form=mask"), 500, "result_missing")
    assert "acme" not in json.dumps(problem)
