"""Names, addresses and phones of the sample town: all invented, none of a real person or place."""

from dataclasses import dataclass

from hub.business.numbers import identity_number
from hub.data.draw import Draw

SURNAMES: tuple[str, ...] = tuple("陈林黄梁李张关冯许谭莫曾刘吴罗何郑邓蔡叶苏卢钟谢司姚敖利麦区")
GIVEN_FIRST: tuple[str, ...] = tuple("家志文秀美国建小海永丽春伟晓锦思雅子俊玉")
GIVEN_SECOND: tuple[str, ...] = ("", *"明华芳强英兰辉燕军梅平玲峰婷杰娟浩敏宁欣")
TRADES: tuple[str, ...] = (
    "早餐店",
    "便利店",
    "五金店",
    "理发店",
    "茶餐厅",
    "水果店",
    "药房",
    "文具店",
    "修车铺",
    "海味行",
)

# Estate and the supply company that serves it.
ESTATES = (
    ("漠阳花园", "漠阳供电局城东供电所"),
    ("榕荫小区", "漠阳供电局城东供电所"),
    ("锦绣江南苑", "漠阳供电局城东供电所"),
    ("听潮新村", "漠阳供电局城南供电所"),
    ("碧涛雅居", "漠阳供电局城南供电所"),
    ("望帆小区", "漠阳供电局城南供电所"),
    ("映月家园", "漠阳供电局城西供电所"),
    ("白鹭湖畔", "漠阳供电局城西供电所"),
    ("荔香园", "漠阳供电局城西供电所"),
    ("云帆新苑", "漠阳供电局城北供电所"),
    ("紫荆名庭", "漠阳供电局城北供电所"),
    ("晒网渔村", "漠阳供电局城北供电所"),
)
STREETS = ("榕荫街", "晒网路", "竹影巷", "白鹭横路", "盐花街", "灯塔里")
BUILDINGS, UNITS, FLOORS, ROOMS = 20, 3, 18, 4
HOMES = len(ESTATES) * BUILDINGS * UNITS * FLOORS * ROOMS
_SCATTER = 7919  # no common factor with HOMES: neighbours in the list live apart, each address comes once

# No Chinese mobile number begins with 154.
PHONE_PREFIX = "154"
IDENTITY_REGION = "999900"


@dataclass(frozen=True, slots=True)
class Place:
    """An address and the supply company that serves it."""

    address: str
    supply_unit: str


def person(draw: Draw) -> str:
    """Draw a person's name of two or three characters."""
    return draw.pick(SURNAMES) + draw.pick(GIVEN_FIRST) + draw.pick(GIVEN_SECOND)


def business(draw: Draw) -> str:
    """Draw the name of a small shop."""
    return f"{draw.pick(SURNAMES)}记{draw.pick(TRADES)}"


def phone(draw: Draw) -> str:
    """Draw a mobile number of 11 digits from a range that no operator uses."""
    return f"{PHONE_PREFIX}{draw.between(0, 99_999_999):08d}"


def identity(draw: Draw) -> str:
    """Draw an identity number of a region that there is not."""
    born = f"{draw.between(1940, 2005)}{draw.between(1, 12):02d}{draw.between(1, 28):02d}"
    return identity_number(f"{IDENTITY_REGION}{born}{draw.between(1, 999):03d}")


def home_place(number: int) -> Place:
    """Give the flat of the town's n-th home; no two of the first HOMES are alike."""
    phase, index = divmod(number, HOMES)
    rest, estate = divmod(index * _SCATTER % HOMES, len(ESTATES))
    rest, room = divmod(rest, ROOMS)
    rest, floor = divmod(rest, FLOORS)
    building, unit = divmod(rest, UNITS)
    name, supply_unit = ESTATES[estate]
    later = f"{phase + 1}期" if phase else ""
    return Place(f"{name}{later}{building + 1}栋{unit + 1}单元{floor + 1}0{room + 1}房", supply_unit)


def shop_place(number: int) -> Place:
    """Give the address of the town's n-th shop; no two are alike."""
    house, street = divmod(number, len(STREETS))
    return Place(f"{STREETS[street]}{house + 1}号", ESTATES[street * 2][1])
