"""The web page of `windfall browse`: files and their insights, looked at and searched, read only.

`server` runs it on 127.0.0.1, `guard` decides who may ask, `application` has the pages' addresses,
`library` reads the stack, `objects` hands out what lies in S3, and the other modules make out of
results what `templates/` shows. Everything that comes from a file is hostile: templates escape it,
and no object is handed out as something that a browser would run.
"""
