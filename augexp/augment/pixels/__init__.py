"""What each operation does to pixels.

- `canvas`: A batch of pictures with changes that are not carried out yet.
- `composites`: Operations that choose other operations: RandAugment, TrivialAugment, AutoAugment, AugMix, random.
- `geometry`: Geometric changes as 3 x 3 matrices, a whole batch at once.
- `keras_layers`: Any image preprocessing layer of Keras as an operation of a policy.
- `mixing`: Operations that mix two pictures and their labels.
- `photometry`: Photometric changes as curves (tables of 256 entries) and colour matrices, a whole batch at once.
- `primitives`: What the operations of the catalogue do, given their random numbers.
- `spatial`: Operations on the pixels of one 8-bit picture that are neither a matrix nor a curve.
- `warp`: Carry out matrices on pictures: one interpolation each, in the form in which OpenCV is fastest.
"""
