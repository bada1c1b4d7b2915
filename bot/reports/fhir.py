"""A diary as a FHIR bundle that a clinic's software can read.

fhir.resources 8 has models of FHIR R5, R4B (4.3.0) and STU3, none of R4 (4.0.1). Bundles are checked against R4B; the
four resources used here, and every element set on them, are the same in R4.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from fhir.resources.R4B.bundle import Bundle

from bot.domain.checkins import EntryKind
from bot.domain.trends import Diary, Measure, Observation
from bot.reports.words import without_controls

Json = dict[str, Any]

LOCAL_CODES = "urn:spoonful:measure"
PAIN_LOINC: Json = {
    "system": "http://loinc.org",
    "code": "72514-3",
    "display": "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
}
"""The one measure whose LOINC code is certain: https://loinc.org/72514-3. All others carry a code of ours only."""

SURVEY: Json = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]}


def fhir_bundle(diary: Diary) -> bytes:
    """JSON of a `collection`: an anonymous Patient, one QuestionnaireResponse a check-in, one Observation a score.

    Raises pydantic's ValidationError if the library refuses what we wrote: a mistake of ours.
    """
    # Ids come from the content: the same diary gives the same file, and two members never share a patient.
    patient = uuid5(NAMESPACE_URL, f"urn:spoonful:{diary!r}")
    entries = [_entry(patient, {"resourceType": "Patient"}), *_check_ins(diary, patient)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return Bundle.model_validate(bundle).model_dump_json(exclude_none=True).encode()


def _entry(identity: UUID, resource: Json) -> Json:
    return {"fullUrl": identity.urn, "resource": resource}


def _reference(identity: UUID) -> Json:
    return {"reference": identity.urn}


def _check_ins(diary: Diary, patient: UUID) -> Iterator[Json]:
    for number, observation in enumerate(diary.observations):
        response = uuid5(patient, str(number))
        asked = [measure for measure in diary.measures if measure.key in observation.values]
        yield _entry(response, _response(observation, asked, patient))
        for measure in asked:
            yield _entry(uuid5(response, measure.key), _score(observation, measure, patient, response))


def _response(observation: Observation, asked: Sequence[Measure], patient: UUID) -> Json:
    items = [_item(each.key, each.label, valueDecimal=observation.values[each.key]) for each in asked]
    if observation.kind is EntryKind.UNWELL:
        items.append(_item("unwell", "Too unwell to answer", valueBoolean=True))
    if note := _text(observation.note):
        items.append(_item("note", "Note", valueString=note))
    response: Json = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": _reference(patient),
        "authored": _instant(observation),
        "source": _reference(patient),
    }
    return response | ({"item": items} if items else {})


def _item(key: str, text: str, **answer: float | str) -> Json:
    return {"linkId": key, "text": _text(text) or key, "answer": [answer]}


def _text(text: str | None) -> str:
    return without_controls(text or "").strip()


def _score(observation: Observation, measure: Measure, patient: UUID, response: UUID) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [SURVEY],
        "code": _code(measure),
        "subject": _reference(patient),
        "effectiveDateTime": observation.local_date.isoformat(),
        "issued": _instant(observation),
        "performer": [_reference(patient)],
        "valueQuantity": _quantity(observation.values[measure.key], measure),
        "derivedFrom": [_reference(response)],
    }


def _code(measure: Measure) -> Json:
    label = _text(measure.label) or measure.key
    ours = {"system": LOCAL_CODES, "code": measure.key, "display": label}
    is_pain = measure.key == "pain" and (measure.low, measure.high) == (0, 10)
    return {"coding": [PAIN_LOINC, ours] if is_pain else [ours], "text": label}


def _quantity(value: float, measure: Measure) -> Json:
    if unit := _text(measure.unit):
        return {"value": value, "unit": unit}
    return {"value": value, "unit": "score", "system": "http://unitsofmeasure.org", "code": "{score}"}


def _instant(observation: Observation) -> str:
    return observation.recorded_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
