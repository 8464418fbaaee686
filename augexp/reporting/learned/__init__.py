"""What is shown of policies that learn to make images.

- `sheets`: What the network of a learned policy makes of two images.
"""
