"""Policies that are trained along with the network: what makes images, and the step that trains both.

- `part`: The network of a learned policy, with its optimiser and its second loss.
- `steps`: One optimiser step of both networks, compiled.
"""
