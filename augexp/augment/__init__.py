"""Policies as data, and their application to batches of images.

- `catalogue`: What each operation is: its meaning, range, source, caption and Keras expression.
- `derived_policies`: Policies made from others: without some operations, or stronger and weaker.
- `keras_export`: The way back: a policy as Keras layers, for pasting into a model.
- `named_policies`: The built-in policies, each with a version and its source.
- `pipeline`: From a batch of 8-bit images to what the network is trained on.
- `pixels`: What each operation does to pixels.
- `policy`: Policies: named, versioned lists of operations, and custom ones from a definition.
- `published`: The published policies as data: which operations, how strong, how likely.
"""
