"""Every table of the inspection domain, for whoever needs the whole schema: migrations, scratch databases, tests."""

from __future__ import annotations

import engine.inspection.archive_models
import engine.inspection.conference_models
import engine.inspection.credit_models
import engine.inspection.document_models
import engine.inspection.enforcement_models
import engine.inspection.held_models
import engine.inspection.item_models
import engine.inspection.joint_models
import engine.inspection.lead_models
import engine.inspection.models
import engine.inspection.object_models
import engine.inspection.oversight_models
import engine.inspection.plan_models
import engine.inspection.publication_models
import engine.inspection.rectification_models
import engine.inspection.registry_models
import engine.inspection.sample_models
import engine.inspection.service_models
import engine.inspection.visit_models  # noqa: F401 - registers the tables

__all__: list[str] = []
