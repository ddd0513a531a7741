"""What a 教育记录 says: the record kept, before that the form (or its draft) it is being entered in."""

from __future__ import annotations

from typing import Any

from engine.inspection import education, exemptions
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact


@fact("education", "on way content person exemption signature")
def education_of(case: DocumentCase) -> dict[str, Any] | None:
    """The education given in the case; None when there is none yet."""
    kept = education.of_case(case.session, case.district_id, case.instance.business_key)
    if kept is not None:
        found = {
            "on": kept.educated_on, "way": kept.way, "content": kept.content, "person": kept.person,
            "signature": kept.signature or None, "code": kept.exemption,
        }  # fmt: skip
    else:
        given = [one for every in case.submissions.values() for one in every if one.get("education_on")]
        if not given:
            return None
        names = ("on", "way", "content", "person", "signature")
        found = {name: given[-1].get(f"education_{name}") for name in names} | {"code": given[-1].get("exemption")}
    code = found.pop("code")
    row = next((r for r in exemptions.listed(case.settings, case.today) if r["code"] == code), None)
    return {**found, "exemption": f"{row['code']} {row['violation']}" if row else None}
