"""Converting on this machine without a service: no Redis, no database, no network.

- ``inputs``: what the command line names becomes documents, opened safely.
- ``naming``: which file the result of a document goes to.
- ``warm``: imports done once, before children are forked.
- ``conversion``: what the child process does with one document.
- ``children``: child processes started, watched, ended.
- ``run``: documents through children, containers into their parts.
- ``output``: results, errors and indexes on disk, written whole or not at all.
- ``session``: all of it in order.
"""
