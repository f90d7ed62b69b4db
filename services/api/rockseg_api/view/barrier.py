import asyncio
from typing import Final

from rockseg_api.view.progress import Progress
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import JobFeed

BARRIER_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 0.05


class ReadBarrier:
    """Brings a reader past all that the log held when it arrived (design §4.3).

    One look-up of the ends runs at a time. A reader joins only one that begins after it arrived: an earlier one may
    have been answered before the record that this reader must see.
    """

    def __init__(self, feed: JobFeed, progress: Progress, *, patience_seconds: float = BARRIER_SECONDS) -> None:
        self._feed = feed
        self._progress = progress
        self._patience_seconds = patience_seconds
        self._arrived: list[asyncio.Future[None]] = []
        self.answered = True
        self._looking_up: asyncio.Task[None] | None = None

    async def passed(self) -> bool:
        """True once the view holds whatever was published before this call; False when that takes too long."""
        here: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrived.append(here)
        if self._looking_up is None or self._looking_up.done():
            self._looking_up = asyncio.create_task(self._look_up(), name="view-barrier")
        try:
            async with asyncio.timeout(self._patience_seconds):
                await here
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """Let go of the log; readers that still wait go on with what the view has."""
        if self._looking_up is not None:
            self._looking_up.cancel()
            await asyncio.gather(self._looking_up, return_exceptions=True)

    async def _look_up(self) -> None:
        while self._arrived or not self.answered:  # an absent log is asked until it is back
            joined, self._arrived = self._arrived, []
            try:
                async with asyncio.timeout(self._patience_seconds):
                    ends = await self._feed.ends()
            except (LogUnavailableError, TimeoutError):
                self.answered = False
                # Those that still wait are before the next look-up too.
                self._arrived = [reader for reader in (*joined, *self._arrived) if not reader.done()]
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.answered = True
                self._progress.tell(ends, joined)
