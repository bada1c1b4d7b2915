"""Delivery: each due prompt reaches its member at most once, and never vanishes without a mark.

The order is what makes it safe: claim with a lease, commit, send with a nonce, commit. A crash at any point leaves a
row that says how far it got. When its lease has run out it is claimed again; by then Discord may have forgotten the
nonce, so the member's channel is searched for the prompt before it is sent once more.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

import structlog

from bot.domain.checkins import Delivery
from bot.domain.condition import Hold
from bot.domain.plans import Plan
from bot.logs import trace_of
from bot.services.pace import Pace
from bot.services.ports import (
    Clock,
    Delivered,
    Held,
    MemberStore,
    Messenger,
    Outcome,
    PlanStore,
    PromptStore,
    TokenRefused,
    Uncertain,
    Unreachable,
)

LEASE = timedelta(seconds=60)
STALE_AFTER = timedelta(hours=2)
BATCH = 50
"""Prompts claimed at once. What follows each is computed in one go, which keeps the event loop some milliseconds."""

WORKERS = 10

TIME_TO_SEND = timedelta(seconds=40)
"""Looking for a prompt and sending it takes at most two time-outs of 15 s: what has less of its lease left waits."""

FAULTS_IN_A_ROW = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this is broken: this program did not exist then."""

REFUSED = Hold("Discord does not take the token any more", datetime.max.replace(tzinfo=UTC))

log = structlog.get_logger()


class Breaker:
    """Holds all sends back for a while when Discord says, or shows, that it has had enough."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hold: Hold | None = None
        self._faults = 0
        self._pause = FIRST_PAUSE

    @property
    def holding(self) -> Hold | None:
        """Why sends are held back just now, and until when; None if they are not."""
        return self._hold if self._hold and self._clock.now() < self._hold.until else None

    def succeeded(self) -> None:
        self._faults, self._pause = 0, FIRST_PAUSE

    def failed(self) -> None:
        """Count a fault of the server; several in a row hold everything back, longer each time."""
        self._faults += 1
        if self._faults >= FAULTS_IN_A_ROW:
            self.hold(self._pause, "one server error after another")
            self._faults, self._pause = 0, min(self._pause * 2, LONGEST_PAUSE)

    def hold(self, pause: timedelta, reason: str) -> None:
        until = self._clock.now() + pause
        if self._hold is None or until > self._hold.until:
            self._hold = Hold(reason, until)
        log.error("sends held back", seconds=pause.total_seconds(), reason=reason)


class DeliveryService:
    """Sends what is due. The rows are the schedule; what is held in memory only makes it slower, never wrong.

    `refused` is set when Discord no longer takes the token: nothing is sent any more then.
    """

    def __init__(
        self,
        clock: Clock,
        messenger: Messenger,
        pace: Pace,
        members: MemberStore,
        plans: PlanStore,
        prompts: PromptStore,
    ) -> None:
        self._clock = clock
        self._messenger = messenger
        self._pace = pace
        self._members = members
        self._plans = plans
        self._prompts = prompts
        self._breaker = Breaker(clock)
        self._turns = WeakValueDictionary[int, asyncio.Lock]()  # a member who turns one prompt away gets no other
        self._stopping = False
        self.refused = asyncio.Event()

    def stop(self) -> None:
        """Claim nothing more; what is claimed already is still sent."""
        self._stopping = True

    async def deliver_due(self) -> int:
        """Claim and send everything due now. Returns how many prompts were claimed."""
        if self._clock.now() < EARLIEST:
            log.error("the clock is wrong, nothing is sent", now=self._clock.now().isoformat())
            return 0
        first = await self._claim()
        if not first:
            return 0
        queue: asyncio.Queue[Delivery | None] = asyncio.Queue(maxsize=WORKERS)
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work(queue))
            try:
                return await self._feed(queue, first)
            finally:
                for _ in range(WORKERS):
                    await queue.put(None)

    async def move_with_zones(self) -> int:
        """Put what is due to where its schedule has it now that time zones have changed. Returns how many moved."""
        moved, after = await self._prompts.move_with_zones("")
        while after is not None:
            more, after = await self._prompts.move_with_zones(after)
            moved += more
        return moved

    @property
    def hold(self) -> Hold | None:
        """Why nothing is sent just now, and until when; None if sends go out."""
        return REFUSED if self.refused.is_set() else self._breaker.holding

    async def _claim(self) -> Sequence[Delivery]:
        if self._stopping or self.hold:
            return []
        now = self._clock.now()
        return await self._prompts.claim_due(now, now + LEASE, now - STALE_AFTER, BATCH)

    async def _feed(self, queue: "asyncio.Queue[Delivery | None]", batch: Sequence[Delivery]) -> int:
        """Claim batch after batch while the workers take from the queue, which is short: claims wait for sends."""
        claimed = 0
        while batch:
            claimed += len(batch)
            for delivery in batch:
                await queue.put(delivery)
            batch = await self._claim()
        return claimed

    async def _work(self, queue: "asyncio.Queue[Delivery | None]") -> None:
        while delivery := await queue.get():
            try:
                async with self._turns.setdefault(delivery.prompt.member_id, asyncio.Lock()):
                    await self._deliver(delivery)
            except Exception as error:  # noqa: BLE001 - one that cannot be sent must not take the others along
                log.error("prompt failed", prompt=delivery.prompt.id, trace=trace_of(error))

    async def _deliver(self, delivery: Delivery) -> None:
        """Send one prompt, unless something speaks against it; then its lease runs out and it comes again."""
        if self._out_of_time(delivery):  # looked at twice: one that cannot be sent takes no turn from the others
            return
        await self._pace.wait()
        if self.hold or self._out_of_time(delivery):
            return
        plan = await self._plans.get(delivery.prompt.plan_id)
        if plan is None:  # erased since the claim: silence
            return
        if plan.stopped_at is not None:
            await self._prompts.mark_missed(delivery.prompt.id)
            return
        member = await self._members.get(plan.member_id)
        if member is None or member.unreachable_since is not None:  # turned away by another prompt of the same batch
            await self._prompts.mark_undeliverable(delivery.prompt.id)
            return
        await self._conclude(delivery, await self._settle_earlier(delivery) or await self._send(delivery, plan))

    def _out_of_time(self, delivery: Delivery) -> bool:
        late = self._clock.now() + TIME_TO_SEND > delivery.lease_until
        if late:
            log.warning("prompt waited too long in the queue", prompt=delivery.prompt.id)
        return late

    async def _settle_earlier(self, delivery: Delivery) -> Outcome | None:
        """What an earlier attempt came to; None if there was none, or it did not arrive."""
        if delivery.attempt == 1:
            return None
        found = await self._messenger.look_for(delivery)
        await self._pace.wait()
        return found

    async def _send(self, delivery: Delivery, plan: Plan) -> Outcome | None:
        if not delivery.fresh:
            await self._prompts.mark_missed(delivery.prompt.id)
            return None
        return await self._messenger.send_prompt(delivery, plan)

    async def _conclude(self, delivery: Delivery, outcome: Outcome | None) -> None:
        prompt = delivery.prompt
        match outcome:
            case Delivered(message_id):
                self._breaker.succeeded()
                await self._prompts.mark_sent(prompt.id, message_id)
                log.info("prompt sent", prompt=prompt.id)
            case Unreachable(reason):
                self._breaker.succeeded()
                await self._prompts.mark_undeliverable(prompt.id)
                await self._members.set_unreachable(prompt.member_id, self._clock.now())
                log.warning("member unreachable, paused", prompt=prompt.id, reason=reason)
            case Uncertain(reason, server_fault):
                if server_fault:
                    self._breaker.failed()
                log.warning("prompt uncertain", prompt=prompt.id, reason=reason)
            case Held(seconds, reason):
                self._breaker.hold(timedelta(seconds=seconds), reason)
            case TokenRefused():
                self.refused.set()
            case None:
                pass
