"""Fetch LSUN archives: resumable, verified, unpacked safely.

- `archive`: Unpack an LSUN archive, which is a zip with one LMDB folder inside, without trusting it.
- `categories`: Download LSUN categories: fetch several archives at once, verify, unpack.
- `catalogue`: LSUN's catalogue: every category with its archives, their sizes, checksums and numbers of images.
- `connection`: One HTTP answer at a time: what the transfer needs of it, and every way in which it can fail.
- `partial`: A half-fetched archive on disk: ``<name>.part``, its running SHA-256, and where it came from.
- `plan`: What a download would do: what is here already, what has to be fetched, and whether there is room for it.
- `progress`: What a download reports while it works: events with bytes, speed and time left.
- `threads`: Work on the items of a list in a few threads, whose events all reach the calling thread.
- `transfer`: Fetch one archive: resume, retry, change to the next mirror, and accept nothing but the right bytes.
"""
