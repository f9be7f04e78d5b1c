"""`doctor`: check everything that commands need, side by side, without writing anything."""
