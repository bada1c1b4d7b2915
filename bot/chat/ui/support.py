"""Where to turn to, by country."""

from collections.abc import Sequence

from bot.chat.ui.layout import Layout, panel, quoted
from bot.domain.support import SafetyNet, SupportCountry, SupportService

WHICH_COUNTRY = (
    "## Support\nWhich country are you in? Type `/support` and pick it from the list, and I show who is there for you. "
    "These work from anywhere."
)
NO_LIST = "## Support\nI have no list for that country. These work from anywhere."
LEAD = "If you or somebody near you is in danger right now, call the emergency number."


def support_view(
    country: SupportCountry | None, everywhere: Sequence[SupportCountry], *, without: str = NO_LIST
) -> Layout:
    """The services of a country and those for everywhere; `without` stands in place of a country that is not there."""
    return panel([_country(country) if country else without, *(_country(each) for each in everywhere)])


def _country(country: SupportCountry) -> str:
    emergency = f"**Emergency: {country.emergency}.** {LEAD}" if country.emergency else ""
    services = [_service(service) for service in country.services]
    return "\n".join(part for part in [f"## {country.country}", emergency, *services] if part)


def _service(service: SupportService) -> str:
    contact = "; ".join(service.contact)
    facts = " ".join(f"{fact.rstrip('.')}." for fact in (service.hours, service.cost) if fact)
    return f"- **{service.name}**: {contact}\n  {service.what} {facts}"


def safety_blocks(net: SafetyNet) -> list[str]:
    """What a member reads before any score: their own words first, then who answers where they are."""
    own = "**You wrote for a time like this:**\n" + quoted(net.own) if net.own else ""
    operators = f"**Here you can turn to:** {net.operators}" if net.operators else ""
    country = _country(net.country) if net.country else "`/support` lists services in your country."
    return [block for block in (own, net.meaning or "", operators, country) if block]
