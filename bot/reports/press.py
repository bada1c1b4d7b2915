"""The `Press` port: every picture and file is made in the workshop's process and kept nowhere."""

from bot.domain.trends import Appointment, Diary, Trend
from bot.reports.charts import alt_text, chart_png
from bot.reports.csv_export import csv_export
from bot.reports.fhir import fhir_bundle
from bot.reports.json_export import json_export
from bot.reports.pdf import appointment_pdf
from bot.reports.tables import text_table
from bot.reports.worker import Workshop


class Press:
    """Values in, bytes out."""

    def __init__(self) -> None:
        self._workshop = Workshop()

    async def chart(self, trend: Trend, *, dark: bool) -> bytes:
        return await self._workshop.make(chart_png, trend, dark=dark)

    async def appointment(self, page: Appointment) -> bytes:
        return await self._workshop.make(appointment_pdf, page)

    async def csv(self, diary: Diary) -> bytes:
        return await self._workshop.make(csv_export, diary)

    async def json(self, diary: Diary) -> bytes:
        return await self._workshop.make(json_export, diary)

    async def fhir(self, diary: Diary) -> bytes:
        return await self._workshop.make(fhir_bundle, diary)

    def alt_text(self, trend: Trend) -> str:
        return alt_text(trend)

    def table(self, trend: Trend) -> str:
        return text_table(trend)

    async def close(self) -> None:
        await self._workshop.close()
