import asyncio

import numpy as np
import pytest

from rockseg_core.ports.segmenter import Tile
from rockseg_inference.tile_queue import Share, Submission, TileQueue, Wait

WIDE, SQUARE = (32, 64), (32, 32)


def submission(count: int, shape: tuple[int, int] = SQUARE) -> Submission:
    tiles = [Tile(index, np.zeros((*shape, 3), np.uint8)) for index in range(count)]
    return Submission(tiles, asyncio.get_event_loop().create_future())


def sizes(batch: "list[Share] | Wait") -> list[int]:
    assert isinstance(batch, list)
    return [len(share.places) for share in batch]


async def test_a_batch_holds_tiles_of_one_shape_from_several_jobs() -> None:
    queue = TileQueue(most_tiles=8, delay_seconds=0)
    squares, wides, more = submission(2), submission(3, WIDE), submission(1)
    for each in (squares, wides, more):
        queue.push(each, 0.0, first=False, alone=False)
    first = queue.pop(0.0)
    assert isinstance(first, list)
    assert [share.submission for share in first] == [squares, more]
    assert sizes(queue.pop(0.0)) == [3]
    assert queue.pop(0.0) == Wait(None)


async def test_tiles_of_two_shapes_in_one_submission_come_back_in_their_order() -> None:
    queue = TileQueue(most_tiles=8, delay_seconds=0)
    tiles = [Tile(i, np.zeros((32, side, 3), np.uint8)) for i, side in enumerate((64, 32, 64))]
    mixed = Submission(tiles, asyncio.get_event_loop().create_future())
    queue.push(mixed, 0.0, first=False, alone=False)
    while isinstance(batch := queue.pop(0.0), list):
        for share in batch:
            share.submission.take(share.places, [np.full(1, place, np.float32) for place in share.places])
    assert [int(logits[0]) for logits in mixed.future.result()] == [0, 1, 2]


async def test_no_batch_is_larger_than_it_may_be_and_the_rest_comes_next() -> None:
    queue = TileQueue(most_tiles=4, delay_seconds=0)
    queue.push(submission(3), 0.0, first=False, alone=False)
    queue.push(submission(3), 0.0, first=False, alone=False)
    assert sizes(queue.pop(0.0)) == [3, 1]
    assert sizes(queue.pop(0.0)) == [2]


async def test_jobs_that_hand_in_turn_by_turn_share_the_device() -> None:
    queue = TileQueue(most_tiles=4, delay_seconds=0)
    huge = [submission(4) for _ in range(3)]
    queue.push(huge[0], 0.0, first=False, alone=False)
    small = submission(2)
    queue.push(small, 0.0, first=False, alone=False)
    queue.push(huge[1], 0.0, first=False, alone=False)
    served = []
    while isinstance(batch := queue.pop(0.0), list):
        served.append([share.submission for share in batch])
    assert served[0] == [huge[0]]
    assert served[1][0] is small


async def test_a_first_pass_overtakes() -> None:
    queue = TileQueue(most_tiles=4, delay_seconds=0)
    bulk, first = submission(4), submission(1)
    queue.push(bulk, 0.0, first=False, alone=False)
    queue.push(first, 0.0, first=True, alone=False)
    assert sizes(queue.pop(0.0)) == [1, 3]


async def test_tiles_that_go_alone_meet_nothing_not_even_one_another() -> None:
    queue = TileQueue(most_tiles=8, delay_seconds=5)
    queue.push(submission(2), 0.0, first=False, alone=True)
    queue.push(submission(2), -9.0, first=False, alone=False)
    assert sizes(queue.pop(0.0)) == [1]
    assert sizes(queue.pop(0.0)) == [1]
    assert sizes(queue.pop(0.0)) == [2]


async def test_tiles_wait_for_company_until_the_delay_is_over_or_the_batch_is_full() -> None:
    queue = TileQueue(most_tiles=4, delay_seconds=0.005)
    queue.push(submission(2), 10.0, first=False, alone=False)
    waiting = queue.pop(10.001)
    assert isinstance(waiting, Wait)
    assert waiting.seconds == pytest.approx(0.004)
    queue.push(submission(2), 10.002, first=False, alone=False)
    assert sizes(queue.pop(10.002)) == [2, 2]
    queue.push(submission(1), 11.0, first=False, alone=False)
    assert sizes(queue.pop(11.005)) == [1]


async def test_a_full_shape_goes_before_an_older_one_that_still_waits() -> None:
    queue = TileQueue(most_tiles=2, delay_seconds=1)
    queue.push(submission(1, WIDE), 0.0, first=False, alone=False)
    queue.push(submission(2), 0.1, first=False, alone=False)
    assert sizes(queue.pop(0.2)) == [2]
    assert isinstance(queue.pop(0.2), Wait)


async def test_tiles_that_were_taken_back_are_not_computed() -> None:
    queue = TileQueue(most_tiles=4, delay_seconds=0)
    gone = submission(4)
    queue.push(gone, 0.0, first=False, alone=False)
    gone.future.cancel()
    assert queue.pop(0.0) == Wait(None)
