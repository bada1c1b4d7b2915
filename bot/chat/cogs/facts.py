"""Facts: cards by name, side by side, and as a list."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, chosen, community_of, in_bot_dm, is_private, open_dm, say, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.sharing import Sharing
from bot.chat.ui.browse import ANY, BROWSE, CERTAINTIES, KIND_NAMES, OPEN_CHOSEN, browse_view
from bot.chat.ui.cards import CERTAINTY, OPEN_PAGE, SHARE, Offer, Page, card_view
from bot.chat.ui.compare import SHARE_COMPARISON, compare_view
from bot.chat.ui.layout import Layout
from bot.chat.ui.posted import card_shape, compare_shapes
from bot.chat.ui.questions import COUNTED, NO_WISHES, REQUEST, TELL_ME, not_found_view, told_text
from bot.chat.ui.support import NO_LIST, WHICH_COUNTRY, support_view
from bot.domain.cards import Card, Kind
from bot.domain.communities import Feature
from bot.services.curation.asked import Asked
from bot.services.curation.communities import CommunityService
from bot.services.curation.editions import Editions
from bot.services.facts import Answer, FactService, NotFound

Name = app_commands.Range[str, 1, 80]


class Facts(commands.Cog):
    """`/treatment`, `/topic`, `/compare`, `/browse`, `/support`, and the buttons under every card."""

    def __init__(self, editions: Editions, communities: CommunityService, sharing: Sharing, asked: Asked) -> None:
        self._editions = editions
        self._communities = communities
        self._sharing = sharing
        self._asked = asked
        self._drawn: WeakKeyDictionary[Answer, dict[Offer, Layout]] = WeakKeyDictionary()
        self.controls: Mapping[Action, Handler] = {
            OPEN_PAGE: self._open_page,
            OPEN_CHOSEN: self._open_chosen,
            SHARE: self._share,
            SHARE_COMPARISON: self._share_comparison,
            BROWSE: self._turn_page,
            REQUEST: self._request,
            TELL_ME: self._tell_me,
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
        left, right = (await self._facts(interaction)).compare(first, second)
        if await self._sharing.answers_openly(interaction):
            view = compare_view(left, right, shareable=False)
            await self._sharing.post(interaction, view, compare_shapes(left, right))
        else:
            shareable = await self._sharing.is_offered(interaction)
            await show(interaction, compare_view(left, right, shareable=shareable))

    @app_commands.command()
    @app_commands.describe(kind="Only this kind of card", certainty="Only cards whose main finding is this certain")
    @app_commands.choices(
        kind=[app_commands.Choice(name=label, value=kind.value) for kind, label in KIND_NAMES.items()],
        certainty=[app_commands.Choice(name=CERTAINTY[each], value=key) for key, each in CERTAINTIES.items()],
    )
    async def browse(self, interaction: Interaction, kind: str = ANY, certainty: str = ANY) -> None:
        """Every card, by kind and certainty"""
        await show(interaction, _page_of_list(await self._facts(interaction), kind, certainty, 0))

    @app_commands.command()
    @app_commands.describe(country="Your country")
    async def support(self, interaction: Interaction, country: Name | None = None) -> None:
        """Where to turn to in your country, day or night"""
        usual = (await self._communities.of(community_of(interaction))).country
        found = (await self._facts(interaction)).support(country or usual or "")
        await show(interaction, support_view(*found, without=NO_LIST if country else WHICH_COUNTRY))

    @treatment.autocomplete("name")
    async def _suggest_treatment(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices((await self._facts(interaction)).suggest(typed, topics=False))

    @topic.autocomplete("name")
    async def _suggest_topic(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices((await self._facts(interaction)).suggest(typed, topics=True))

    @compare.autocomplete("first")
    @compare.autocomplete("second")
    async def _suggest_card(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices((await self._facts(interaction)).suggest(typed))

    @support.autocomplete("country")
    async def _suggest_country(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = [country.country for country in self._editions.catalog.support]
        fitting = [name for name in names if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:25]]

    async def _facts(self, interaction: Interaction) -> FactService:
        return await self._editions.of(community_of(interaction))

    async def _look_up(self, interaction: Interaction, name: str, *, topics: bool) -> None:
        facts = await self._facts(interaction)
        found = facts.answer(name, topics=topics)
        if isinstance(found, NotFound):
            await show(interaction, not_found_view(found, wishes=await self._may_wish(interaction)))
        elif await self._sharing.answers_openly(interaction):
            await self._sharing.post(interaction, self._first_page(found, Offer.NOTHING), card_shape(found))
        else:
            await show(interaction, self._first_page(found, await self._sharing.offers(interaction)))
        if isinstance(found, Answer):
            facts.looked_up(found.card)

    def _first_page(self, answer: Answer, offers: Offer) -> Layout:
        """Drawn once for as long as the answer holds: a layout is a value, and this one is asked for all the time."""
        drawn = self._drawn.setdefault(answer, {})
        if offers not in drawn:
            drawn[offers] = card_view(answer, offers=offers)
        return drawn[offers]

    async def _open_page(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._turn_to(interaction, values["card"], Page(values["page"]), int(values["part"]))

    async def _open_chosen(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._turn_to(interaction, chosen(interaction), Page.SUMMARY, 0)

    async def _turn_to(self, interaction: Interaction, card_id: str, page: Page, part: int) -> None:
        answer = (await self._facts(interaction)).card(card_id)
        private = is_private(interaction)
        offers = await self._sharing.offers(interaction) if private else Offer.NOTHING
        view = card_view(answer, page, part, offers=offers)
        if private:
            await interaction.response.edit_message(view=view)
        else:  # a card that was shared stays as it is for everybody else
            await interaction.response.send_message(view=view, ephemeral=not in_bot_dm(interaction))

    async def _turn_page(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        facts = await self._facts(interaction)
        view = _page_of_list(facts, values["kind"], values["certainty"], int(values["part"]))
        await interaction.response.edit_message(view=view)

    async def _share(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._sharing.demand(interaction)
        answer = (await self._facts(interaction)).card(values["card"])
        await self._sharing.post(interaction, card_view(answer), card_shape(answer))

    async def _share_comparison(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._sharing.demand(interaction)
        facts = await self._facts(interaction)
        first, second = facts.card(values["first"]), facts.card(values["second"])
        view = compare_view(first, second, shareable=False)
        await self._sharing.post(interaction, view, compare_shapes(first, second))

    async def _request(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._demand_wishes(interaction)
        await acknowledge(interaction)
        await self._asked.wanted(community_of(interaction), interaction.user.id, values["name"])
        await say(interaction, COUNTED)

    async def _tell_me(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._demand_wishes(interaction)
        await acknowledge(interaction)
        dm = await open_dm(interaction)
        new = await self._asked.tell_me(community_of(interaction), interaction.user.id, values["name"], dm.id)
        await say(interaction, told_text(values["name"], new=new))

    async def _may_wish(self, interaction: Interaction) -> bool:
        return (await self._communities.of(community_of(interaction))).has(Feature.WISHES)

    async def _demand_wishes(self, interaction: Interaction) -> None:
        await self._communities.demand(community_of(interaction), Feature.WISHES, NO_WISHES)


def _page_of_list(facts: FactService, kind: str, certainty: str, part: int) -> Layout:
    wanted_kind = Kind(kind) if kind in set(Kind) else None
    wanted_certainty = CERTAINTIES.get(certainty)
    return browse_view(facts.browse(wanted_kind, wanted_certainty), wanted_kind, wanted_certainty, part)


def _choices(cards: list[Card]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=card.name, value=card.id) for card in cards]
