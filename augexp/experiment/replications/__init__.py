"""Published tables that can be repeated: what they say, and the definitions that repeat them.

The definitions themselves are the files ``experiments/<name>.toml`` of the source; an installed augexp has them in this
folder.

- `perez_wang`: Perez & Wang 2017, arXiv 1712.04621: dogs against cats, dogs against goldfish.
"""
