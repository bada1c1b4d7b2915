"""A diary as JSON that reads back: the format of `/report` and `/checkin import`.

The wire models stand apart from the domain's values so that a file written today stays readable when those change:
a change of meaning raises VERSION and keeps a reader for the old one.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.domain.checkins import NOTE_LIMIT, EntryKind
from bot.domain.trends import Diary, Flare, Mark, Measure, Observation, plain
from bot.errors import UserError

FORMAT = "spoonful-diary"
VERSION = 1
BIGGEST_FILE = 16 * 1024 * 1024

Key = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class _Measure(_Wire):
    key: Key
    label: Name
    low: Number
    high: Number
    higher_is_worse: bool | None
    unit: Name | None = None
    words: tuple[tuple[Number, Name], ...] = ()

    @model_validator(mode="after")
    def has_a_range(self) -> Self:
        if self.low >= self.high:
            raise ValueError("its lowest value is not below its highest")
        return self


class _Observation(_Wire):
    local_date: date
    recorded_at: AwareDatetime
    kind: EntryKind
    values: dict[Key, Number]
    note: Annotated[str, Field(max_length=NOTE_LIMIT)] | None = None
    late: bool = False


class _Flare(_Wire):
    first: date
    last: date | None = None

    @model_validator(mode="after")
    def ends_after_it_began(self) -> Self:
        _in_order(self.first, self.last)
        return self


class _Mark(_Wire):
    name: Name
    started: date
    stopped: date | None = None
    card_id: Key | None = None

    @model_validator(mode="after")
    def ends_after_it_began(self) -> Self:
        _in_order(self.started, self.stopped)
        return self


class _Diary(_Wire):
    measures: tuple[_Measure, ...]
    observations: tuple[_Observation, ...]
    flares: tuple[_Flare, ...]
    marks: tuple[_Mark, ...]


class _File(_Wire):
    format: Literal["spoonful-diary"]
    version: Literal[1]
    diary: _Diary

    @model_validator(mode="after")
    def values_are_answers_to_questions(self) -> Self:
        measures = {measure.key: measure for measure in self.diary.measures}
        if len(measures) < len(self.diary.measures):
            raise ValueError("two measures have the same key")
        for each in self.diary.observations:
            for key, value in each.values.items():
                _check(each.local_date, key, value, measures.get(key))
        return self


class _Header(BaseModel):
    format: Literal["spoonful-diary"]
    version: int


def json_export(diary: Diary) -> bytes:
    """UTF-8 JSON, indented for people. A value that no longer fits its measure is written all the same."""
    wire = _Diary.model_validate(diary)
    return _File.model_construct(format=FORMAT, version=VERSION, diary=wire).model_dump_json(indent=1).encode()


def json_import(content: bytes) -> Diary:
    """The diary that `json_export` wrote.

    Raises UserError, in words for the member, for anything else.
    """
    if len(content) > BIGGEST_FILE:
        raise UserError(f"That file is larger than {BIGGEST_FILE // 1024**2} MB, which is more than Spoonful can read.")
    _check_header(content)
    try:
        return _diary(_File.model_validate_json(content).diary)
    except ValidationError as error:
        raise UserError(f"Spoonful could not read that file, so nothing was changed. {_where(error)}") from None


def _check_header(content: bytes) -> None:
    try:
        header = _Header.model_validate_json(content)
    except ValidationError:
        raise UserError("That is not a file that Spoonful made. Please choose the JSON file from `/report`.") from None
    if header.version != VERSION:
        raise UserError("A different version of Spoonful made that file, and this one cannot read it yet.")


def _where(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ", ".join(f"number {part + 1}" if isinstance(part, int) else part for part in first["loc"][1:])
    problem = first["msg"].removeprefix("Value error, ")
    return f"The first problem is in {place or 'the diary'}: {problem[:1].lower()}{problem[1:]}."


def _in_order(first: date, last: date | None) -> None:
    if last and last < first:
        raise ValueError("it ends before it begins")


def _check(day: date, key: str, value: float, measure: _Measure | None) -> None:
    if measure is None:
        raise ValueError(f'the entry of {day} answers "{key}", which is not among the measures')
    if not measure.low <= value <= measure.high:
        raise ValueError(f'"{key}" on {day} is {plain(value)}, outside {plain(measure.low)} to {plain(measure.high)}')


def _diary(wire: _Diary) -> Diary:
    return Diary(
        tuple(Measure(**dict(each)) for each in wire.measures),
        tuple(Observation(**dict(each)) for each in wire.observations),
        tuple(Flare(**dict(each)) for each in wire.flares),
        tuple(Mark(**dict(each)) for each in wire.marks),
    )
