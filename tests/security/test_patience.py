"""What takes the machine a while: a burst of it from one person is slowed down kindly, and nobody else notices."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import cycle

import pytest
from simcord.results import InteractionResult

from bot.services.patience import Work
from tests.security.earnest import CONTROLS, GOOD_FILE
from tests.security.people import Person, sentences_of
from tests.security.scene import Scene

Wish = Callable[[Scene, Person], Awaitable[InteractionResult]]

PLEASE_WAIT = "That takes me a while to make: please wait 10 minutes."


async def _report(_scene: Scene, person: Person) -> InteractionResult:
    return await person.command("report", {})


async def _trends(_scene: Scene, person: Person) -> InteractionResult:
    return await person.command("trends", {})


async def _other_trends(_scene: Scene, person: Person) -> InteractionResult:
    return await person.press(":".join(["trends:1", *CONTROLS["trends:1"].fields]))


async def _week(scene: Scene, person: Person) -> InteractionResult:
    return await person.press(f"week:1:{scene.ids[person.name]}")


async def _download(_scene: Scene, person: Person) -> InteractionResult:
    return await person.press(f"my-files:1:{person.id}")


async def _bring_back(_scene: Scene, person: Person) -> InteractionResult:
    return await person.command("checkin import", {"file": GOOD_FILE})


WISHES: Mapping[Work, Sequence[Wish]] = {
    Work.REPORT: (_report,),
    Work.TRENDS: (_trends, _other_trends, _week),
    Work.DOWNLOAD: (_download,),
    Work.IMPORT: (_bring_back,),
}
"""All the ways to each kind of work."""


@pytest.fixture
async def busy(scene: Scene) -> Scene:
    """The member has answered a check-in, too."""
    checkins, member = scene.world.checkins, scene.people["member"].id
    asked = await checkins.start_now(member, None)
    await checkins.record(member, asked.prompt.id, "5")
    scene.ids |= {"member": asked.prompt.id, "owner": scene.ids["answered"]}
    return scene


def test_every_kind_of_work_is_tried() -> None:
    assert set(WISHES) == set(Work)


@pytest.mark.parametrize("work", WISHES)
async def test_a_burst_is_slowed_down_kindly_and_for_nobody_else(busy: Scene, work: Work) -> None:
    owner, member = busy.person("owner", private=True), busy.people["member"]
    for _, wish in zip(range(work.most), cycle(WISHES[work]), strict=False):
        assert _sentences(await wish(busy, owner)) == []
    for wish in WISHES[work]:
        assert _sentences(await wish(busy, owner)) == [PLEASE_WAIT]
    assert _sentences(await WISHES[work][0](busy, member)) == []
    busy.world.clock.advance(minutes=10)
    assert _sentences(await WISHES[work][0](busy, owner)) == []


def _sentences(result: InteractionResult) -> list[str]:
    return [each.content for each in sentences_of(result)]
