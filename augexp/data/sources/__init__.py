"""Where images come from.

- `arrays`: Images and labels as arrays in a file of numpy.
- `base`: What a source of images has to do: list its records cheaply, and give the bytes of one at a time.
- `classes`: Labels as somebody wrote them, as classes: names in their order, numbers in the order of numbers.
- `files`: The bytes of one image file.
- `folder`: A folder of image files: one sub-folder per class.
- `keras_datasets`: The image sets of keras.datasets.
- `layout`: How a folder of images is laid out: which folders are classes, which are splits, which are neither.
- `lmdb_folder`: LSUN's database format, read without leaving a trace: no lock file, no cache, no writing.
- `lmdb_pages`: The pages of a database, looked at before the library does, which ends the process on a damaged one.
- `lsun`: LSUN categories as they are unpacked: LMDB folders, one for each category and split.
- `manifest`: Images that a table names.
- `registry`: The class that reads a source, by the source's name.
- `sample`: The embedded sample: simple scenes drawn with Pillow, written in LSUN's own format.
- `table`: Rows of a table of images: `.csv`, `.tsv`, `.jsonl`.
- `unread`: Files of an image folder that are not read: how many, why, and whether somebody may miss them.
"""
