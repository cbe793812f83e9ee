"""One job in a worker, from its claim to its commit.

- ``tasks``: what Celery calls. ``conversion``: fetch, convert, commit, or give back.
- ``sandbox``, ``zygote``: one child for each document, forked by a small warm process.
- ``blame``: whether a failure is the document's or the machine's.
"""
