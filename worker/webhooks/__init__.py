"""Tells others what became of a job: the outbox's rows, posted by the Standard Webhooks rules."""
