"""Object types (检查对象类型) as the object registry names them."""

from __future__ import annotations

OBJECT_KINDS = ("企业", "个体工商户", "农民专业合作社", "事业单位", "社会团体", "民办非企业单位")
