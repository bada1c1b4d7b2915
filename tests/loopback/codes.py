"""How Discord refuses: a code, and the status and words that go with it."""

KNOWN = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40003: (400, "You are opening direct messages too fast"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
}


class DiscordError(Exception):
    """Discord refuses with one of its codes; with its usual status, unless told another."""

    def __init__(self, code: int, status: int | None = None) -> None:
        usual, message = KNOWN[code]
        super().__init__(message)
        self.code = code
        self.status = status or usual

    @property
    def body(self) -> dict[str, object]:
        return {"message": str(self), "code": self.code}
