"""Measurements that anyone can repeat: `python -m bench` runs all, `python -m bench.cold_start` one.

Each module has a `measure()` that returns figures, and writes `bench/results/<name>.json` with the
machine and the date beside them.
"""
