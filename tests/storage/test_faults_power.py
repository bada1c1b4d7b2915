"""Power cuts while an operator's command is at work on real files: recorded once, cut at the moments that matter."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drill.disk import Act, Death, compiler
from tests.drill.outages import Cut, Recording, Run
from tests.storage.places import Place
from tests.storage.rotating import rotated
from tests.storage.test_rotation import (
    Wrapped,
    all_is_there,
    back_up,
    fill,
    starts_or_says_what_to_do,
    the_old_key_opens_nothing,
)

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")


@dataclass(frozen=True)
class Rotation:
    """A recorded one, and what there was before."""

    recording: Recording
    old: bytes
    before: Wrapped

    @classmethod
    async def of(cls, place: Place, *deaths: Death) -> "Rotation":
        """Of a vault in use, with its backups: killed so often, and then run to its end."""
        backups = place.folder / "backups"
        await fill(place)
        backups.mkdir()
        back_up(place, backups)
        old, before = place.key_file.read_bytes(), await Wrapped.of(place)
        runs = [Run("tests.storage.rotating", (place.folder, backups), dies) for dies in (*deaths, None)]
        return cls(Recording.of(place, *runs), old, before)

    @property
    def on_key_files(self) -> list[int]:
        return self.recording.around(self.recording.place.key_file.parent)

    async def starts_after(self, cut: Cut) -> bool:
        """Whether a bot did, before the next rotation, which came to the end."""
        backups = cut.place.folder / "backups"
        starts = await starts_or_says_what_to_do(cut.place)
        assert (await rotated(cut.place, backups)).broken == 0
        await the_old_key_opens_nothing(cut.place, self.old, self.before, backups)
        await all_is_there(cut.place)
        return starts


async def test_fault_51_a_power_cut_while_the_key_files_are_exchanged_loses_no_key(tmp_path: Path) -> None:
    rotation = await Rotation.of(Place(tmp_path / "bot", None))
    moments = [*rotation.on_key_files, *rotation.recording.some(8)]
    started = [await rotation.starts_after(cut) for cut in rotation.recording.cuts(moments)]
    assert started[0]
    assert started.count(False) > 3


@pytest.mark.parametrize("dies", [(Act.LINK, 1), (Act.RENAME, 2)], ids=["new key", "backup"])
async def test_fault_51_a_power_cut_after_a_kill_loses_no_key_and_no_backup(tmp_path: Path, dies: Death) -> None:
    """A run that is killed has not made certain what it named last, and the next one finds it done."""
    rotation = await Rotation.of(Place(tmp_path / "bot", None), dies)
    started = [await rotation.starts_after(cut) for cut in rotation.recording.cuts(rotation.on_key_files)]
    assert started.count(False) > 3
