"""Communities: settings come back as they were, and no change goes without its line in the audit log."""

from datetime import datetime

import pytest

from bot.domain.communities import Community, Feature
from bot.storage import Storage
from tests.storage.curation_examples import FIRST, GUILD, OTHER_GUILD, event
from tests.storage.examples import DAY, HOUR, NOW

SETTINGS = Community(
    guild_id=GUILD,
    curator_roles=frozenset({2**60, 3}),
    curation_channel_id=2**61,
    country="Österreich",
    public_answers=True,
    approvals=2,
    off=frozenset({Feature.DIGEST, Feature.FACT_CHECKS}),
)


async def test_settings_come_back_and_are_written_over(storage: Storage) -> None:
    for settings in (SETTINGS, Community(guild_id=GUILD), SETTINGS):
        await storage.communities.save(settings, event())
        assert await storage.communities.get(GUILD) == settings
    other = Community(guild_id=OTHER_GUILD)
    await storage.communities.save(other, event(guild_id=OTHER_GUILD))
    assert await storage.communities.all() == [SETTINGS, other]
    assert await storage.communities.get(OTHER_GUILD + 1) is None


async def test_a_change_that_cannot_be_noted_is_not_made(storage: Storage) -> None:
    await storage.communities.save(SETTINGS, event())
    naive = datetime(2026, 6, 1)  # noqa: DTZ001 - refused for that very reason
    with pytest.raises(Exception, match="offset-naive"):
        await storage.communities.save(Community(guild_id=GUILD), event(at=naive))
    assert await storage.communities.get(GUILD) == SETTINGS
    assert await storage.communities.events(GUILD, 10) == [event()]


async def test_the_digest_is_remembered_through_a_change_of_settings(storage: Storage) -> None:
    assert await storage.communities.digested_at(GUILD) is None
    await storage.communities.save(SETTINGS, event())
    assert await storage.communities.digested_at(GUILD) is None
    await storage.communities.digested(GUILD, NOW)
    await storage.communities.save(Community(guild_id=GUILD), event())
    assert await storage.communities.digested_at(GUILD) == NOW
    assert await storage.communities.digested_at(OTHER_GUILD) is None


async def test_the_audit_log_has_the_newest_first_and_only_ones_own(storage: Storage) -> None:
    lines = [event(actor, f"step {at}", NOW + at * HOUR) for at, actor in enumerate((FIRST, None, FIRST))]
    for line in (*lines, event(guild_id=OTHER_GUILD)):
        await storage.communities.note(line)
    assert await storage.communities.events(GUILD, 10) == lines[::-1]
    assert await storage.communities.events(GUILD, 2) == lines[:0:-1]
    assert await storage.communities.events(OTHER_GUILD, 10) == [event(guild_id=OTHER_GUILD)]


async def test_lines_of_one_moment_come_back_in_the_order_in_which_they_were_written(storage: Storage) -> None:
    lines = [event(action=f"step {number}") for number in range(20)]
    for line in lines:
        await storage.communities.note(line)
    assert await storage.communities.events(GUILD, 30) == lines[::-1]


async def test_old_lines_of_the_audit_log_are_forgotten(storage: Storage) -> None:
    for at in (NOW - DAY, NOW):
        await storage.communities.note(event(at=at))
    assert await storage.communities.purge_events(NOW) == 1
    assert await storage.communities.events(GUILD, 10) == [event()]
