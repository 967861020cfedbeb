"""How limits in seconds are meant: processor time, so that a busy machine costs nobody a point.

A limit of s seconds ends code that has computed for s seconds, or that has taken `WALL_FACTOR` · s
by the clock: code that sleeps, or waits for what never comes, uses no processor time.
"""

WALL_FACTOR = 3.0
