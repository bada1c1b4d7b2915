"""Two people's manuscripts of one card, brought together."""

from collections.abc import Iterable

from bot.domain.manuscripts.lines import cites_replaced
from bot.domain.manuscripts.written import Manuscript, Part, WrittenClaim, heading


def merged(base: Manuscript | None, mine: Manuscript, theirs: Manuscript) -> tuple[Manuscript, tuple[str, ...]]:
    """What both changed since `base`, together; where both changed the same part or claim differently, `mine` stays.

    Returns it with the names of those parts (their headings) and claims (their text in quotes).
    """
    base = base or Manuscript(card_id=mine.card_id, parts={})
    mine = _with_ids_apart(mine, theirs)
    parts, clashes = dict[Part, str](), list[str]()
    for part in Part:
        before, here, there = (each.parts.get(part, "") for each in (base, mine, theirs))
        parts[part] = there if here == before else here
        if before not in (here, there) and here != there:
            clashes.append(heading(part))
    claims, clashing_claims = _merged_claims(base, mine, theirs)
    together = Manuscript(
        card_id=mine.card_id,
        parts=parts,
        claims=claims,
        sources=tuple(dict.fromkeys([*mine.sources, *theirs.sources])),
        added=tuple({source.id: source for source in (*theirs.added, *mine.added)}.values()),
    )
    return together, (*clashes, *clashing_claims)


def _merged_claims(
    base: Manuscript, mine: Manuscript, theirs: Manuscript
) -> tuple[tuple[WrittenClaim, ...], list[str]]:
    before, here, there = ({claim.id: claim for claim in each.claims} for each in (base, mine, theirs))
    order = [*there, *here] if list(here) == list(before) else [*here, *there]
    together, clashes = list[WrittenClaim](), list[str]()
    for claim_id in dict.fromkeys(order):
        old, own, other = before.get(claim_id), here.get(claim_id), there.get(claim_id)
        if chosen := other if own == old else own:
            together.append(chosen)
        if old not in (own, other) and own != other:
            clashes += [f"“{claim.text}”" for claim in (own or other,) if claim]
    return tuple(together), clashes


def _with_ids_apart(mine: Manuscript, theirs: Manuscript) -> Manuscript:
    """Mine, where a source that both added under one id but that is not the same gets an id of its own."""
    taken = {source.id: source for source in theirs.added}
    used = {*taken, *mine.sources, *theirs.sources}
    renamed: dict[str, str] = {}
    for source in mine.added:
        if taken.get(source.id, source) != source:
            renamed[source.id] = free_id(source.id, used)
            used.add(renamed[source.id])

    def new(source_id: str) -> str:
        return renamed.get(source_id, source_id)

    return mine.model_copy(
        update={
            "parts": {part: cites_replaced(text, new) for part, text in mine.parts.items()},
            "claims": tuple(claim.model_copy(update={"why": cites_replaced(claim.why, new)}) for claim in mine.claims),
            "sources": tuple(map(new, mine.sources)),
            "added": tuple(source.model_copy(update={"id": new(source.id)}) for source in mine.added),
        }
    )


def free_id(wanted: str, used: Iterable[str]) -> str:
    """The id itself or, where it is used, the id with the next free number behind it; of at most 40 characters."""
    used, number, found = set(used), 1, wanted
    while found in used:
        number += 1
        found = f"{wanted[: 39 - len(str(number))].rstrip('-')}-{number}"
    return found
