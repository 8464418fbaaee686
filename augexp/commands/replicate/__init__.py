"""`augexp replicate`: a published table repeated with paired seeds.

- `experiments`: The experiments that a replication consists of, from their definitions.
- `forecast`: How long a replication takes and how much disk it needs, measured before it starts.
- `own_options`: What `augexp compare` says, with the options that `augexp replicate` has.
- `run`: Execute the missing runs of every experiment, and answer.
"""
