"""The settings of servers, and their audit log."""

from bot.domain.communities import Community, Feature
from bot.services.curation.communities import CommunityService
from tests.curation.desk import ANNA, HERE, THERE, Desk

SET = Community(guild_id=HERE, curator_roles=frozenset({7}), approvals=2, off=frozenset({Feature.DIGEST}))


async def test_a_server_that_set_nothing_up_has_the_defaults(desk: Desk) -> None:
    assert await desk.communities.of(HERE) == Community(guild_id=HERE)
    assert (await desk.communities.of(None)).has(Feature.CHECKINS)
    assert await desk.storage.communities.all() == []


async def test_a_change_counts_at_once_there_alone_and_after_a_restart(desk: Desk) -> None:
    await desk.communities.of(HERE)
    await desk.communities.change(SET, ANNA, "2 approvals, weekly digest off")
    assert await desk.communities.of(HERE) == SET
    assert await desk.communities.of(THERE) == Community(guild_id=THERE)
    restarted = CommunityService(desk.clock, desk.storage.communities)
    assert await restarted.of(HERE) == SET


async def test_every_change_is_in_the_audit_log_of_that_server(desk: Desk) -> None:
    await desk.communities.change(SET, ANNA, "2 approvals, weekly digest off")
    [event] = await desk.communities.events(HERE)
    assert (event.actor_id, event.action, event.detail, event.at) == (
        ANNA,
        "settings changed",
        "2 approvals, weekly digest off",
        desk.clock.now(),
    )
    assert await desk.communities.events(THERE) == []
