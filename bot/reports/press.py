"""The `Press` port: every picture and file is made in the workshop's process and kept nowhere.

What draws and writes is imported there too, where it is first wanted: matplotlib and typst take half a second to load,
which the bot's own event loop must never wait for.
"""

from bot.domain.rights import Account
from bot.domain.trends import Appointment, Diary, Trend
from bot.reports.tables import text_table
from bot.reports.words import alt_text
from bot.reports.worker import Workshop


class Press:
    """Values in, bytes out."""

    def __init__(self, workshop: Workshop | None = None) -> None:
        self._workshop = workshop or Workshop()

    async def chart(self, trend: Trend, *, dark: bool) -> bytes:
        return await self._workshop.make(_chart, trend, dark=dark)

    async def appointment(self, page: Appointment) -> bytes:
        return await self._workshop.make(_appointment, page)

    async def csv(self, diary: Diary) -> bytes:
        return await self._workshop.make(_csv, diary)

    async def json(self, diary: Diary) -> bytes:
        return await self._workshop.make(_json, diary)

    async def account(self, account: Account) -> bytes:
        return await self._workshop.make(_account, account)

    async def fhir(self, diary: Diary) -> bytes:
        return await self._workshop.make(_fhir, diary)

    async def read_json(self, content: bytes) -> Diary:
        return await self._workshop.make(_read_json, content)

    def alt_text(self, trend: Trend) -> str:
        return alt_text(trend)

    def table(self, trend: Trend) -> str:
        return text_table(trend)

    async def close(self) -> None:
        await self._workshop.close()


def _chart(trend: Trend, *, dark: bool) -> bytes:
    from bot.reports.charts import chart_png

    return chart_png(trend, dark=dark)


def _appointment(page: Appointment) -> bytes:
    from bot.reports.pdf import appointment_pdf

    return appointment_pdf(page)


def _csv(diary: Diary) -> bytes:
    from bot.reports.csv_export import csv_export

    return csv_export(diary)


def _json(diary: Diary) -> bytes:
    from bot.reports.json_export import json_export

    return json_export(diary)


def _account(account: Account) -> bytes:
    from bot.reports.account_export import account_export

    return account_export(account)


def _fhir(diary: Diary) -> bytes:
    from bot.reports.fhir import fhir_bundle

    return fhir_bundle(diary)


def _read_json(content: bytes) -> Diary:
    from bot.reports.json_export import json_import

    return json_import(content)
