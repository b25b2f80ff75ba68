"""Who computes for the lessons."""

from demo.workers import Crew

moves = Crew(threads=1, waiting=20, first=True)
"""For what follows a finger: milliseconds of work."""
studies = Crew(threads=1, waiting=8)
"""For what takes longer: fitting and sampling. Nobody's drag waits for it."""
