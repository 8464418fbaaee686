"""What is on disk in a results folder.

- `checks`: What has to be true of the records of a run whatever its numbers are.
- `folder`: The results folder of one experiment: guarded by the definition's hash, with the plan's history.
- `heartbeat`: The heartbeat of a run that is going on: a small file beside its records.
- `learned_weights`: The weights of the network that a learned policy has trained.
- `locks`: Who may write where: one command per results folder, one process per run.
- `manifests`: What the JSON files of a results folder hold, as typed models.
- `predictions`: What a network said of the test images, at the end of a run and at milestones, and the files of both.
- `records`: A run on disk: what one arm with one seed left behind, and how to read it.
- `run_json`: Reading the JSON files of a run, and the digests of its other files.
- `sealed_toml`: The first line of a results folder's definition: digests of it and of the plans.
- `scores`: What the probabilities of a network say of each test image: losses and confidence.
- `status`: How a comparison stands, read from its results folder alone, while it runs or long after.
"""
