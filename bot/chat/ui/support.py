"""Where to turn to, by country."""

from collections.abc import Sequence

from bot.chat.ui.layout import Layout, panel
from bot.domain.support import SupportCountry, SupportService

LEAD = "If you or somebody near you is in danger right now, call the emergency number."


def support_view(country: SupportCountry | None, everywhere: Sequence[SupportCountry]) -> Layout:
    """The services of a country and those for everywhere; only the latter if the country has no page."""
    blocks = (
        [_country(country)] if country else ["## Support\nI have no list for that country. These work from anywhere."]
    )
    blocks += [_country(each) for each in everywhere]
    return panel(blocks)


def _country(country: SupportCountry) -> str:
    emergency = f"**Emergency: {country.emergency}.** {LEAD}" if country.emergency else ""
    services = [_service(service) for service in country.services]
    return "\n".join(part for part in [f"## {country.country}", emergency, *services] if part)


def _service(service: SupportService) -> str:
    contact = "; ".join(service.contact)
    facts = " ".join(f"{fact.rstrip('.')}." for fact in (service.hours, service.cost) if fact)
    return f"- **{service.name}**: {contact}\n  {service.what} {facts}"
