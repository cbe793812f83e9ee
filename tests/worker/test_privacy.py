"""What lies in a home is its owner's, whoever else may enter it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from worker.database import Database
from worker.settings import Settings


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o600), (0o666, 0o660), (0o660, 0o660)])
def test_nobody_else_reads_the_rows(tmp_path: Path, before: int | None, after: int) -> None:
    """Passwords lie in them: in a home that others may enter too, the file and those beside it are the owner's."""
    settings = replace(Settings(), home=tmp_path)
    tmp_path.chmod(0o755)
    if before is not None:
        Database.open(settings).close()
        settings.database.chmod(before)
    with Database.open(settings) as opened:
        opened.execute("UPDATE jobs SET password = 'x'")
        files = list(tmp_path.glob("jobs.sqlite*"))
        assert len(files) == 3
        assert {path.stat().st_mode & 0o777 for path in files} == {after}
