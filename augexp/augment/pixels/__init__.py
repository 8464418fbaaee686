"""What each operation does to pixels.

- `base`: What a function that changes pixels gets, and how its random numbers become amounts.
- `canvas`: A batch of images with changes that are not carried out yet.
- `colours`: Photometric changes as curves (tables of 256 entries) and colour matrices, a whole batch at once.
- `composite`: Composite operations, which choose other operations: RandAugment, TrivialAugment, AutoAugment, AugMix.
- `geometric`: Geometric operations: a homography for each image, a whole batch at once.
- `homographies`: Geometric changes as 3 x 3 matrices, a whole batch at once.
- `keras_layers`: Any image preprocessing layer of Keras as an operation of a policy.
- `learned_network`: The network of a learned policy without a library of networks.
- `mixing`: Mixing operations: two images become one, and their labels a weighted pair.
- `photometric`: Photometric operations: curves and colour matrices of a whole batch, and the histogram of one image.
- `registry`: The function of every operation, by its name.
- `spatial`: Spatial operations: filters, noise and covered areas, one image at a time.
- `warp`: Carry out matrices on images: one interpolation each, in the form in which OpenCV is fastest.
"""
