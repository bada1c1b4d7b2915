"""The `Press` port: every picture and file is made in the workshop's process and kept nowhere.

What draws and writes is imported where it is first wanted: matplotlib and typst are slow to load, and a bot that nobody
asks for a chart never needs them.
"""

from bot.domain.trends import Appointment, Diary, Trend
from bot.reports.tables import text_table
from bot.reports.words import alt_text
from bot.reports.worker import Workshop


class Press:
    """Values in, bytes out."""

    def __init__(self) -> None:
        self._workshop = Workshop()

    async def chart(self, trend: Trend, *, dark: bool) -> bytes:
        from bot.reports.charts import chart_png

        return await self._workshop.make(chart_png, trend, dark=dark)

    async def appointment(self, page: Appointment) -> bytes:
        from bot.reports.pdf import appointment_pdf

        return await self._workshop.make(appointment_pdf, page)

    async def csv(self, diary: Diary) -> bytes:
        from bot.reports.csv_export import csv_export

        return await self._workshop.make(csv_export, diary)

    async def json(self, diary: Diary) -> bytes:
        from bot.reports.json_export import json_export

        return await self._workshop.make(json_export, diary)

    async def fhir(self, diary: Diary) -> bytes:
        from bot.reports.fhir import fhir_bundle

        return await self._workshop.make(fhir_bundle, diary)

    def alt_text(self, trend: Trend) -> str:
        return alt_text(trend)

    def table(self, trend: Trend) -> str:
        return text_table(trend)

    async def close(self) -> None:
        await self._workshop.close()
