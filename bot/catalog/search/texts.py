"""What a card says, as plain text."""

from bot.domain.cards import Card, Claim, Finding, Position, Statement


def name_text(card: Card) -> str:
    return " ; ".join((card.name, *card.aliases, *card.brands))


def text_of(sentence: Statement | Claim) -> str:
    match sentence:
        case Claim():
            return " ".join((sentence.text, *sentence.phrases, sentence.why))
        case Finding():
            return f"{sentence.outcome} {sentence.text}"
        case Position():
            return f"{sentence.body} {sentence.text}"
        case _:
            return sentence.text


def indexed_texts(card: Card) -> tuple[str, str, str]:
    """Names, claims and body, as they are indexed."""
    claims = " ; ".join(map(text_of, card.claims))
    body = " ; ".join(text_of(sentence) for sentence in card.statements() if not isinstance(sentence, Claim))
    return name_text(card), claims, f"{card.scope} ; {body}"
