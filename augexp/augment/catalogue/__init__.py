"""What each operation is: its meaning, range, source, caption and Keras expression.

- `base`: What an operation is: a name, checked parameters, and what they mean.
- `composite`: Composite operations: each image gets a random choice of other operations.
- `expressions`: What the families share to say an amount in words and an operation in Keras layers.
- `geometric`: Geometric operations: pixels move, values do not change but by interpolation.
- `keras_layers`: The Keras layers that a policy may name as operations, known without importing Keras.
- `mixing`: Mixing operations: two images of the training draw become one, and their labels a weighted pair.
- `photometric`: Photometric operations: values and colours change, places do not.
- `registry`: Every operation by name.
- `spatial`: Spatial operations: filters, noise and covered areas.
"""
