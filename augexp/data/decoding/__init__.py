"""Decode the records of a source in parallel.

- `image`: From the bytes of a picture to the square of pixels that the network sees.
- `pool`: Decode the records of a source on all cores into its desk, and go on where an earlier attempt stopped.
- `process`: Decode some records of a source into its desk: in this process, or in one that does nothing else.
- `staging`: The unfinished arrays of a store: whoever decodes writes into them, and they say what is still to be.
"""
