"""Measurements that are too long and too noisy for the test suite. They compare ratios, not seconds."""
