"""Measurements that anyone can repeat: `python -m bench` runs all; each runs alone as well.

Each module has a `measure()` that returns figures, and writes `bench/results/<name>.json` with the
machine and the date beside them.
"""
