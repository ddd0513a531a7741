"""The demo district's departments by post, and what each brings to joint inspections."""

from __future__ import annotations

from typing import NamedTuple


class Organ(NamedTuple):
    """A department: code, name, short form used in posts, share of the district's inspectors."""

    code: str
    name: str
    short: str
    inspectors: int


ORGANS = (
    Organ("FGJ", "发展和改革局", "发改", 10),
    Organ("JTJ", "教育和体育局", "教体", 15),
    Organ("RSJ", "人力资源和社会保障局", "人社", 15),
    Organ("ZJJ", "住房和城乡建设局", "住建", 35),
    Organ("NYJ", "农业农村局", "农业", 20),
    Organ("SWJ", "商务局", "商务", 12),
    Organ("WLJ", "文化和旅游局", "文旅", 20),
    Organ("WJJ", "卫生健康局", "卫健", 40),
    Organ("YJJ", "应急管理局", "应急", 35),
    Organ("SCJG", "市场监督管理局", "市监", 120),
    Organ("TJJ", "统计局", "统计", 8),
    Organ("STJ", "生态环境分局", "生态", 30),
    Organ("GAJ", "公安分局", "公安", 35),
    Organ("SSJ", "税务局", "税务", 25),
    Organ("ZFJ", "综合行政执法局", "执法", 80),
)

GOVERNMENT = ("QZF", "区政府")
SHORT = {organ.code: organ.short for organ in ORGANS}
