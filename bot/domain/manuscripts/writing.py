"""From a card to its manuscript."""

from collections.abc import Sequence

from bot.domain.cards import Card, Claim, Finding, Position, Source, Statement
from bot.domain.manuscripts.lines import escaped, flat
from bot.domain.manuscripts.written import Manuscript, Part, WrittenClaim


def manuscript_of(card: Card, added: tuple[Source, ...] = ()) -> Manuscript:
    """The card as text; `card_of` gives the very same card back. Its sources are in the order of their numbers."""
    parts = {
        Part.NAME: flat(card.name),
        Part.KIND: card.kind.value,
        Part.ALIASES: _names(card.aliases),
        Part.BRANDS: _names(card.brands),
        Part.SCOPE: flat(card.scope),
        Part.EFFECT: _cited(card.effect) if card.effect else "",
        Part.CERTAINTY: "\n".join(map(_finding, card.certainty)),
        Part.POSITIONS: "\n".join(map(_position, card.positions)),
        Part.QUESTIONS: "\n".join(map(flat, card.questions)),
        Part.COMPILED: card.compiled.isoformat(),
        Part.REVIEW_DUE: card.review_due.isoformat(),
        Part.REVIEWED_BY: flat(card.reviewed_by or ""),
    } | {part: "\n".join(map(_cited, statements)) for part, statements in statements_of(card).items()}
    claims = tuple(map(_written_claim, card.claims))
    return Manuscript(
        card_id=card.id,
        parts={part: parts[part] for part in Part},
        claims=claims,
        sources=tuple(card.citation_numbers()),
        added=added,
    )


def statements_of(card: Card) -> dict[Part, tuple[Statement, ...]]:
    """The plain lists of statements on a card, by part."""
    harms = card.harms
    return {
        Part.KEY_MESSAGES: card.key_messages,
        Part.EVIDENCE: card.evidence,
        Part.COMMON: harms.common if harms else (),
        Part.SERIOUS: harms.serious if harms else (),
        Part.SEEK_HELP: harms.seek_help if harms else (),
        Part.CAREFUL: card.careful,
        Part.UNKNOWN: card.unknown,
        Part.WHAT_IT_IS: card.what_it_is,
        Part.INTERACTIONS: card.interactions,
        Part.WAITING: card.waiting,
    }


def _cited(statement: Statement) -> str:
    return f"{flat(statement.text)} [{', '.join(statement.cites)}]"


def _finding(finding: Finding) -> str:
    return f"{escaped(finding.outcome, '|')} | {finding.certainty.value} | {_cited(finding)}"


def _position(position: Position) -> str:
    return f"{escaped(position.body, '|')} | {_cited(position)}"


def _names(names: Sequence[str]) -> str:
    separator = "\n" if any(set(name) & {",", "\\"} for name in names) else ", "
    return separator.join(escaped(name, ",") for name in names)


def _written_claim(claim: Claim) -> WrittenClaim:
    return WrittenClaim(
        id=claim.id,
        text=flat(claim.text),
        verdict=claim.verdict.value,
        why=f"{flat(claim.why)} [{', '.join(claim.cites)}]",
        phrases="\n".join(map(flat, claim.phrases)),
    )
