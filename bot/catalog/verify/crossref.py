"""Crossref, the registry of DOIs: https://github.com/CrossRef/rest-api-doc (api_format.md).

`updated-by`, with what Retraction Watch knows, came in January 2025.
"""

from collections.abc import Iterator
from itertools import chain, product
from typing import Literal
from urllib.parse import quote

from pydantic import Field

from bot.catalog.verify.answers import (
    Answer,
    Loose,
    Many,
    NoAnswer,
    Notice,
    Record,
    Unknown,
    doi_link,
    letters_of,
    record_of,
    standing_in,
)
from bot.catalog.verify.polite import NoAnswerError, Service
from bot.catalog.verify.report import Standing


class _Moment(Loose):
    date_time: str | None = Field(default=None, alias="date-time")


class _Update(Loose):
    doi: str = Field(default="", alias="DOI")
    type: str
    label: str | None = None
    updated: _Moment | None = None

    def notice(self, standing: Standing) -> Notice:
        name = self.label or self.type
        when = f" of {self.updated.date_time[:10]}" if self.updated and self.updated.date_time else ""
        return Notice(standing, f"{name}{when}", doi_link(self.doi) if self.doi.startswith("10.") else None)


class _Relation(Loose):
    id: str = ""


class _Work(Loose):
    doi: str = Field(alias="DOI", pattern=r"^10\.")
    title: Many[str] = ()
    subtitle: Many[str] = ()
    original_title: Many[str] = Field(default=(), alias="original-title")
    aliases: Many[str] = ()
    update_to: Many[_Update] = Field(default=(), alias="update-to")
    updated_by: Many[_Update] = Field(default=(), alias="updated-by")
    relation: dict[str, tuple[_Relation, ...]] | None = None


class _WorkAnswer(Loose):
    status: Literal["ok"]
    kind: Literal["work"] = Field(alias="message-type")
    message: _Work


class Crossref:
    """The registry of DOIs."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def work(self, doi: str) -> Answer:
        """What it says about the paper with this DOI."""
        try:
            answer = await self._service.ask(f"works/{quote(doi, safe='')}", {}, _WorkAnswer)
        except NoAnswerError as error:
            return NoAnswer(str(error))
        return _record_of_work(answer.message) if answer else Unknown()


def _record_of_work(work: _Work) -> Record:
    titles = [*work.title, *(f"{title}: {more}" for title, more in product(work.title, work.subtitle))]
    happened = list(work.updated_by)
    own = work.doi.casefold()
    about: str | None = None
    for update in work.update_to:
        # On a notice this names the paper it is about; a publisher who changed the paper itself names its own DOI.
        if update.doi.casefold() == own:
            happened.append(update)
        elif _of_update(update.type):
            about = f"{update.label or update.type} of {update.doi}"
    notices = (update.notice(standing) for update in happened if (standing := _of_update(update.type)))
    about = about or _is_notice_about(work)
    return record_of(
        [*titles, *work.original_title],
        frozenset(doi.casefold() for doi in (work.doi, *work.aliases)),
        chain(notices, _related_notices(work)),
        about,
    )


def _of_update(kind: str) -> Standing | None:
    """Of Crossref's twelve kinds of updates; one we do not know is for a person to look at."""
    letters = letters_of(kind)
    if letters in {"newversion", "newedition"}:
        return None
    return standing_in(letters) or Standing.CORRECTED


def _related_notices(work: _Work) -> Iterator[Notice]:
    for name, related in (work.relation or {}).items():
        standing = standing_in(letters_of(name))
        if standing and related and (name.endswith("-by") or name.startswith("has-")):
            doi = related[0].id
            yield Notice(standing, f"the relation {name}", doi_link(doi) if doi.startswith("10.") else None)


def _is_notice_about(work: _Work) -> str | None:
    for name, related in (work.relation or {}).items():
        if standing_in(letters_of(name)) and related and name.startswith("is-") and name.endswith(("-of", "-for")):
            return f"{name} {related[0].id}"
    return None
