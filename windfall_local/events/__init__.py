"""EventBridge on one machine: patterns, rules, deliveries, archives, schedules, SQS pollers.

patterns.py       event patterns, compiled to closures (matchers.py, wildcards.py: the leaves)
transformers.py   what a target receives instead of the event
schedules.py      rate() and cron() expressions
service.py        the API (buses.py, rules.py, archives.py: its families of operations)
deliveries.py     at-least-once delivery, retries, dead letters (targets.py: who receives)
journal.py        accepted deliveries and archived events, on disk
notifications.py  what S3 tells EventBridge
pollers.py        SQS event source mappings (batches.py: records, filters, partial failures)
"""
