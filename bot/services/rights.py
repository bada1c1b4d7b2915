"""Rights: everybody can see what is stored about them, take it along, and have it erased."""

import asyncio
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.lifetimes import CURATION, Holding, Holdings, Lifetimes, Receipt
from bot.domain.rights import Account
from bot.errors import UserError
from bot.services.journal import File, JournalService
from bot.services.membership import ERASED_MEANWHILE
from bot.services.ports import Clock, HoldingStore, MemberStore, PlanStore, Press

FITS = 9 * 1024 * 1024
"""Bytes of one message's files: Discord takes 10 MiB."""

NOTHING = "There is nothing to download: I have nothing about you."
TOO_LARGE = (
    "What I have about you is more than Discord lets me send at once. "
    "/report gives you the last 90 days, and whoever runs this bot can hand you all of it."
)


@dataclass(frozen=True)
class Stored:
    """What is there about a person. `lifetimes` are those of this bot."""

    holdings: Holdings
    lifetimes: Lifetimes
    safety_plan: bool = False


@dataclass(frozen=True)
class Sign:
    """By what an erasure shows, even if the person has come back since."""

    consented_at: datetime | None
    is_known: bool


@dataclass(frozen=True)
class Download:
    """Everything about a person as files, and the sign under which they were made."""

    files: Sequence[File]
    sign: Sign


class RightsService:
    """Use-cases of `/mydata`, for members and for everybody else."""

    def __init__(
        self,
        clock: Clock,
        lifetimes: Lifetimes,
        members: MemberStore,
        plans: PlanStore,
        holdings: HoldingStore,
        journal: JournalService,
        press: Press,
    ) -> None:
        self._clock = clock
        self._lifetimes = lifetimes
        self._members = members
        self._plans = plans
        self._holdings = holdings
        self._journal = journal
        self._press = press

    async def stored(self, person_id: int) -> Stored:
        """What is there about them, counted."""
        held = await self._holdings.of(person_id)
        chosen = await self._members.preferences(person_id) if Holding.PREFERENCES in held else None
        return Stored(held, self._lifetimes, bool(chosen and chosen.safety))

    async def download(self, person_id: int) -> Download:
        """All of it: the whole diary, as `/checkin import` takes it back and as a table, and everything else.

        Raises:
            UserError: there is nothing, it is too much for Discord, or it was erased meanwhile.
        """
        sign = await self._sign(person_id)
        if not sign.is_known:
            raise UserError(NOTHING)
        try:
            files = await self._files(person_id)
        finally:  # half of what was to be read may be gone: then what came of it does not matter
            if not await self.still(person_id, sign):
                raise UserError(ERASED_MEANWHILE)
        return Download(await asyncio.to_thread(fitting, files), sign)

    async def still(self, person_id: int, sign: Sign) -> bool:
        """Whether nothing was erased since the sign was read."""
        return await self._sign(person_id) == sign

    async def erase(self, person_id: int) -> Receipt:
        """Erase everything of theirs, their key included; the receipt says what that met."""
        now = self._clock.now()
        return Receipt(now, await self._members.erase(person_id, now))

    async def _sign(self, person_id: int) -> Sign:
        member = await self._members.get(person_id)
        return Sign(member and member.consented_at, bool(await self._holdings.of(person_id)))

    async def _files(self, person_id: int) -> list[File]:
        diary = await self._journal.diary(person_id)
        account = Account(
            self._clock.now(),
            await self._members.preferences(person_id),
            await self._plans.of_member(person_id),
            await self._holdings.records(person_id),
        )
        return [
            File("check-ins.json", await self._press.json(diary)),
            File("check-ins.csv", await self._press.csv(diary)),
            File("everything-else.json", await self._press.account(account)),
        ]


def is_curator(held: Holdings) -> bool:
    """Whether they took part in what a community's cards say."""
    return not CURATION.isdisjoint(held)


def fitting(files: Sequence[File]) -> Sequence[File]:
    """The files, or one archive of them where they are too large for a message.

    Raises:
        UserError: even that is too large for Discord.
    """
    if sum(len(file.content) for file in files) <= FITS:
        return files
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(file.name, file.content)
    if packed.tell() > FITS:
        raise UserError(TOO_LARGE)
    return [File("check-ins.zip", packed.getvalue())]
