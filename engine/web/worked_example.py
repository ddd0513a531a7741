"""The example of the page that explains the draw: the protocol's published test vector, really computed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.inspection import draw

DRAW_ID = "CN-350200-SCJG-2026-0007"
ENTROPY = "KL8:2026198:03.05.11.17.19.22.28.30.34.41.44.47.52.55.60.61.66.70.73.79"
#: The first is the vector's own; the others only keep it company.
CANDIDATES = ("91350200MA0000001X", "91350200MA00000021", "91350200MA00000033", "91350200MA00000045")
DRAWN = 2
#: Stratum → (objects, parts per million): neither share is a whole number of objects.
STRATA = {"S1": (130, 50_000), "S2": (45, 300_000)}


@dataclass(frozen=True)
class Lot:
    """One object's lot: the text that is hashed, the ticket, whether it is among the smallest."""

    object_id: str
    text: str
    ticket: str
    drawn: bool


@dataclass(frozen=True)
class Quota:
    """One stratum of the example of quotas; ``before`` and ``after`` are the running totals of N·ppm."""

    name: str
    size: int
    share: str
    before: int
    after: int
    low: int
    high: int

    @property
    def quota(self) -> int:
        return self.high - self.low


@dataclass(frozen=True)
class Example:
    """A draw of :data:`DRAWN` out of four, in the order of the tickets."""

    draw_id: str
    entropy: str
    seed_text: str
    seed: str
    seed_sm3: str
    lots: list[Lot]
    command: str
    #: The same with the downloaded program, in the folder where it lies.
    python: str
    nonce: str
    part: str
    logged: str
    #: U of the systematic rounding, and the strata it is applied to.
    start: int
    strata: list[Quota]


def compute() -> Example:
    """Computed anew for every page: if the code changed, the page would show it."""
    seed = draw.seed_of("sha256", DRAW_ID, ENTROPY)
    tickets = sorted((draw.ticket_of("sha256", seed, c), c) for c in CANDIDATES)
    nonce, part = "5f8a2c", "骰子 3 6 1"
    return Example(
        draw_id=DRAW_ID,
        entropy=ENTROPY,
        seed_text=f"{draw.SPEC}|{DRAW_ID}|{ENTROPY}",
        seed=seed,
        seed_sm3=draw.seed_of("sm3", DRAW_ID, ENTROPY),
        lots=[Lot(c, f"{seed}|O|{c}|", ticket, place < DRAWN) for place, (ticket, c) in enumerate(tickets)],
        command=f"printf '%s' '{draw.SPEC}|{DRAW_ID}|{ENTROPY}' | sha256sum",
        python=(
            f"python3 -c \"import draw; seed = draw.seed_of('sha256', '{DRAW_ID}', '{ENTROPY}'); "
            f"print(seed, draw.ticket_of('sha256', seed, '{CANDIDATES[0]}'))\""
        ),
        nonce=nonce,
        part=part,
        logged=draw.witness_commitment(nonce, part),
        start=_start(seed),
        strata=_quotas(_start(seed)),
    )


def _start(seed: str) -> int:
    return int(draw.digest_hex("sha256", f"{seed}|Q|")[:32], 16) * draw.MILLION >> 128


def _quotas(start: int) -> list[Quota]:
    found, total = [], 0
    for name, (size, ppm) in STRATA.items():
        before, total = total, total + size * ppm
        low, high = (before + start) // draw.MILLION, (total + start) // draw.MILLION
        found.append(Quota(name, size, f"{ppm // 10_000}%", before, total, low, high))
    return found
