"""Writing: `/curate edit`, `new`, `claim` and `mine`, and the panel of a draft.

Who may is looked at again at every step. What somebody typed into a form is stored or handed back, never lost.
"""

from collections.abc import Mapping

from discord import app_commands
from discord.ext import commands

from bot.chat.gate import Gate, handing_back
from bot.chat.interactions import acknowledge, chosen, show, submitted
from bot.chat.reviewing import ReviewBoard
from bot.chat.routing import OUTDATED, Action, Handler, Interaction
from bot.chat.ui import drafts as ui
from bot.chat.ui import manuscripts as forms
from bot.chat.ui.browse import KIND_NAMES
from bot.chat.ui.changes import short_source
from bot.chat.ui.layout import Form, inert
from bot.domain.cards import Card, Kind
from bot.domain.curation import Proposal
from bot.domain.manuscripts import WrittenClaim
from bot.domain.references import known_records
from bot.errors import UserError
from bot.services.curation.editions import Editions
from bot.services.curation.proposals import Check, ProposalService
from bot.services.facts import NotFound

NOT_YOURS = "That draft is somebody else's, or it is not here any more. `/curate edit` starts one of your own."
SAVED = "**Saved.**"
MEND_FIRST = "**Not sent yet.** Please mend what is listed below; everything you wrote is kept."
CONFLICT = "**Not sent:** somebody else changed this card meanwhile. *Bring it together* takes over what they changed."
NO_CLAIM = "That claim is no longer on the draft."

Values = Mapping[str, str]
Name = app_commands.Range[str, 1, 80]


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class Curate(commands.GroupCog, group_name="curate", group_description="For moderators: keep the cards true"):
    """The author's side of curation. Each handler is given a proposal's id by its control, and checks whose it is."""

    def __init__(self, gate: Gate, proposals: ProposalService, editions: Editions, board: ReviewBoard) -> None:
        self._gate = gate
        self._proposals = proposals
        self._editions = editions
        self._board = board
        self.controls: Mapping[Action, Handler] = {
            ui.BEGIN: self._begin,
            ui.BEGIN_NEW: self._begin_new,
            ui.OPEN: self._open,
            ui.OPEN_CHOSEN: self._open_chosen,
            ui.LOOK: self._look,
            ui.EDIT_CHOSEN: self._edit_chosen,
            ui.EDIT_PART: self._edit_part,
            forms.WRITTEN: self._written,
            ui.CLAIM_CHOSEN: self._claim_chosen,
            forms.CLAIM_WRITTEN: self._claim_written,
            forms.CLAIM_ADDED: self._claim_added,
            forms.CLAIM_BEGUN: self._claim_begun,
            ui.CITE: self._cite,
            forms.SEARCHED: self._searched,
            ui.CITED: self._cited,
            ui.ADD_SOURCE: self._add_source,
            forms.SOURCE_ADDED: self._source_added,
            ui.SEND: self._send,
            forms.SENT: self._sent,
            ui.MERGE: self._merge,
            ui.THROW_AWAY: self._throw_away,
            ui.THROW_SURE: self._throw_sure,
        }

    @app_commands.command()
    @app_commands.describe(card="Which card")
    async def edit(self, interaction: Interaction, card: Name) -> None:
        """Change a card: your draft is private until you send it for review"""
        await acknowledge(interaction)
        guild_id = await self._here(interaction)
        found = await self._card(guild_id, card)
        await self._show(interaction, await self._proposals.begin(guild_id, interaction.user.id, found.id))

    @app_commands.command()
    @app_commands.describe(name="What it is called", kind="What it is about")
    @app_commands.choices(
        kind=[app_commands.Choice(name=label, value=kind.value) for kind, label in KIND_NAMES.items()]
    )
    async def new(self, interaction: Interaction, name: Name, kind: str) -> None:
        """Write a card that is not there yet"""
        await acknowledge(interaction)
        guild_id = await self._here(interaction)
        await self._show(interaction, await self._proposals.begin_new(guild_id, interaction.user.id, name, _kind(kind)))

    @app_commands.command()
    @app_commands.describe(card="The card it belongs on")
    async def claim(self, interaction: Interaction, card: Name) -> None:
        """Add something people say, with a verdict"""
        # A form must be the first answer, so this cannot be acknowledged beforehand: it only reads.
        guild_id = await self._here(interaction)
        found = await self._card(guild_id, card)
        await _open_form(interaction, forms.claim_form(forms.CLAIM_BEGUN.custom_id(card=found.id), None))

    @app_commands.command()
    async def mine(self, interaction: Interaction) -> None:
        """Your drafts, and what became of them"""
        await acknowledge(interaction)
        guild_id = await self._here(interaction)
        living = await self._proposals.mine(guild_id, interaction.user.id)
        ended = await self._proposals.ended(guild_id, interaction.user.id)
        await show(interaction, ui.mine_view(living, ended))

    @edit.autocomplete("card")
    @claim.autocomplete("card")
    async def _suggest_card(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        facts = await self._editions.of(interaction.guild_id)
        return [app_commands.Choice(name=card.name, value=card.id) for card in facts.suggest(typed)]

    async def _begin(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        guild_id = await self._here(interaction)
        await self._show(interaction, await self._proposals.begin(guild_id, interaction.user.id, values["card"]))

    async def _begin_new(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        guild_id, kind = await self._here(interaction), _kind(chosen(interaction))
        begun = await self._proposals.begin_new(guild_id, interaction.user.id, values["name"], kind)
        await self._show(interaction, begun)

    async def _open(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await self._show(interaction, await self._own(interaction, values["proposal"]))

    async def _open_chosen(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await self._show(interaction, await self._own(interaction, chosen(interaction)))

    async def _look(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        draft = await self._draft(await self._own(interaction, values["proposal"]))
        await show(interaction, ui.look_view(draft, values["what"], int(values["page"])))

    async def _edit_chosen(self, interaction: Interaction, values: Values) -> None:
        form = chosen(interaction)
        proposal = await self._own(interaction, values["proposal"])
        if form not in forms.GROUPS:
            raise UserError(OUTDATED)
        if forms.needs_splitting(proposal.manuscript, form):
            await acknowledge(interaction)
            await show(interaction, ui.parts_view(await self._draft(proposal), form))
            return
        await _open_form(interaction, forms.part_form(proposal.id, proposal.manuscript, form))

    async def _edit_part(self, interaction: Interaction, values: Values) -> None:
        proposal = await self._own(interaction, values["proposal"])
        await _open_form(interaction, forms.part_form(proposal.id, proposal.manuscript, values["form"]))

    async def _written(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        parts = forms.written(values["form"], submitted(interaction))
        async with handing_back(interaction):
            proposal = await self._own(interaction, values["proposal"])
            written = await self._proposals.write(proposal.guild_id, proposal.id, interaction.user.id, parts)
            await self._show(interaction, written, SAVED)

    async def _claim_chosen(self, interaction: Interaction, values: Values) -> None:
        wanted = chosen(interaction)
        proposal = await self._own(interaction, values["proposal"])
        if wanted.startswith(ui.CLAIM_PAGE):
            await acknowledge(interaction)
            page = wanted.removeprefix(ui.CLAIM_PAGE)
            view = ui.draft_view(await self._draft(proposal), claims_page=int(page) if page.isdecimal() else 0)
            await show(interaction, view)
        elif wanted == ui.NEW_CLAIM:
            await _open_form(interaction, forms.claim_form(forms.CLAIM_ADDED.custom_id(proposal=proposal.id), None))
        else:
            claim = _claim(proposal, wanted)
            custom_id = forms.CLAIM_WRITTEN.custom_id(proposal=proposal.id, claim=claim.id)
            await _open_form(interaction, forms.claim_form(custom_id, claim, proposal.manuscript.sources))

    async def _claim_written(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        async with handing_back(interaction):
            proposal = await self._own(interaction, values["proposal"])
            await self._write_claim(interaction, proposal, values["claim"])

    async def _claim_added(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        async with handing_back(interaction):
            proposal = await self._own(interaction, values["proposal"])
            await self._write_claim(interaction, proposal, None)

    async def _claim_begun(self, interaction: Interaction, values: Values) -> None:
        """The claim of `/curate claim`: only now does it need a draft. There is no message yet to acknowledge on."""
        async with handing_back(interaction):
            proposal = await self._proposals.begin(await self._here(interaction), interaction.user.id, values["card"])
            await self._write_claim(interaction, proposal, None)

    async def _write_claim(self, interaction: Interaction, proposal: Proposal, claim_id: str | None) -> None:
        typed, author_id = submitted(interaction), interaction.user.id
        if claim_id and typed.get("keep") == forms.REMOVED:
            written = await self._proposals.remove_claim(proposal.guild_id, proposal.id, author_id, claim_id)
            await self._show(interaction, written, "**The claim is off the draft.**")
            return
        text, verdict, why, phrases = (typed.get(name, "") for name in ("text", "verdict", "why", "phrases"))
        written = await self._proposals.write_claim(
            proposal.guild_id, proposal.id, author_id, claim_id, text, verdict, why, phrases
        )
        await self._show(interaction, written, SAVED)

    async def _cite(self, interaction: Interaction, values: Values) -> None:
        proposal = await self._own(interaction, values["proposal"])
        await _open_form(interaction, forms.search_form(proposal.id))

    async def _searched(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        words = submitted(interaction).get("words", "")
        proposal = await self._own(interaction, values["proposal"])
        found = await self._proposals.find_sources(proposal.guild_id, words)
        await show(interaction, ui.matches_view(await self._draft(proposal), words, found))

    async def _cited(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        proposal = await self._own(interaction, values["proposal"])
        cited, number = await self._proposals.cite(
            proposal.guild_id, proposal.id, interaction.user.id, chosen(interaction)
        )
        await self._show(interaction, cited, _numbered("That is", number))

    async def _add_source(self, interaction: Interaction, values: Values) -> None:
        proposal = await self._own(interaction, values["proposal"])
        await _open_form(interaction, forms.source_form(proposal.id))

    async def _source_added(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        typed = submitted(interaction)
        doi, title, authors, where = (typed.get(name, "") for name in ("doi", "title", "authors", "where"))
        async with handing_back(interaction):
            proposal = await self._own(interaction, values["proposal"])
            design = forms.source_type(typed.get("type", ""))
            added, number, known = await self._proposals.add_source(
                proposal.guild_id, proposal.id, interaction.user.id, doi, title, authors, where, design
            )
            had = f"I knew that one already: {inert(short_source(known)[:150])}. It is" if known else "Added. It is"
            await self._show(interaction, added, _numbered(had, number))

    async def _send(self, interaction: Interaction, values: Values) -> None:
        """The form only where it could be sent: nobody writes a reason for nothing."""
        proposal = await self._own(interaction, values["proposal"])
        draft = await self._draft(proposal)
        if refused := _refused(draft.check):
            await interaction.response.edit_message(view=ui.draft_view(draft, refused))
        else:
            await _open_form(interaction, forms.send_form(proposal.id, proposal.why))

    async def _sent(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        async with handing_back(interaction):
            proposal = await self._own(interaction, values["proposal"])
            why = submitted(interaction).get("why", "")
            check = await self._proposals.send(proposal.guild_id, proposal.id, interaction.user.id, why)
            sent = await self._proposals.get(proposal.guild_id, proposal.id)
            if refused := _refused(check):
                await self._show(interaction, sent, refused)
            else:
                posted = await self._board.post(interaction.client, sent)
                await show(interaction, ui.sent_view(sent, posted=posted))

    async def _merge(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        proposal = await self._own(interaction, values["proposal"])
        merged, both = await self._proposals.bring_together(proposal.guild_id, proposal.id, interaction.user.id)
        draft = await self._draft(merged)
        await self._board.refresh(interaction.client, merged)
        names = inert(", ".join(both)[:300])
        word = f" Both of you changed: {names}. Your wording stayed there; please look at it again." if both else ""
        await show(interaction, ui.draft_view(draft, f"**Brought together.**{word} You can send it again."))

    async def _throw_away(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await show(interaction, ui.throw_view(await self._own(interaction, values["proposal"])))

    async def _throw_sure(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        proposal = await self._own(interaction, values["proposal"])
        thrown = await self._proposals.discard(proposal.guild_id, proposal.id, interaction.user.id)
        await show(interaction, ui.thrown_view(thrown))
        await self._board.refresh(interaction.client, thrown)

    async def _here(self, interaction: Interaction) -> int:
        """The id of the server in which this person is a curator."""
        return (await self._gate.curator(interaction)).guild_id

    async def _card(self, guild_id: int, name: str) -> Card:
        """The card of that id or name, withdrawn or not."""
        found = (await self._editions.of(guild_id)).answer(name)
        if isinstance(found, NotFound):
            near = f" Nearest: {', '.join(inert(card.name) for card in found.nearest)}." if found.nearest else ""
            raise UserError(f"I have no card called {inert(name)}.{near} `/curate new` writes one.")
        return found.card

    async def _own(self, interaction: Interaction, proposal_id: str) -> Proposal:
        """The proposal, for its author, if still a curator here. "Not yours" and "not there" sound the same."""
        guild_id = await self._here(interaction)
        try:
            proposal = await self._proposals.get(guild_id, proposal_id)
        except UserError:
            raise UserError(NOT_YOURS) from None
        if proposal.author_id != interaction.user.id:
            raise UserError(NOT_YOURS)
        return proposal

    async def _draft(self, proposal: Proposal) -> ui.Draft:
        check = await self._proposals.check(proposal)
        manuscript = proposal.manuscript
        known = known_records(await self._editions.catalog_of(proposal.guild_id), manuscript)
        numbers = enumerate(manuscript.sources, start=1)
        return ui.Draft(proposal, check, [(number, known[each]) for number, each in numbers if each in known])

    async def _show(self, interaction: Interaction, proposal: Proposal, notice: str = "") -> None:
        await show(interaction, ui.draft_view(await self._draft(proposal), notice))


async def _open_form(interaction: Interaction, form: Form) -> None:
    """A form must be the first answer, so what leads to one cannot be acknowledged: it is a few reads by key."""
    await interaction.response.send_modal(form)


def _kind(name: str) -> Kind:
    if name not in set(Kind):
        raise UserError(OUTDATED)
    return Kind(name)


def _claim(proposal: Proposal, claim_id: str) -> WrittenClaim:
    for claim in proposal.manuscript.claims:
        if claim.id == claim_id:
            return claim
    raise UserError(NO_CLAIM)


def _numbered(lead: str, number: int) -> str:
    return f"**{lead} [{number}] on this draft.** Write \\[{number}\\] at the end of each sentence that it supports."


def _refused(check: Check) -> str:
    """Why it cannot be sent; empty if it can."""
    if check.remarks:
        return MEND_FIRST
    return CONFLICT if check.conflict else ""
