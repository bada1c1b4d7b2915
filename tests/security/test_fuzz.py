"""Anything at all, in every place that takes something: an answer or a kind sentence, and never a trace of it."""

import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simcord.results import InteractionResult

from bot.catalog.reader import RefusedError, parse
from bot.config import ROOT
from bot.domain.manuscripts import Manuscript, NotACardError, Part, WrittenClaim, card_of, merged, numbered, with_ids
from bot.domain.questionnaires import OwnKind, own_question
from bot.domain.when import parse_days, parse_time, parse_times, parse_when
from bot.domain.zones import find_places, zone_for
from bot.errors import UserError
from bot.reports.json_export import json_import
from bot.storage.backups.sealed import BadBackup, read_header
from tests.security.earnest import COMMANDS, CONTROLS, DIARY, Use, filled
from tests.security.odd import MARK, lonely, marked, words
from tests.security.people import Person, sentences_of
from tests.security.scene import PEOPLE, Scene

TODAY, NOW, LONDON = date(2026, 11, 23), datetime(2026, 11, 23, 8, 30, tzinfo=UTC), ZoneInfo("Europe/London")
OURS = "Something went wrong on my side"
CARD = (ROOT / "content/cards/melatonin.yaml").read_text("utf-8")

Typed = TypeVar("Typed")
Refused = TypeVar("Refused", bound=Exception)

few = settings(
    max_examples=50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
many = settings(max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """What was logged since one last asked, by us and by the libraries, as far as these may: see `bot.logs`."""
    caplog.set_level("INFO")
    with structlog.testing.capture_logs() as events:

        def since() -> str:
            said = f"{events}\n{caplog.text}"
            events.clear()
            caplog.clear()
            return said

        yield since


def check(result: InteractionResult, log: str) -> None:
    """It was answered, and if it was refused, in words meant for people."""
    said = [each.content for each in sentences_of(result)]
    assert result.acknowledged
    assert not [each for each in said if OURS in each or "Traceback" in each], said
    assert MARK not in log
    assert "'trace'" not in log


# Interactions

people = st.sampled_from(PEOPLE)
pieces = st.sampled_from(["", ":", "0", "f" * 16, "ketamine", "-1", "99999999999999999999", "\n", "é", MARK]) | words


picked = (
    marked
    | words
    | st.sampled_from(["+new", "+page-", "+page-9", "+page-x", "own", "1", "0", "-1", "٣", "", "sharing"])
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A control of ours, and the fields of its custom_id with something wrong in them, or nothing."""
    what = draw(st.sampled_from(sorted(CONTROLS)))
    fields = list(CONTROLS[what].fields)
    match draw(st.sampled_from(["as it is", "another", "one more", "one less", "another version", "made up"])):
        case "another" if fields:
            fields[draw(st.integers(0, len(fields) - 1))] = draw(pieces)
        case "one more":
            fields.append(draw(pieces))
        case "one less" if fields:
            fields.pop()
        case "another version":
            what = f"{what.partition(':')[0]}:{draw(st.sampled_from(['0', '2', '99', '', 'x']))}"
        case "made up":
            what = draw(words)
        case _:
            pass
    return what, fields


@few
@given(control=mutated(), kind=st.sampled_from(["press", "pick", "submit"]), typed=picked, who=people)
async def test_fault_58_any_custom_id_as_any_kind_of_control(
    scene: Scene, log: Callable[[], str], control: tuple[str, list[str]], kind: str, typed: str, who: str
) -> None:
    what, fields = control
    use = CONTROLS.get(what, Use())
    person = scene.person(who, private=use.private)
    custom_id = ":".join([what, *filled(Use(fields), scene.ids).fields])
    check(await act(person, kind, custom_id, use, typed), log())


async def act(person: Person, kind: str, custom_id: str, use: Use, typed: str) -> InteractionResult:
    match kind:
        case "press":
            return await person.press(custom_id)
        case "pick":
            return await person.pick(custom_id, [typed[:100]])
        case _:
            return await person.submit(custom_id, dict.fromkeys([*use.typed, "note", "words"], typed))


FORMS = sorted(what for what, use in CONTROLS.items() if use.typed)


@few
@given(what=st.sampled_from(FORMS), typed=st.lists(marked, min_size=1, max_size=5))
async def test_fault_54_any_words_in_any_form(
    scene: Scene, log: Callable[[], str], what: str, typed: list[str]
) -> None:
    use = filled(CONTROLS[what], scene.ids)
    fields = {name: typed[number % len(typed)] for number, name in enumerate([*use.typed, "note"])}
    person = scene.person("owner", private=use.private)
    check(await person.submit(":".join([what, *use.fields]), fields), log())


@few
@given(
    what=st.sampled_from(sorted(COMMANDS)),
    typed=marked,
    number=st.integers(-(2**53), 2**53),
    kept=st.sets(st.integers(0, 3)),
    who=people,
)
async def test_fault_54_any_words_in_any_option(
    scene: Scene, log: Callable[[], str], what: str, typed: str, number: int, kept: set[int], who: str
) -> None:
    use = COMMANDS[what]
    odd = {str: typed, bytes: typed.encode(), int: number}
    options = {
        name: value if place in kept else odd[type(value)] for place, (name, value) in enumerate(use.options.items())
    }
    check(await scene.person(who, private=use.private).command(what.removeprefix("/"), options), log())


@few
@given(file=st.deferred(lambda: broken_diary))
async def test_any_file_brought_back(scene: Scene, log: Callable[[], str], file: bytes) -> None:
    scene.world.clock.advance(minutes=10)  # nobody may bring back much at once
    check(await scene.person("owner", private=True).command("checkin import", {"file": file}), log())


# Files and words, without Discord


def refusal(kind: type[Refused], read: Callable[[Typed], object], typed: Typed) -> Refused | None:
    """What it says against this, if it does; no other error may come of it."""
    try:
        read(typed)
    except kind as refused:
        return refused
    return None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | marked,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _broken(draw: st.DrawFn) -> bytes:
    """A diary with something else at one place, or something that is none; JSON that is cut, or no JSON."""
    made = json.loads(json.dumps(DIARY))
    place: Any = made
    while isinstance(place, dict | list) and place:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if draw(st.booleans()) or not isinstance(place[key], dict | list):
            place[key] = draw(values)
            break
        place = cast("Any", place[key])
    text = json.dumps(made).encode()
    return draw(st.sampled_from([text, text[: len(text) // 2], b"\xff" + text, b"[" * 20_000, b"1" * 5000]))


broken_diary = _broken()


@many
@given(content=broken_diary | st.binary(max_size=200))
def test_any_file_is_a_diary_or_refused_in_words(content: bytes) -> None:
    said = str(refusal(UserError, json_import, content))
    assert MARK not in said
    assert "Traceback" not in said


@many
@given(text=words | lonely)
def test_fault_57_any_zone_time_and_day_is_read_or_refused_in_words(text: str) -> None:
    find_places(text)
    readers: list[Callable[[str], object]] = [
        zone_for,
        parse_time,
        parse_times,
        partial(parse_days, today=TODAY),
        partial(parse_when, now=NOW, zone=LONDON),
        partial(own_question, kind=OwnKind.NUMBER, unit=text),
    ]
    for read in readers:
        refused = refusal(UserError, read, text)
        assert refused is None or str(refused)


def seconds_to_read(text: str) -> float:
    began = time.process_time()
    refused = refusal(RefusedError, parse, text)
    took = time.process_time() - began
    assert refused is None or 1 <= refused.line <= len(text.splitlines()) + 2  # YAML too has more line ends than one
    return took


@many
@given(data=st.data())
def test_fault_60_any_yaml_is_read_or_refused_at_once_with_its_line(data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(CARD)))
    odd = data.draw(st.text(alphabet="&*!|>%@`[]{}:,-?#'\"\n\t ~<a1\x00\u2028", max_size=60) | words)
    text = (CARD[:where] + odd + CARD[where:]).encode("utf-8", "replace").decode()
    assert min(seconds_to_read(text) for _ in range(3)) < 0.1  # the machine may be busy with something else


@st.composite
def manuscripts(draw: st.DrawFn) -> Manuscript:
    parts = {part: draw(words | lonely) for part in draw(st.sets(st.sampled_from(list(Part)), max_size=6))}
    claim = WrittenClaim(id="a-claim", text=draw(words), verdict=draw(words), why=draw(words), phrases=draw(words))
    return Manuscript(card_id="moon-dust", parts=parts, claims=(claim,), sources=("a-2020", "b-2021"))


@many
@given(mine=manuscripts(), theirs=manuscripts())
def test_any_manuscript_is_a_card_or_has_remarks(mine: Manuscript, theirs: Manuscript) -> None:
    both, _ = merged(None, mine, theirs)
    for text in (mine, both):
        for part in text.parts.values():
            with_ids(numbered(part, text.sources), text.sources)
        refused = refusal(NotACardError, card_of, text)
        assert refused is None or refused.remarks


BACKUP = b"spoonful backup 1\n\x00\x00\x00\x10"


@many
@given(start=st.sampled_from([b"", BACKUP[:7], BACKUP]), rest=st.binary(max_size=100))
def test_any_backup_header_is_refused_in_words(start: bytes, rest: bytes) -> None:
    with pytest.raises(BadBackup):
        read_header(io.BytesIO(start + rest), Path("x.backup"))
