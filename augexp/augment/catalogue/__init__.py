"""What each operation is: its meaning, range, source and Keras expression.

- `base`: What an operation is: a name, checked parameters, and what they mean.
- `keras_names`: The Keras layers that a policy may name, known without importing Keras.
- `specs`: Every operation of augexp: its published meaning, units, valid ranges and source.
"""
