"""How much of a folder of documents its own arithmetic proves, and identities drawn by lot for an accountant to read.

    python benchmarks/identities.py FOLDER [--file document.html] [--docs ID ...] [--draw 200 --seed N]
        [--unproved KIND] [--scramble N]

FOLDER holds ``<id>/document.html`` (``document.pdf``, … with ``--file``). Printed: the share of figures proved (status
``proved``, grade exact or rounding), per kind of table and per document; what footing and repair cost beside reading;
with ``--draw`` so many of the accepted identities with labels, places, residual and evidence, ``x`` in front where one
is broken; with ``--unproved`` the figures of currency that are not proved in tables of a kind; with ``--scramble N``
how many identities are accepted when all digits are drawn by lot, N times over: each of them is a coincidence.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from extractors.figures import Body, ReadFigure, read_figures  # noqa: E402 (the path above makes extractors importable)
from extractors.footing import find_identities  # noqa: E402
from extractors.meaning import Meaning, find_meaning  # noqa: E402
from extractors.numbers import read_number  # noqa: E402
from extractors.page import DEFAULT, Origin  # noqa: E402
from extractors.repair import Outcome, repair_figures  # noqa: E402
from extractors.routes import read_document  # noqa: E402
from extractors.sniff import sniff  # noqa: E402
from extractors.source import Source  # noqa: E402
from extractors.tables import Table, find_tables  # noqa: E402
from schemas.identities import Addend, Identity, Printed, evaluate  # noqa: E402

STATEMENTS = ("balance_sheet", "income_statement", "cash_flow")
UNITS_OF_COUNT = ("percent", "shares", "pure")


@dataclass(frozen=True, slots=True)
class Proof:
    """A document read and proved, with the seconds that reading and that footing and repair took."""

    name: str
    tables: Sequence[Table]
    bodies: Sequence[Body]
    meaning: Meaning
    identities: Sequence[Identity]
    outcome: Outcome
    reading: float
    proving: float

    def units(self) -> Iterator[tuple[str, str, ReadFigure]]:
        """Each figure with the kind of its table and its unit."""
        for body, means in zip(self.bodies, self.meaning.tables, strict=True):
            for figure in body.figures:
                yield means.kind, "percent" if figure.number.percent else means.rows[figure.row].unit, figure

    def proved(self, figure: ReadFigure) -> bool:
        """True where a check vouches for it."""
        return self.outcome.figures[figure.id].status == "proved"


def read_proof(path: Path) -> Proof:
    """Read and prove one document, as ``convert`` does."""
    data = path.read_bytes()
    begun = time.process_time()
    layout = find_tables(read_document(Source(data), sniff(data), DEFAULT))
    bodies = read_figures(layout.tables)
    meaning = find_meaning(layout, bodies, Origin())
    read = time.process_time()
    identities = find_identities(layout.tables, bodies, meaning)
    outcome = repair_figures(bodies, meaning, identities)
    proved = time.process_time()
    name = path.parent.name
    return Proof(name, layout.tables, bodies, meaning, identities, outcome, read - begun, proved - read)


def currency(unit: str) -> bool:
    """True for amounts of money, per-share figures not among them."""
    return unit not in UNITS_OF_COUNT and not unit.endswith("/shares")


def shares(proofs: Sequence[Proof]) -> Iterator[str]:
    """Lines of the tables of shares."""
    seen: Counter[tuple[str, str, bool]] = Counter()
    for proof in proofs:
        for kind, unit, figure in proof.units():
            groups = ["all figures", f"document {proof.name}", f"kind {kind}"]
            if currency(unit):
                groups.append(f"currency of {kind}")
                groups += ["currency of the three statements"] if kind in STATEMENTS else []
            for group in groups:
                seen[group, "proved", proof.proved(figure)] += 1
            if kind in STATEMENTS:
                seen[f"statements of {proof.name}", "proved", proof.proved(figure)] += currency(unit)
    for group in sorted({key[0] for key in seen}):
        held, left = seen[group, "proved", True], seen[group, "proved", False]
        yield f"{100 * held / max(1, held + left):6.1f} %  {held:5} of {held + left:5}  {group}"


def describe(proof: Proof, identity: Identity) -> Iterator[str]:
    """An identity as an accountant reads it, line by line."""
    labels = {f.id: (proof.tables[n].rows[f.row].label, f) for n, b in enumerate(proof.bodies) for f in b.figures}
    figures = {f.id: Printed(f.number.value, f.number.decimals, f.number.nil) for _, f in labels.values()}
    kinds = {body.id: means.kind for body, means in zip(proof.bodies, proof.meaning.tables, strict=True)}
    state = evaluate(identity, figures)
    heads = {b.id: proof.tables[n].heads for n, b in enumerate(proof.bodies)}

    def line(sign: str, member: str) -> str:
        label, figure = labels[member]
        table = member.partition(".")[0]
        head = " / ".join(heads[table][figure.column])
        return f"    {sign:>2} {figure.raw:>16}  {member:<12} {label[:70]}  [{head[-40:]}]"

    table = identity.total.partition(".")[0]
    flag = "x " if state.verdict == "broken" else ""
    yield (
        f"{flag}{proof.name} {table} ({kinds[table]}) {identity.kind}, {state.verdict}, residual {state.residual}, "
        f"evidence {identity.evidence:.1f} nats, by chance {identity.coincidence:.0e}"
    )
    for term in identity.terms:
        yield line(sign_of(term), term.figure)
    if identity.divisor:
        yield line("/", identity.divisor) + f"  x {identity.factor}"
    yield line("=", identity.total)


def sign_of(term: Addend) -> str:
    """The sign of a term; its weight where that is no sign."""
    return {1: "+", -1: "-"}.get(int(term.weight), str(term.weight))


def unproved(proofs: Sequence[Proof], kind: str) -> Iterator[str]:
    """Rows of currency figures that are not proved, in tables of a kind."""
    for proof in proofs:
        for body, means, table in zip(proof.bodies, proof.meaning.tables, proof.tables, strict=True):
            if means.kind != kind:
                continue
            rows: dict[int, list[str]] = {}
            for figure in body.figures:
                unit = "percent" if figure.number.percent else means.rows[figure.row].unit
                if currency(unit) and not proof.proved(figure):
                    rows.setdefault(figure.row, []).append(f"c{figure.column} {figure.raw}")
            for row, cells in rows.items():
                yield f"{proof.name} {body.id}.r{row} {table.rows[row].label[:60]}: {'; '.join(cells[:8])}"


def scrambled(body: Body, rng: Random) -> Body:
    """The same table with digits drawn by lot; signs, marks and lengths stay."""
    figures = []
    for figure in body.figures:
        raw = re.sub(r"[1-9]", lambda _: rng.choice("123456789"), figure.raw)
        raw = re.sub(r"(?<=\d)0", lambda _: rng.choice("0123456789"), raw)
        number = read_number(raw, body.style)
        figures.append(figure if number is None else replace(figure, raw=raw, number=number))
    return replace(body, figures=tuple(figures))


def coincidences(proofs: Sequence[Proof], times: int, seed: int) -> str:
    """How many identities scrambled documents are found to have."""
    rng, figures, found = Random(seed), 0, 0
    for _ in range(times):
        for proof in proofs:
            bodies = [scrambled(body, rng) for body in proof.bodies]
            figures += sum(len(body.figures) for body in bodies)
            found += len(find_identities(proof.tables, bodies, proof.meaning))
    return f"scrambled: {found} identities among {figures} figures, seed {seed}"


def main() -> int:
    """Print the shares, the times and what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--file", default="document.html")
    parser.add_argument("--docs", nargs="*")
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unproved")
    parser.add_argument("--scramble", type=int, default=0)
    options = parser.parse_args()
    paths = [
        p for p in sorted(options.folder.glob(f"*/{options.file}")) if not options.docs or p.parent.name in options.docs
    ]
    proofs = [read_proof(path) for path in paths]
    print("\n".join(shares(proofs)))
    cost = [proof.proving / proof.reading for proof in proofs]
    spent = median(proof.proving for proof in proofs)
    times = f"{spent:.3f} s a document, {median(cost):.2f} x reading (median), {max(cost):.2f} x at most"
    print(f"\nfooting and repair: {times}")
    found = [(proof, identity) for proof in proofs for identity in proof.identities]
    print(f"{len(found)} identities: {dict(Counter(identity.kind for _, identity in found))}")
    if options.scramble:
        print(coincidences(proofs, options.scramble, options.seed))
    if options.unproved:
        print("\n".join(unproved(proofs, options.unproved)))
    if options.draw:
        drawn = Random(options.seed).sample(found, min(options.draw, len(found)))
        print(f"\n{len(drawn)} of them, seed {options.seed}")
        for number, (proof, identity) in enumerate(drawn, 1):
            print(f"\n{number}. " + "\n".join(describe(proof, identity)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
