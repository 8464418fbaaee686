"""Decode the records of a source in parallel.

- `image`: From the bytes of an image file to the square of pixels that the network sees.
- `numeric`: Pictures of more than 8 bits: which values become black and white.
- `pillow`: Pillow as augexp needs it, whatever the program around it has set: formats, limits, no messages.
- `pool`: Decode the records of a source on all cores, and go on where an earlier attempt stopped.
- `process`: Decode some records of a source: in this process, or in one that does nothing else.
- `staging`: The arrays of a store that is being made, on disk.
"""
