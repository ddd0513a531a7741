"""The 15 sub-districts (街道) of Tianqiao district (天桥区, 370105) with roads and rough centres.

Codes and names are the statistical division codes of China's National Bureau of Statistics.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A sub-district: 9-digit code, name, share of the district's objects, roads, centre in degrees."""

    code: str
    name: str
    weight: int
    roads: tuple[str, ...]
    longitude: float
    latitude: float


DISTRICT = "370105"

PLACES = (
    Place("370105001", "无影山街道", 9, ("无影山中路", "无影山北路", "师范路"), 116.975, 36.690),
    Place("370105003", "天桥东街街道", 5, ("天桥东街", "明湖西路", "顺河西街"), 117.005, 36.675),
    Place("370105004", "北村街道", 5, ("北园大街", "济洛路西街", "西工商河路"), 116.985, 36.690),
    Place("370105005", "南村街道", 5, ("济泺路", "南村街", "堤口东路"), 116.985, 36.680),
    Place("370105006", "堤口路街道", 8, ("堤口路", "张庄路", "匡山路"), 116.955, 36.685),
    Place("370105007", "北坦街道", 6, ("明湖北路", "北坦大街", "少年路"), 117.010, 36.683),
    Place("370105009", "制锦市街道", 4, ("制锦市街", "铜元局后街", "共青团北路"), 117.005, 36.672),
    Place("370105010", "宝华街道", 4, ("宝华街", "北关北路", "万盛街"), 117.020, 36.685),
    Place("370105011", "官扎营街道", 5, ("官扎营后街", "车站北街", "东工商河路"), 116.992, 36.682),
    Place("370105012", "纬北路街道", 5, ("纬北路", "纬一路北段", "经一路"), 116.978, 36.672),
    Place("370105013", "药山街道", 10, ("药山西路", "二环西路北段", "蓝翔路"), 116.945, 36.715),
    Place("370105014", "北园街道", 11, ("北园大街东段", "历山北路", "水屯北路"), 117.020, 36.700),
    Place("370105015", "泺口街道", 12, ("泺安路", "济泺路北段", "二环北路"), 116.985, 36.725),
    Place("370105016", "桑梓店街道", 5, ("桑梓大道", "梓东大道", "站前路"), 116.900, 36.790),
    Place("370105017", "大桥街道", 6, ("大桥路", "黄河大道", "鹊华路"), 117.020, 36.795),
)
