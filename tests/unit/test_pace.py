"""The pace of scheduled sends, on the loop's own clock."""

import asyncio

from bot.services.pace import Pace


async def test_callers_pass_in_order_at_the_rate() -> None:
    pace = Pace(rate=100)
    loop = asyncio.get_running_loop()
    order: list[int] = []

    async def caller(number: int) -> None:
        await pace.wait()
        order.append(number)

    begun = loop.time()
    await asyncio.gather(*(caller(number) for number in range(11)))
    assert loop.time() - begun >= 10 / 100 * 0.99
    assert order == list(range(11))
