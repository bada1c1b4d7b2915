"""How each command and control is used in earnest: by the row of `matrix.md`, with ids of things that are there.

Words in braces are ids of `scene.py`; the tests also put unknown ids there.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Use:
    """The fields of a custom_id, in order; what is picked or typed; whether its place is the member's own chat."""

    fields: Sequence[str] = ()
    picked: Sequence[str] = ()
    typed: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, str | Sequence[str]])
    options: Options = field(default_factory=dict[str, Any])
    private: bool = False


Own = partial(Use, private=True)

AT_NINE = "w7f@0900"
LONDON = "Europe/London"
DIARY = {
    "format": "spoonful-diary",
    "version": 1,
    "diary": {
        "measures": [{"key": "pain", "label": "Pain", "low": 0, "high": 10, "higher_is_worse": True}],
        "observations": [
            {
                "local_date": "2026-11-20",
                "recorded_at": "2026-11-20T08:00:00Z",
                "kind": "answered",
                "values": {"pain": 5},
            }
        ],
        "flares": [],
        "marks": [],
    },
}
GOOD_FILE = json.dumps(DIARY).encode()

ASKED, ANSWERED, PLAN = ["{open}"], ["{answered}"], ["{plan}"]
DRAFT, IN_REVIEW = ["{draft}"], ["{sent}", "{wording}"]
CLAIM = {"text": "It helps everybody.", "verdict": "false", "why": "It does not. [1]", "phrases": "helps all"}
SOURCE = {
    "doi": "10.1000/182",
    "title": "A handbook",
    "authors": "Doe J",
    "where": "The press, 2019",
    "type": ["narrative review"],
}

CONTROLS: Mapping[str, Use] = {
    # Facts
    "card:1": Use(["ketamine", "summary", "0"]),
    "open-chosen:1": Use(picked=["ketamine"]),
    "share:1": Use(["ketamine"]),
    "share-compare:1": Use(["ketamine", "melatonin"]),
    "browse:1": Use(["any", "any", "0"]),
    "ask-for:1": Use(["moon dust"]),
    "tell-me:1": Use(["moon dust"]),
    "share-claim:1": Use(["melatonin", "{claim}"]),
    "reply:1": Use(["ketamine", "{message}"]),
    # Check-ins
    "agree:2": Own([LONDON, AT_NINE, "daily"]),
    "clock:1": Own([LONDON, AT_NINE, "daily"]),
    "reads:1": Own([LONDON, AT_NINE, "daily"], typed={"reads": "10:30"}),
    "place:1": Own([AT_NINE, "daily"], picked=[LONDON]),
    "decline:1": Own(["{member}"]),
    "stop:1": Own(["{member}"]),
    "agree-again:1": Own(["{member}", "3"]),
    "not-now:1": Own(["{member}"]),
    "resume:1": Own(["{member}"]),
    "agree-reminder:1": Own([LONDON, AT_NINE], typed={"text": "Stretch"}),
    # The settings panel
    "settings:1": Own(["0"]),
    "settings-back:1": Own(PLAN),
    "settings-edit:1": Own(PLAN),
    "settings-edited:1": Own(PLAN, typed={"times": "10:00", "days": "every day"}),
    "settings-pause:1": Own(PLAN),
    "settings-until:1": Own(PLAN, picked=["3 days"]),
    "settings-own-date:1": Own(PLAN),
    "settings-date:1": Own(PLAN, typed={"until": "in 5 days"}),
    "settings-go-on:1": Own(PLAN),
    "settings-stop:1": Own(PLAN),
    "settings-stop-sure:1": Own(PLAN),
    "settings-questions:1": Own(PLAN),
    "settings-add:1": Own(PLAN),
    "settings-added:1": Own(PLAN, typed={"text": "Did I go out?", "kind": ["yes-no"]}),
    "settings-remove:1": Own(["{plan}", "{own}"]),
    "settings-flare:1": Own(),
    "settings-flare-days:1": Own(picked=["3"]),
    "settings-flare-over:1": Own(),
    "settings-more:1": Own(picked=["streaks"]),
    "settings-quiet:1": Own(),
    "settings-quiet-set:1": Own(typed={"from": "22:00", "until": "07:00"}),
    "settings-day:1": Own(),
    "settings-day-set:1": Own(typed={"begins": "05:00"}),
    "settings-safety:1": Own(),
    "settings-safety-set:1": Own(typed={"words": "Call a friend.", "score": ["8"]}),
    # Prompts
    "pain:1": Own(ASKED, picked=["6"]),
    "same:1": Own(ASKED),
    "unwell:1": Own(ASKED),
    "skip:1": Own(ASKED),
    "done:1": Own(ASKED),
    "later:1": Own(ASKED),
    "snooze:1": Own(ASKED, picked=["own"]),
    "snooze-own:1": Own(ASKED, typed={"when": "in 2 hours"}),
    "back:1": Own(ASKED),
    "more:1": Own(ANSWERED),
    "details:1": Own(ANSWERED, typed={"fatigue": ["7"]}),
    "more-questions:1": Own(ANSWERED),
    "rest:1": Own(ANSWERED, typed={"{own}": ["4"]}),
    "delete:1": Own(ANSWERED),
    "flare-over:1": Own(ASKED),
    "flare-more:1": Own(["{open}", "3"]),
    # The journal
    "trends:1": Own(["30", "pain", "dark"]),
    "week:1": Own(ASKED),
    "report:1": Own(["30"], typed={"what": ["pain", "notes"], "files": ["json"]}),
    # My data
    "my-files:1": Own(["{member}"]),
    "erase:1": Own(["{member}"]),
    "erase-sure:1": Own(["{member}"]),
    "keep:1": Own(["{member}"]),
    "delete-messages:1": Own(["{member}"]),
    # Setting up
    "setup-roles:1": Use(picked=["{role}"]),
    "setup-channel:1": Use(picked=["{channel}"]),
    "setup-country:1": Use(picked=["none"]),
    "setup-answers:1": Use(["all"]),
    "setup-approvals:1": Use(["2"]),
    "setup-features:1": Use(picked=["sharing"]),
    # Drafts
    "draft-begin:1": Use(["massage"]),
    "draft-begin-new:1": Use(["moon dust"], picked=["supplement"]),
    "draft:1": Use(DRAFT),
    "draft-open:1": Use(picked=DRAFT),
    "draft-look:1": Use([*DRAFT, "changes", "0"]),
    "draft-edit:1": Use(DRAFT, picked=["names"]),
    "draft-part:1": Use([*DRAFT, "scope"]),
    "draft-written:1": Use([*DRAFT, "scope"], typed={"scope": "Melatonin, in a few words."}),
    "draft-claim:1": Use([*DRAFT, "0"], picked=["+new"]),
    "draft-claim-written:1": Use([*DRAFT, "{claim}"], typed=CLAIM),
    "draft-claim-added:1": Use(DRAFT, typed=CLAIM),
    "draft-claim-begun:1": Use(["massage"], typed=CLAIM),
    "draft-cite:1": Use(DRAFT),
    "draft-searched:1": Use(DRAFT, typed={"words": "melatonin"}),
    "draft-cited:1": Use(DRAFT, picked=["{source}"]),
    "draft-source:1": Use(DRAFT),
    "draft-source-added:1": Use(DRAFT, typed=SOURCE),
    "draft-send:1": Use(DRAFT),
    "draft-sent:1": Use(DRAFT, typed={"why": "It reads better."}),
    "draft-merge:1": Use(DRAFT),
    "draft-throw:1": Use(DRAFT),
    "draft-throw-sure:1": Use(DRAFT),
    # Reviewing
    "review:1": Use(["{sent}"]),
    "review-chosen:1": Use(picked=["{sent}"]),
    "review-yes:1": Use(IN_REVIEW),
    "review-ask:1": Use(IN_REVIEW),
    "review-asked:1": Use(IN_REVIEW, typed={"words": "Shorter, please."}),
    "review-no:1": Use(IN_REVIEW),
    "review-rejected:1": Use(IN_REVIEW, typed={"words": "It was right before."}),
    "review-whole:1": Use([*IN_REVIEW, "0"]),
    "review-card:1": Use([*IN_REVIEW, "summary", "0"]),
    # History
    "history:1": Use(["pregabalin", "0"]),
    "history-chosen:1": Use(["pregabalin"], picked=["1"]),
    "revision:1": Use(["pregabalin", "1"]),
    "revision-text:1": Use(["pregabalin", "1", "summary", "0"]),
    "revision-diff:1": Use(["pregabalin", "0", "0"]),
    "revision-back:1": Use(["pregabalin", "0", "1"]),
    "revision-went-back:1": Use(["pregabalin", "0", "1"], typed={"words": "The first one was right."}),
    "withdraw:1": Use(["ketamine"]),
    "withdrawn:1": Use(["ketamine"], typed={"words": "It needs checking."}),
    # Reports and the queue
    "card-report:1": Use(["ketamine"]),
    "report-card:1": Use(["ketamine"], typed={"what": "A line is missing."}),
    "report-settle:1": Use(["{report}", "done"]),
    "queue:1": Use(),
    "queue-list:1": Use(["reports", "0"]),
    "queue-show:1": Use(["reports", "{report}", "0"]),
    "queue-settle:1": Use(["reports", "{report}", "dismiss"]),
}

COMMANDS: Mapping[str, Use] = {
    "/treatment": Use(options={"name": "ketamine"}),
    "/topic": Use(options={"name": "flares"}),
    "/compare": Use(options={"first": "ketamine", "second": "melatonin"}),
    "/browse": Use(),
    "/support": Use(),
    "/ask": Use(options={"question": "does ketamine help with pain"}),
    "/claim": Use(options={"said": "ketamine boosts the immune system"}),
    "/checkin start": Own(options={"at": "9:00", "place": LONDON}),
    "/checkin settings": Own(),
    "/checkin timezone": Own(options={"place": "Europe/Paris"}),
    "/checkin now": Own(),
    "/checkin history": Own(),
    "/checkin stop": Own(),
    "/checkin log": Own(options={"day": "yesterday", "answer": "5"}),
    "/checkin import": Own(options={"file": GOOD_FILE}),
    "/remind": Own(options={"text": "Stretch", "when": "in 2 hours", "place": LONDON}),
    "/treatments start": Own(options={"name": "melatonin"}),
    "/treatments stop": Own(options={"name": "wombat oil"}),
    "/treatments list": Own(),
    "/trends": Own(),
    "/report": Own(),
    "/setup": Use(),
    "/curate edit": Use(options={"card": "massage"}),
    "/curate new": Use(options={"name": "Moon dust", "kind": "supplement"}),
    "/curate claim": Use(options={"card": "massage"}),
    "/curate mine": Use(),
    "/curate history": Use(options={"card": "pregabalin"}),
    "/curate withdraw": Use(options={"card": "ketamine", "reason": "It needs checking."}),
    "/curate queue": Use(),
    "/status": Use(),
    "/mydata": Own(),
    "/help": Use(),
}

MENUS: Mapping[str, Use] = {"Fact-check this": Use(), "Report a problem": Use()}


def filled(use: Use, ids: Mapping[str, str]) -> Use:
    """With these ids in place of the words in braces; words that are not among them stay."""

    def put(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], found[0]), text)

    typed = {put(name): value for name, value in use.typed.items()}
    return replace(use, fields=list(map(put, use.fields)), picked=list(map(put, use.picked)), typed=typed)
