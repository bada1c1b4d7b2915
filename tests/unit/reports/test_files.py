"""CSV, JSON and FHIR: nothing lost, nothing that runs, and kind words for files that are not ours."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given, settings

from bot.domain.trends import Diary, Mark, Measure
from bot.errors import UserError
from bot.reports.csv_export import DANGEROUS, csv_export, inert
from bot.reports.fhir import fhir_bundle
from bot.reports.json_export import BIGGEST_FILE, json_export, json_import
from tests.unit.reports.examples import AWKWARD, DIARIES, EMPTY, LAST, MONTH, MOOD, PAIN, entry


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_has_a_row_for_everything() -> None:
    found = rows(csv_export(MONTH))
    assert [row["row"] for row in found] == ["check-in"] * 28 + ["flare"] * 2 + ["treatment"] * 2
    assert found[0]["Pain (0 to 10)"] == "3"
    assert found[4]["kind"] == "unwell"
    assert found[4]["Pain (0 to 10)"] == ""
    assert (found[30]["name"], found[30]["date"], found[30]["until"]) == (
        "Low-dose naltrexone",
        "2026-11-02",
        "2026-11-19",
    )
    assert csv_export(EMPTY).count(b"\r\n") == 1


def test_csv_says_what_the_numbers_of_answers_mean() -> None:
    walked = Measure("pain", "Walked", 0, 1, None, words=((0, "no"), (1, "yes")))
    assert rows(csv_export(Diary((walked,), (entry(0, 1),))))[0]["Walked (0 = no, 1 = yes)"] == "1"


def test_json_keeps_what_answers_are_called() -> None:
    assert json_import(json_export(Diary((MOOD,)))) == Diary((MOOD,))


def test_json_of_an_earlier_version_still_reads() -> None:
    old = json.loads(json_export(MONTH))
    for measure in old["diary"]["measures"]:
        del measure["words"]
    assert json_import(json.dumps(old).encode()) == MONTH


@settings(deadline=None)
@given(DIARIES)
def test_csv_reads_back_and_no_cell_is_a_formula(diary: Diary) -> None:
    found = rows(csv_export(diary))
    notes = [row["note"] for row in found if row["row"] == "check-in"]
    assert notes == [inert(each.note) for each in diary.observations]
    for row in found:
        assert not any(cell.lstrip(" ").startswith(DANGEROUS) for cell in row.values())
        assert not any(name.lstrip(" ").startswith(DANGEROUS) for name in row)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "  ="])
def test_what_a_spreadsheet_would_run_is_marked_as_text(start: str) -> None:
    assert inert(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


@settings(deadline=None)
@given(DIARIES)
def test_json_reads_back_what_it_wrote(diary: Diary) -> None:
    assert json_import(json_export(diary)) == diary


def test_a_member_can_always_take_away_what_is_theirs() -> None:
    outside = Diary((PAIN,), (entry(0, 11),))
    assert b'"pain": 11.0' in json_export(outside)
    assert rows(csv_export(outside))[0]["Pain (0 to 10)"] == "11"


def changed(**changes: Any) -> bytes:
    content = json.loads(json_export(MONTH))
    for place, value in changes.items():
        content["diary"][place][0].update(value)
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a file that Spoonful made"),
        (b"\xff\xfe\x00", "not a file that Spoonful made"),
        (b"[" * 100_000, "not a file that Spoonful made"),
        (b'{"format": "other", "version": 1}', "not a file that Spoonful made"),
        (b'{"format": "spoonful-diary", "version": 2, "diary": {}}', "different version"),
        (b'{"format": "spoonful-diary", "version": 1}', "diary: field required"),
        (b" " * (BIGGEST_FILE + 1), "larger than 16 MB"),
        (changed(observations={"values": {"pain": 11}}), "outside 0 to 10"),
        (changed(observations={"values": {"pain": "x"}}), "observations, number 1, values, pain: input should be"),
        (changed(observations={"values": {"else": 1}}), 'answers "else", which is not among the measures'),
        (changed(observations={"recorded_at": "2026-11-22T09:00:00"}), "timezone"),
        (changed(observations={"note": "x" * 4001}), "at most 4000 characters"),
        (changed(observations={"extra": 1}), "extra: extra inputs are not permitted"),
        (changed(measures={"low": 10}), "lowest value is not below its highest"),
        (changed(measures={"key": "walk"}), "two measures have the same key"),
        (changed(flares={"last": "2020-01-01"}), "flares, number 1: it ends before it begins"),
        (changed(marks={"stopped": "2020-01-01"}), "marks, number 1: it ends before it begins"),
        (json_export(MONTH).replace(b"3.0", b"NaN", 1), "values, pain"),
    ],
)
def test_what_is_not_ours_is_refused_kindly(content: bytes, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        json_import(content)
    assert str(caught.value).endswith(".")


def resources(diary: Diary) -> list[dict[str, Any]]:
    content = fhir_bundle(diary)
    assert Bundle.model_validate_json(content).type == "collection"
    return [each["resource"] for each in json.loads(content)["entry"]]


def test_fhir_has_a_response_for_each_check_in_and_an_observation_for_each_score() -> None:
    found = resources(MONTH)
    kinds = [each["resourceType"] for each in found]
    assert [kinds.count(kind) for kind in ("Patient", "QuestionnaireResponse", "Observation")] == [1, 28, 27]
    assert found[0] == {"resourceType": "Patient"}
    score = found[2]
    assert [each["code"] for each in score["code"]["coding"]] == ["72514-3", "pain"]
    assert (score["valueQuantity"]["value"], score["effectiveDateTime"]) == (3, "2026-11-22")


def test_fhir_keeps_what_is_no_score_and_claims_no_code_it_is_not_sure_of() -> None:
    unwell = resources(Diary((PAIN,), (entry(0, None, AWKWARD),)))[1]
    assert unwell["item"][0] == {
        "linkId": "unwell",
        "text": "Too unwell to answer",
        "answer": [{"valueBoolean": True}],
    }
    assert unwell["item"][1]["answer"][0]["valueString"].startswith("=1+1 *b*")
    walk = resources(Diary((MONTH.measures[1],), (entry(0, 3),)))
    assert len(walk) == 2
    wider = PAIN.__class__("pain", "Pain", 0, 100, higher_is_worse=True)
    code = resources(Diary((wider,), (entry(0, 3.1),)))[2]
    assert [each["system"] for each in code["code"]["coding"]] == ["urn:spoonful:measure"]
    assert code["valueQuantity"]["value"] == 3.1


def test_two_members_never_share_a_patient() -> None:
    diaries = [Diary((PAIN,)), Diary((PAIN,), marks=(Mark("x", LAST),))]
    identities = [json.loads(fhir_bundle(diary))["entry"][0]["fullUrl"] for diary in diaries]
    assert identities[0] != identities[1]
    assert fhir_bundle(MONTH) == fhir_bundle(MONTH)


@settings(deadline=None, max_examples=40)
@given(DIARIES)
def test_any_diary_is_valid_fhir(diary: Diary) -> None:
    assert len(resources(diary)) == 1 + sum(1 + len(each.values) for each in diary.observations)
