"""Converting on this machine without a service: no Redis, no database, no network.

inputs.py      what the command line names -> documents, opened safely
naming.py      a document -> the file its result goes to
conversion.py  what the child process does with one document
children.py    child processes: started, watched, ended
output.py      results, errors and indexes on disk, written whole or not at all
session.py     all of it in order
"""
