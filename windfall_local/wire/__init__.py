"""The wire: AWS's HTTP protocols, parsed and serialised by botocore's own service models.

A request is identified (`identify`), its parameters are read as boto3 took them (`parse`), and
a result or an error is written back in the protocol that its client speaks (`serialize`).
"""
