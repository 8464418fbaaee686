"""Runs that somebody else trained: what was declared about them, and arms whose seeds are no pairs.

- `images`: The test images that one arm is right about more often than the other.
- `outlook`: How the interval of independent arms narrows with more seeds and with more test images.
- `runs`: Runs of arms whose seeds are no pairs.
- `schema`: The models of what a comparison says of declared runs.
- `wording`: The words that are stored with an answer about declared runs.
"""
