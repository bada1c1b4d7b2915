"""Facts: cards by name, side by side, and as a list."""

from collections.abc import Mapping

from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import can_share, chosen, in_bot_dm, is_private, say, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui.browse import ANY, BROWSE, CERTAINTIES, KIND_NAMES, OPEN_CHOSEN, browse_view
from bot.chat.ui.cards import CERTAINTY, OPEN_PAGE, SHARE, Page, card_view
from bot.chat.ui.compare import SHARE_COMPARISON, compare_view
from bot.chat.ui.layout import Layout
from bot.chat.ui.questions import COUNTED, REQUEST, not_found_view
from bot.chat.ui.support import support_view
from bot.domain.cards import Card, Kind
from bot.services.facts import Answer, FactService, NotFound

Name = app_commands.Range[str, 1, 80]


class Facts(commands.Cog):
    """`/treatment`, `/topic`, `/compare`, `/browse`, `/support`, and the buttons under every card."""

    def __init__(self, facts: FactService) -> None:
        self._facts = facts
        self._drawn: dict[tuple[str, bool], Layout] = {}
        self._drawn_from = facts.catalog
        self.controls: Mapping[Action, Handler] = {
            OPEN_PAGE: self._open_page,
            OPEN_CHOSEN: self._open_chosen,
            SHARE: self._share,
            SHARE_COMPARISON: self._share_comparison,
            BROWSE: self._turn_page,
            REQUEST: self._request,
        }

    @app_commands.command()
    @app_commands.describe(name="A treatment: its name, a brand, or what people call it")
    async def treatment(self, interaction: Interaction, name: Name) -> None:
        """What is known about a treatment, with sources"""
        await self._look_up(interaction, name, topics=False)

    @app_commands.command()
    @app_commands.describe(name="A topic, such as flares, fibro fog or getting a diagnosis")
    async def topic(self, interaction: Interaction, name: Name) -> None:
        """What is known about a topic, with sources"""
        await self._look_up(interaction, name, topics=True)

    @app_commands.command()
    @app_commands.describe(first="One card", second="The card to put beside it")
    async def compare(self, interaction: Interaction, first: Name, second: Name) -> None:
        """Two cards side by side: certainty, effect, harms, guidelines"""
        left, right = self._facts.compare(first, second)
        await show(interaction, compare_view(left, right, shareable=can_share(interaction)))

    @app_commands.command()
    @app_commands.describe(kind="Only this kind of card", certainty="Only cards whose main finding is this certain")
    @app_commands.choices(
        kind=[app_commands.Choice(name=label, value=kind.value) for kind, label in KIND_NAMES.items()],
        certainty=[app_commands.Choice(name=CERTAINTY[each], value=key) for key, each in CERTAINTIES.items()],
    )
    async def browse(self, interaction: Interaction, kind: str = ANY, certainty: str = ANY) -> None:
        """Every card, by kind and certainty"""
        await show(interaction, self._page_of_list(kind, certainty, 0))

    @app_commands.command()
    @app_commands.describe(country="Your country")
    async def support(self, interaction: Interaction, country: Name) -> None:
        """Where to turn to in your country, day or night"""
        await show(interaction, support_view(*self._facts.support(country)))

    @treatment.autocomplete("name")
    async def _suggest_treatment(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(self._facts.suggest(typed, topics=False))

    @topic.autocomplete("name")
    async def _suggest_topic(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(self._facts.suggest(typed, topics=True))

    @compare.autocomplete("first")
    @compare.autocomplete("second")
    async def _suggest_card(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(self._facts.suggest(typed))

    @support.autocomplete("country")
    async def _suggest_country(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = [country.country for country in self._facts.catalog.support]
        fitting = [name for name in names if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:25]]

    async def _look_up(self, interaction: Interaction, name: str, *, topics: bool) -> None:
        found = self._facts.answer(name, topics=topics)
        if isinstance(found, NotFound):
            await show(interaction, not_found_view(found))
            return
        await show(interaction, self._first_page(found, shareable=can_share(interaction)))
        self._facts.looked_up(found.card)

    def _first_page(self, answer: Answer, *, shareable: bool) -> Layout:
        """Drawn once for as long as the catalog stays: a layout is a value, and this one is asked for all the time."""
        if self._drawn_from is not self._facts.catalog:
            self._drawn, self._drawn_from = {}, self._facts.catalog
        key = answer.card.id, shareable
        if key not in self._drawn:
            self._drawn[key] = card_view(answer, shareable=shareable)
        return self._drawn[key]

    async def _open_page(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._turn_to(interaction, values["card"], Page(values["page"]), int(values["part"]))

    async def _open_chosen(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._turn_to(interaction, chosen(interaction), Page.SUMMARY, 0)

    async def _turn_to(self, interaction: Interaction, card_id: str, page: Page, part: int) -> None:
        answer = self._facts.card(card_id)
        private = is_private(interaction)
        view = card_view(answer, page, part, shareable=private and can_share(interaction))
        if private:
            await interaction.response.edit_message(view=view)
        else:  # a card that was shared stays as it is for everybody else
            await interaction.response.send_message(view=view, ephemeral=not in_bot_dm(interaction))

    async def _turn_page(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await interaction.response.edit_message(
            view=self._page_of_list(values["kind"], values["certainty"], int(values["part"]))
        )

    async def _share(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await show(interaction, card_view(self._facts.card(values["card"])), private=False)

    async def _share_comparison(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        first, second = self._facts.card(values["first"]), self._facts.card(values["second"])
        await show(interaction, compare_view(first, second, shareable=False), private=False)

    async def _request(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._facts.request(values["name"], interaction.user.id)
        await say(interaction, COUNTED)

    def _page_of_list(self, kind: str, certainty: str, part: int) -> Layout:
        wanted_kind = Kind(kind) if kind in set(Kind) else None
        wanted_certainty = CERTAINTIES.get(certainty)
        cards = self._facts.browse(wanted_kind, wanted_certainty)
        return browse_view(cards, wanted_kind, wanted_certainty, part)


def _choices(cards: list[Card]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=card.name, value=card.id) for card in cards]
