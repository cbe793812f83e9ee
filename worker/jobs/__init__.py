"""Job rows: the truth about every document.

- ``leases``: how a job lives: claimed, renewed, ended, given back. ``jobs``: as people see and move it.
- ``deliveries``, ``names``: under which names a document came, and where its result goes.
- ``events``: who is told of it. ``totals``: counters that only grow. ``retention``: what goes when.
- ``redo``: again by a later engine. ``reviews``, ``corrections``: what people say of a result.
"""
