"""Unkindness on request: what goes wrong with which requests, so that clients can be tested for the worst days."""
