"""Who calls, and what they may do: signatures, sessions, and IAM's evaluation of policies.

`signature` proves who signed a request, `keys` knows whose keys exist, `needs` says which
permissions an operation needs, `evaluation` decides by the policies that apply, and
`authorizer` brings these together for one call.
"""
