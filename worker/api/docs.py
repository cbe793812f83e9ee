"""A page about the API that needs nobody else's server: made of the OpenAPI document."""

from __future__ import annotations

import html
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter()

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h2{margin:2.5rem 0 .5rem;font-size:1.05rem;font-family:ui-monospace,monospace}"
    "b{display:inline-block;min-width:4.5rem}table{border-collapse:collapse;width:100%}"
    "td{border-top:1px solid #ccc;padding:.3rem .6rem .3rem 0;vertical-align:top}code{font-size:.9em}"
)


@router.get("/docs", include_in_schema=False)
async def show_docs(request: Request) -> HTMLResponse:
    """Every operation, its parameters and its answers."""
    document = request.app.openapi()
    operations = [
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    intro = "".join(f"<p>{html.escape(text)}</p>" for text in document["info"]["description"].split("\n\n"))
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Crossfoot API</title><style>{STYLE}</style>"
        f"<h1>Crossfoot {html.escape(document['info']['version'])}</h1>{intro}"
        f"<p><a href=/openapi.json>openapi.json</a></p>{''.join(operations)}</html>"
    )
    return HTMLResponse(page)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    """One operation."""
    lines = [
        (f"{p['name']} ({p['in']})", p.get("description", p["schema"].get("description", "")))
        for p in operation.get("parameters", [])
    ]
    lines += [(status, answer["description"]) for status, answer in operation["responses"].items()]
    cells = "".join(f"<tr><td><code>{html.escape(name)}</code><td>{html.escape(said)}" for name, said in lines)
    about = html.escape(operation.get("description", ""))
    return f"<h2><b>{method.upper()}</b> {html.escape(path)}</h2><p>{about}</p><table>{cells}</table>"
