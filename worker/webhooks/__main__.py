"""``python -m worker.webhooks``: what ``crossfoot up`` starts."""

from __future__ import annotations

from worker.settings import load
from worker.webhooks.dispatch import serve

serve(load())
