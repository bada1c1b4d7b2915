"""Reviewing: what moderators decide about each other's proposals.

Who may is looked at again at every step. Nobody decides about words that they have not seen: each control carries
the wording that it stood under.
"""

from collections.abc import Mapping

from discord.ext import commands

from bot.chat.gate import Gate, handing_back
from bot.chat.interactions import acknowledge, chosen, is_private, say, show, submitted
from bot.chat.reviewing import ReviewBoard
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import review as ui
from bot.chat.ui.cards import Page
from bot.chat.ui.drafts import STATUS
from bot.domain.curation import Proposal, ProposalStatus, Vote
from bot.errors import UserError
from bot.services.curation.drafts import UNKNOWN
from bot.services.curation.proposals import ProposalService

OTHER_WORDS = (
    "This is not the wording that was sent any more, so nothing was decided. "
    "`/curate queue` shows what is in review now."
)
QUICKER = "Somebody was quicker: this one is {status}. Your press changed nothing."
OVERTAKEN = (
    "Nothing was published: the card has changed since this was sent. Its author can bring both together with "
    "`/curate mine` and send it again."
)
NO_CARD_YET = "Its text cannot be read as a card, so there is nothing to show."

Values = Mapping[str, str]


class Review(commands.Cog):
    """The buttons of a proposal in review, in the curation channel or privately from the queue."""

    def __init__(self, gate: Gate, proposals: ProposalService, board: ReviewBoard) -> None:
        self._gate = gate
        self._proposals = proposals
        self._board = board
        self.controls: Mapping[Action, Handler] = {
            ui.OPEN: self._open,
            ui.OPEN_CHOSEN: self._open_chosen,
            ui.APPROVE: self._approve,
            ui.ASK: self._ask,
            ui.ASKED: self._asked,
            ui.REJECT: self._reject,
            ui.REJECTED: self._rejected,
            ui.WHOLE: self._whole,
            ui.CARD: self._card,
        }

    async def _open(self, interaction: Interaction, values: Values) -> None:
        await self._show_review(interaction, values["proposal"])

    async def _open_chosen(self, interaction: Interaction, values: Values) -> None:
        await self._show_review(interaction, chosen(interaction))

    async def _show_review(self, interaction: Interaction, proposal_id: str) -> None:
        await acknowledge(interaction)
        proposal = await self._sent(interaction, proposal_id)
        await show(interaction, ui.review_view(await self._board.review(proposal)))

    async def _approve(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        proposal = await self._read(interaction, values)
        vote = await self._proposals.approve(proposal.guild_id, proposal.id, interaction.user.id)
        await self._board.answer(interaction, vote.proposal)
        if refused := _refused(vote):
            await say(interaction, refused)
        if vote.published:
            await self._board.card_changed(interaction.client, proposal.guild_id, proposal.card_id)

    async def _ask(self, interaction: Interaction, values: Values) -> None:
        # A form must be the first answer, so this cannot be acknowledged beforehand: it only reads.
        proposal = await self._open_read(interaction, values)
        await interaction.response.send_modal(ui.ask_form(proposal.id, values["wording"]))

    async def _asked(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        async with handing_back(interaction):
            proposal = await self._open_read(interaction, values)
            sent_back = await self._proposals.ask_change(
                proposal.guild_id, proposal.id, interaction.user.id, _words(interaction)
            )
        await self._board.answer(interaction, sent_back, text=True)

    async def _reject(self, interaction: Interaction, values: Values) -> None:
        proposal = await self._open_read(interaction, values)
        await interaction.response.send_modal(ui.reject_form(proposal.id, values["wording"]))

    async def _rejected(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        async with handing_back(interaction):
            proposal = await self._open_read(interaction, values)
            rejected = await self._proposals.reject(
                proposal.guild_id, proposal.id, interaction.user.id, _words(interaction)
            )
        await self._board.answer(interaction, rejected)

    async def _whole(self, interaction: Interaction, values: Values) -> None:
        await _begin_look(interaction)
        proposal = await self._read(interaction, values)
        await show(interaction, ui.whole_view(await self._board.review(proposal), int(values["page"])))

    async def _card(self, interaction: Interaction, values: Values) -> None:
        await _begin_look(interaction)
        review = await self._board.review(await self._read(interaction, values))
        if review.card is None:
            raise UserError(NO_CARD_YET)
        page, part = Page(values["page"]), int(values["part"])
        await show(interaction, ui.proposed_card_view(review, review.card, page, part))

    async def _open_read(self, interaction: Interaction, values: Values) -> Proposal:
        """The proposal, if it is in review with the words that were read."""
        proposal = await self._read(interaction, values)
        if proposal.status is not ProposalStatus.OPEN:
            raise UserError(QUICKER.format(status=STATUS[proposal.status]))
        return proposal

    async def _read(self, interaction: Interaction, values: Values) -> Proposal:
        """The proposal with the words that were read, for somebody who may decide about it right now."""
        proposal = await self._sent(interaction, values["proposal"])
        if ui.wording_of(proposal) != values["wording"]:
            raise UserError(OTHER_WORDS)
        return proposal

    async def _sent(self, interaction: Interaction, proposal_id: str) -> Proposal:
        """The proposal, which a curator here may look at."""
        guild_id = (await self._gate.curator(interaction)).guild_id
        proposal = await self._proposals.get(guild_id, proposal_id)
        if proposal.status is ProposalStatus.DRAFT:  # for its author's eyes
            raise UserError(UNKNOWN)
        return proposal


def _refused(vote: Vote) -> str:
    if vote.ended:
        return QUICKER.format(status=STATUS[vote.proposal.status])
    return OVERTAKEN if vote.conflict else ""


async def _begin_look(interaction: Interaction) -> None:
    """What one person looks at stands beside the message for everybody, and takes the place of their own."""
    if is_private(interaction):
        await acknowledge(interaction)
    else:
        await interaction.response.defer(ephemeral=True, thinking=True)


def _words(interaction: Interaction) -> str:
    return submitted(interaction).get("words", "")
