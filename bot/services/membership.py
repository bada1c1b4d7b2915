"""Membership: who has opted in, on which clock they live, and how they want to be treated."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.checkins import CONSENT_VERSION
from bot.domain.members import Member, Preferences
from bot.domain.zones import zone_named
from bot.errors import UserError
from bot.services.ports import Clock, MemberStore

NOT_ENROLLED = "You have no check-ins yet. Type /checkin start to set one up; it takes a minute."
OUTDATED = "What you agreed to has changed since. /checkin start shows it as it is now, and /mydata what I have."
ERASED_MEANWHILE = "Everything of yours was erased meanwhile, so nothing came of this."


class OutdatedConsentError(UserError):
    """The member agreed to an earlier version than the present one, and is to be asked before anything else is done."""

    def __init__(self, member: Member) -> None:
        super().__init__(OUTDATED)
        self.member = member


class Membership:
    """What every use-case of a member asks first.

    Each method raises UserError for somebody who has not opted in; as OutdatedConsentError if they agreed to an earlier
    version than the present one.
    """

    def __init__(self, clock: Clock, members: MemberStore) -> None:
        self._clock = clock
        self._members = members

    async def enrolled(self, member_id: int) -> Member:
        member = await self._members.get(member_id)
        if member is None:
            raise UserError(NOT_ENROLLED)
        if member.consent_version != CONSENT_VERSION:
            raise OutdatedConsentError(member)
        return member

    @asynccontextmanager
    async def throughout(self, member_id: int) -> AsyncGenerator[Member]:
        """For what takes a while to make: an erasure meanwhile wins, whatever came of it.

        Raises:
            UserError: they were erased before the end.
        """
        member = await self.enrolled(member_id)
        try:
            yield member
        finally:
            as_now = await self._members.get(member_id)
            if as_now is None or as_now.consented_at != member.consented_at:  # or erased, and there once more
                raise UserError(ERASED_MEANWHILE)

    async def zone(self, member_id: int) -> ZoneInfo:
        return zone_named((await self.enrolled(member_id)).zone)

    async def preferences(self, member_id: int) -> Preferences:
        await self.enrolled(member_id)
        return await self._members.preferences(member_id)

    async def today(self, member_id: int) -> date:
        """The member's local date; before their day begins it is still the day before."""
        zone = await self.zone(member_id)
        return (await self._members.preferences(member_id)).day_of(self._clock.now(), zone)
