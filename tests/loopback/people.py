"""Who is on this Discord and where: the bot, persons, their DM channels with it, and one server."""

from tests.loopback.calls import Payload
from tests.loopback.ids import Ids

TEXT, DM = 0, 1
IN_SERVER, IN_BOT_DM = 0, 1
PERMISSIONS = "562949953421311"
"""All of them."""


class People:
    """Persons have the ids that tests give them; everything else gets one here.

    `permissions`, `bot_roles`, `overwrites` and `application_changes` are what the bot is told of itself.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.bot = _user(ids.new(), "spoonful") | {"bot": True}
        self.application_id = ids.new()
        self.guild_id = ids.new()
        self.text_channel_id = ids.new()
        self.permissions = PERMISSIONS
        self.bot_roles: list[str] = []
        self.overwrites: list[Payload] = []
        self.application_changes: Payload = {}
        self._owner = _user(ids.new(), "owner")
        self._recipients: dict[str, str] = {}

    def dm_with(self, user_id: str) -> str:
        """The id of a person's DM channel with the bot: always the same."""
        for channel_id, recipient in self._recipients.items():
            if recipient == user_id:
                return channel_id
        channel_id = self._ids.new()
        self._recipients[channel_id] = user_id
        return channel_id

    def channel(self, channel_id: str) -> Payload:
        if channel_id == self.text_channel_id:
            return {
                "id": channel_id,
                "type": TEXT,
                "guild_id": self.guild_id,
                "name": "general",
                "position": 0,
                "permission_overwrites": self.overwrites,
                "topic": None,
                "nsfw": False,
                "parent_id": None,
                "last_message_id": None,
            }
        person = _person(self._recipients[channel_id])
        return {"id": channel_id, "type": DM, "last_message_id": None, "recipients": [person]}

    def application(self) -> Payload:
        return {
            "id": self.application_id,
            "name": "spoonful",
            "description": "",
            "icon": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "",
            "flags": 0,
            "team": None,
            "owner": self._owner,
            "integration_types_config": {"0": {}, "1": {}},
            **self.application_changes,
        }

    def guild(self) -> Payload:
        """The server as GUILD_CREATE shows it."""
        everyone = {"id": self.guild_id, "name": "@everyone", "color": 0, "hoist": False, "position": 0}
        everyone |= {"permissions": PERMISSIONS, "managed": False, "mentionable": False}
        return {
            "id": self.guild_id,
            "name": "A community",
            "owner_id": self._owner["id"],
            "unavailable": False,
            "large": False,
            "member_count": 2,
            "roles": [everyone],
            "channels": [self.channel(self.text_channel_id)],
            "members": [self.member(self.bot)],
            "threads": [],
            "emojis": [],
            "stickers": [],
            "features": [],
            "presences": [],
            "voice_states": [],
            "preferred_locale": "en-GB",
        }

    def member(self, user: Payload) -> Payload:
        return {
            "user": user,
            "roles": [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "nick": None,
            "avatar": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def scene(self, channel_id: str, by: int | None) -> Payload:
        """The parts of an interaction that say who did it and where. In a DM nobody else could.

        Raises:
            ValueError: nobody is named in a server, or somebody else in a DM.
        """
        shared: Payload = {
            "channel_id": channel_id,
            "channel": self.channel(channel_id),
            "app_permissions": PERMISSIONS,
        }
        if channel_id != self.text_channel_id:
            recipient = self._recipients[channel_id]
            if str(by or recipient) != recipient:
                raise ValueError("a DM channel belongs to one person")
            return shared | {
                "context": IN_BOT_DM,
                "user": _person(recipient),
                "authorizing_integration_owners": {"1": recipient},
            }
        if by is None:
            raise ValueError("in a server, say by whom")
        return shared | {
            "context": IN_SERVER,
            "guild_id": self.guild_id,
            "guild": {"id": self.guild_id, "locale": "en-GB", "features": []},
            "guild_locale": "en-GB",
            "member": self.member(_person(str(by))) | {"permissions": PERMISSIONS},
            "authorizing_integration_owners": {"0": self.guild_id},
        }


def _person(user_id: str) -> Payload:
    return _user(user_id, f"person-{user_id}")


def _user(user_id: str, name: str) -> Payload:
    return {"id": user_id, "username": name, "discriminator": "0", "avatar": None, "global_name": None}
