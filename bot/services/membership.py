"""Membership: who has opted in, on which clock they live, and how they want to be treated."""

from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.members import Member, Preferences
from bot.domain.zones import zone_named
from bot.errors import UserError
from bot.services.ports import Clock, MemberStore

NOT_ENROLLED = "You have no check-ins yet. Type /checkin start to set one up; it takes a minute."


class Membership:
    """What every use-case of a member asks first. Each method raises UserError for somebody who has not opted in."""

    def __init__(self, clock: Clock, members: MemberStore) -> None:
        self._clock = clock
        self._members = members

    async def enrolled(self, member_id: int) -> Member:
        member = await self._members.get(member_id)
        if member is None:
            raise UserError(NOT_ENROLLED)
        return member

    async def zone(self, member_id: int) -> ZoneInfo:
        return zone_named((await self.enrolled(member_id)).zone)

    async def preferences(self, member_id: int) -> Preferences:
        await self.enrolled(member_id)
        return await self._members.preferences(member_id)

    async def today(self, member_id: int) -> date:
        """The member's local date; before their day begins it is still the day before."""
        zone = await self.zone(member_id)
        return (await self._members.preferences(member_id)).day_of(self._clock.now(), zone)
