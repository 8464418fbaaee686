"""One run: train one arm with one seed, evaluate it, write it down.

- `architectures`: From what a definition names to a network that can be trained.
- `backend`: What depends on the Keras backend: threads, determinism, and one optimiser step as fast as it gets.
- `checkpoint`: The position of an unfinished run, from which it goes on to the same bits.
- `epoch`: One epoch: augment, count what the network is given, take the steps.
- `evaluation`: Measure a network on images as they are: rescaled, never augmented, a batch at a time.
- `features`: Features of images under a policy: what a frozen backbone makes of each image and view, computed once.
- `feed`: The batches of an epoch, augmented: several at a time, and ahead of the network where that helps.
- `image_counter`: Counts what the network really received: how many different images, and in which order.
- `inputs`: What a run's network is given: images, or the features that a frozen backbone has made of them.
- `learned`: Policies that are trained along with the network: what makes images, and the step that trains both.
- `models`: The networks: small enough that ten runs are affordable, written against Keras alone.
- `network`: A network that is built and traced once and then trained many times, each time as if new.
- `normalisation`: Batch normalisation of a training step as one operation.
- `prefetch`: Run an iterator ahead of its consumer, in one background thread with bounded memory.
- `run`: Execute one run: train one arm with one seed, evaluate it, write it down.
- `task`: What is to be run: one arm with one seed.
- `timing`: How long a run took, also over several sessions.
- `update`: The optimiser's update of a large network as one compiled pass over its parameters.
"""
