"""A published table repeated: what it said, what paired seeds say, and what the best epoch would have claimed.

- `claims`: Whether an interval confirms or contradicts a claim, and how sure the paper's own test images are.
- `optimism`: What the best of many epochs on the test images would have claimed.
- `remarks`: The warnings of a comparison without remedies that the command of a replication does not have.
- `schema`: The models of a replication: what ``replication.json`` holds.
- `table`: One experiment of a replication, from its runs.
"""
