"""Where images come from.

- `base`: Where images come from: LSUN's LMDB folders (the drawn sample among them) and folders of files.
- `lmdb_folder`: LSUN's database format, read without leaving a trace: no lock file, no cache, no writing.
- `sample`: The embedded sample: simple scenes drawn with Pillow, written in LSUN's own format.
"""
