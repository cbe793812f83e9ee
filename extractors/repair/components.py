"""Broken checks in groups that have nothing to do with one another."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.repair.board import Board


def components(board: Board, broken: Sequence[int]) -> list[list[int]]:
    """The broken identities in groups that share a doubted figure, or whose doubted figures an identity bridges."""
    parent = {number: number for number in broken}

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    doubted_in: dict[str, list[int]] = {}
    for number in broken:
        for member in board.doubted(number):
            doubted_in.setdefault(member, []).append(number)
    for numbers in doubted_in.values():
        for number in numbers[1:]:
            parent[root(number)] = root(numbers[0])
    for number in sorted({n for member in doubted_in for n in board.touching[member]}):
        linked = [doubted_in[m][0] for m in board.identities[number].members() if m in doubted_in]
        for other in linked[1:]:
            parent[root(other)] = root(linked[0])
    groups: dict[int, list[int]] = {}
    for number in broken:
        groups.setdefault(root(number), []).append(number)
    return sorted(sorted(group) for group in groups.values())
