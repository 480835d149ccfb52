"""The shapes that cross a boundary: machine inputs, outcomes, manifests, profiles, events.

One module per concept; import from the module. `python -m windfall.schemas` publishes the ones
that others rely on under `docs/schemas/`.
"""
