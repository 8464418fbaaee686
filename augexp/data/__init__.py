"""From image files to batches.

- `checked_images`: Which images of a store have been found to be those of their content hashes.
- `class_check`: Whether every class has images for every split, and if not, why.
- `class_folders`: Images of some classes, chosen from folders that are named by WordNet id.
- `decoding`: Decode the records of a source in parallel.
- `download`: Fetch LSUN archives: resumable, verified, unpacked safely.
- `duplicates`: Images that are the same, or nearly: they have to stand on one side of a split.
- `folds`: Which images each fit of a cross-validation trains on, validates on and is tested on.
- `generator`: The two generators of the method: one pass over the images, and passes without end.
- `group_names`: What the groups of a source's images are called, as declared or as names look.
- `groups`: Which images belong together because somebody said so: patients, cameras, houses.
- `listing`: The records of a source as a list on disk, so that their number costs no memory.
- `nested_draws`: Training draws of one block at several sizes, each part of the next larger one.
- `positional`: What people hand to the generators, as something that an array of row numbers indexes by position.
- `preparation`: Make a store: read the source once, decode in parallel, find duplicates, split, put in place.
- `remarks`: What a reader of an answer on some images has to know of them.
- `sources`: Where images come from.
- `splits`: Which image is for training, validation and test: decided by what the image shows, not by where it lies.
- `store_manifest`: The description of a prepared data set: the content of ``store.json``.
- `store`: Prepared images on disk: decoded once, opened as memory maps, split by content.
"""
