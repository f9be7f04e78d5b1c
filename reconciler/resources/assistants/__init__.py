"""The parts of kind Assistant: what each target's API can express, its limits and its canonical form."""
