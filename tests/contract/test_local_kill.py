import asyncio
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.contract.examples import a_request
from tests.contract.log_parts import DEADLINE_SECONDS, read_up_to, take

from rockseg_core.adapters.local import LocalData
from rockseg_core.domain.records import JobRequest
from rockseg_core.testing import FakeClock

OWNER = Path(__file__).with_name("killed_owner.py")
KILLS = 3


async def run_until_killed(folder: Path, lines: int) -> dict[str, list[list[str]]]:
    """What the owner had promised when it was killed, by the word that its lines begin with."""
    owner = await asyncio.create_subprocess_exec(sys.executable, OWNER, folder, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    said = defaultdict(list)
    async with asyncio.timeout(DEADLINE_SECONDS):
        for number in range(1_000_000):
            line = (await owner.stdout.readline()).decode()
            if not line.endswith("\n"):
                break
            word, *rest = line.split()
            said[word].append(rest)
            if number == lines:
                owner.send_signal(signal.SIGKILL)
    assert await owner.wait() == -signal.SIGKILL
    return said


async def test_what_was_promised_before_a_kill_holds_after_it(tmp_path: Path) -> None:
    published: dict[int, list[str]] = {}
    acknowledged: set[int] = set()
    perhaps: set[int] = set()  # acknowledged as well, if the owner died before it could say so
    starts: dict[int, int] = defaultdict(int)
    for kill in range(KILLS):
        said = await run_until_killed(tmp_path, 60 + 40 * kill)
        published |= {int(offset): rest for offset, *rest in said["published"]}
        acknowledged |= {int(offset) for (offset,) in said["acknowledged"]}
        perhaps |= {int(offset) for (offset,) in said["acknowledging"]}
        for offset, attempt in said["started"]:
            starts[int(offset)] += 1
            assert int(attempt) <= starts[int(offset)] + 1  # an owner may die between the commit and its word
    assert len(published) > 20
    assert acknowledged

    data = LocalData.open(tmp_path, clock=FakeClock())
    found = {r.offset: r.record for r in await read_up_to(data.feed, await data.feed.ends())}
    assert list(found) == list(range(len(found)))
    for offset, (job_id, key) in published.items():
        record = found[offset]
        assert isinstance(record, JobRequest)
        assert (str(record.job_id), record.photo_key) == (job_id, key)
        assert await data.store.get(key) == key.encode()

    source = data.deliveries()
    redelivered = {}
    for _ in range(10):
        await data.log.publish_request(a_request())
    for _ in range(10):
        (delivery,) = await take(source, 1)
        redelivered[delivery.position.offset] = delivery.attempt
        await source.acknowledge(delivery)
    assert not acknowledged & redelivered.keys()
    started = starts.keys() - acknowledged - perhaps
    assert started <= redelivered.keys()
    assert all(redelivered[offset] > 1 for offset in started)
    assert list(redelivered.values()) == sorted(redelivered.values(), key=lambda attempt: attempt == 1)
    await data.close()
