"""Policies as data, and their application to batches of images.

- `catalogue`: What each operation is: its meaning, range, source, caption and Keras expression.
- `copies`: Fixed copies: augmented images that are drawn once and then shown in every epoch beside the originals.
- `derived_policies`: Policies made from others: without some operations, or stronger and weaker.
- `keras_export`: The way back: a policy as Keras layers, for pasting into a model.
- `learned`: What a policy may have beside operations: a small network that makes images of two others.
- `named_policies`: The built-in policies, each with a version and its source.
- `partners`: What the network of a learned policy is given: each image with others of its class.
- `pipeline`: From a batch of 8-bit images to what the network is trained on.
- `pixels`: What each operation does to pixels.
- `policy`: Policies: named, versioned lists of operations, and custom ones from a definition.
- `published`: The published policies as data: which operations, how strong, how likely.
"""
