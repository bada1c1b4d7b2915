"""Delivery: each due prompt reaches its member at most once, and never vanishes without a mark.

The order is what makes it safe: claim with a lease, commit, send with a nonce, commit. A crash at any point leaves a
row that says how far it got; when its lease runs out it is claimed again and sent with the same nonce, which Discord
answers with the message that is already there.
"""

import asyncio
from datetime import timedelta

import structlog

from bot.domain.checkins import Delivery
from bot.logs import trace_of
from bot.services.ports import Clock, Delivered, MemberStore, Messenger, PlanStore, PromptStore, Uncertain, Unreachable

LEASE = timedelta(seconds=60)
STALE_AFTER = timedelta(hours=2)
BATCH = 100
WORKERS = 10

log = structlog.get_logger()


class DeliveryService:
    """Sends what is due. Holds no state: the rows are the schedule."""

    def __init__(
        self, clock: Clock, messenger: Messenger, members: MemberStore, plans: PlanStore, prompts: PromptStore
    ) -> None:
        self._clock = clock
        self._messenger = messenger
        self._members = members
        self._plans = plans
        self._prompts = prompts

    async def deliver_due(self) -> int:
        """Claim and send everything due now, in batches. Returns how many prompts were claimed."""
        claimed = 0
        while batch := await self._claim():
            claimed += len(batch)
            await self._send_all(batch)
            if len(batch) < BATCH:
                break
        return claimed

    async def _claim(self) -> list[Delivery]:
        now = self._clock.now()
        return list(await self._prompts.claim_due(now, now + LEASE, now - STALE_AFTER, BATCH))

    async def _send_all(self, batch: list[Delivery]) -> None:
        waiting = asyncio.Semaphore(WORKERS)

        async def send(delivery: Delivery) -> None:
            async with waiting:
                try:
                    await self._send(delivery)
                except Exception as error:  # noqa: BLE001 - one that cannot be sent must not take the others along
                    log.error("prompt failed", prompt=delivery.prompt.id, trace=trace_of(error))

        async with asyncio.TaskGroup() as group:
            for delivery in batch:
                group.create_task(send(delivery))

    async def _send(self, delivery: Delivery) -> None:
        prompt = delivery.prompt
        plan = await self._plans.get(prompt.plan_id)
        if plan is None or plan.stopped_at is not None:  # erased or stopped since the claim: silence
            return
        match await self._messenger.send_prompt(delivery, plan):
            case Delivered(message_id):
                await self._prompts.mark_sent(prompt.id, message_id)
                log.info("prompt sent", prompt=prompt.id)
            case Unreachable(reason):
                await self._prompts.mark_undeliverable(prompt.id)
                await self._members.set_unreachable(prompt.member_id, self._clock.now())
                log.warning("member unreachable, paused", prompt=prompt.id, reason=reason)
            case Uncertain(reason):  # the lease runs out, and the same nonce settles what happened
                log.warning("prompt uncertain", prompt=prompt.id, reason=reason)
