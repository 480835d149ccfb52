"""Faults on demand: throttles, outages and crashes, as AWS has them, by rule and with a seed."""
