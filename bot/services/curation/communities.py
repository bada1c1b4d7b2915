"""Communities: what was decided in `/setup`, and the audit log of what people did since."""

from collections.abc import Sequence
from enum import StrEnum

from bot.domain.communities import Community, Feature
from bot.domain.curation import Event
from bot.errors import UserError
from bot.services.curation.ports import CommunityStore
from bot.services.ports import Clock

NOWHERE = 0
"""The guild id that stands for direct messages and servers that never set anything up."""

EVENTS_SHOWN = 50


class Action(StrEnum):
    """What a line of the audit log says that somebody did; the words are shown as they are."""

    SETTINGS_CHANGED = "settings changed"
    SENT = "proposal sent"
    CHANGE_ASKED = "change asked"
    TAKEN_BACK = "taken back to bring it together"
    REJECTED = "rejected"
    DISCARDED = "discarded"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"
    BUNDLED_ACCEPTED = "bundled accepted"
    OURS_KEPT = "kept"
    REPORT_DONE = "report done"
    REPORT_DISMISSED = "report dismissed"
    ALERT_CONFIRMED = "alert confirmed"
    ALERT_DISMISSED = "alert dismissed"
    ASKED_DISMISSED = "asked-for dismissed"
    IMPORTED = "imported"
    DIGEST_FAILED = "digest not posted"


class CommunityService:
    """The settings of every server, held in memory: they are read with each command."""

    def __init__(self, clock: Clock, store: CommunityStore) -> None:
        self._clock = clock
        self._store = store
        self._known: dict[int, Community] = {}

    async def of(self, guild_id: int | None) -> Community:
        """The settings there; the defaults for direct messages (None) and servers that never set anything up."""
        if guild_id is None:
            return Community(guild_id=NOWHERE)
        if guild_id not in self._known:
            stored = await self._store.get(guild_id)
            # By now `change` may have put a newer one here.
            self._known.setdefault(guild_id, stored or Community(guild_id=guild_id))
        return self._known[guild_id]

    async def demand(self, guild_id: int | None, feature: Feature, refusal: str) -> Community:
        """The settings there.

        Raises:
            UserError: the feature is switched off in this server; `refusal` is what it says.
        """
        community = await self.of(guild_id)
        if not community.has(feature):
            raise UserError(refusal)
        return community

    async def change(self, community: Community, actor_id: int, what: str) -> None:
        """Store these settings; `what` is the sentence about it in the audit log. They count from now on."""
        await self._store.save(community, self._event(community.guild_id, actor_id, Action.SETTINGS_CHANGED, "", what))
        self._known[community.guild_id] = community

    async def note(self, guild_id: int, actor_id: int, action: Action, subject: str, detail: str = "") -> None:
        """Add a line to the audit log, for what is not stored with one of its own."""
        await self._store.note(self._event(guild_id, actor_id, action, subject, detail))

    async def events(self, guild_id: int, limit: int = EVENTS_SHOWN) -> Sequence[Event]:
        """The latest lines of the audit log, newest first."""
        return await self._store.events(guild_id, limit)

    def _event(self, guild_id: int, actor_id: int, action: Action, subject: str, detail: str) -> Event:
        return Event(guild_id, self._clock.now(), actor_id, action, subject, detail)
