"""What Windfall's logic needs from outside, as Protocols; `windfall.adapters` fulfils them.

Every port raises only the tree of `windfall.errors`.
"""
