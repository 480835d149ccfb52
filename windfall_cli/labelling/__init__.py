"""Labels by people: what a model is least sure of goes out as a manifest and comes back labelled.

    manifests   the lines of Ground Truth's input and output manifests, checked
    choosing    the rows that a model is least sure of
    sessions    labelling in the terminal, one item at a time, to be gone on with
    returning   labelled rows as rows of a table that is learnt from

The manifests are the contract: SageMaker Ground Truth is closed to new accounts, and any tool that
reads and writes them will do.
"""
