"""Everything about a person that is not in their diary, as JSON for people to read and programs to take over."""

import json
from collections import defaultdict
from typing import Any

from bot.domain.plans import Plan
from bot.domain.rights import Account

FORMAT = "spoonful-account"
VERSION = 1


def account_export(account: Account) -> bytes:
    """UTF-8 JSON: what was sealed in plain words, then every row by the name of its table."""
    records: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for record in account.records:
        records[record.holding].append(dict(record.fields))
    content = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": account.made_at.isoformat(),
        "preferences": account.preferences.model_dump(mode="json"),
        "plans": [_plan(plan) for plan in account.plans],
        "stored_rows": records,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _plan(plan: Plan) -> dict[str, Any]:
    return {"id": plan.id, "when": plan.schedule.describe(), **plan.purpose.model_dump(mode="json")}
