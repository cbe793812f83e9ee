"""The processes of the service beside those that convert: who starts them, what keeps the rows moving.

- ``supervisor``: ``crossfoot up``: starts all, and again what ends. ``services``: one of it. ``own_redis``: its Redis.
- ``app``: Celery as we set it. ``sweeper``: silent workers lose their jobs, waiting jobs get hints.
- ``liveness``: whether workers work, by the rows. ``process``, ``logs``: a clean end, and one line a message.
"""
