"""Execute many runs: on this machine, or on a Ray cluster.

- `base`: What an engine is, and what all engines share: order, interruption, failures, outcome.
- `local`: Many runs on this machine: worker processes that are started once and given one run after another.
- `memory`: How much memory a run of a network needs, so that ``--jobs auto`` starts no more than there is room for.
- `network_files`: The files of a network as bytes, for machines that do not have them.
- `network_measure`: A process that builds a network once, says how large it is or why it cannot be built, and ends.
- `ray_cluster`: Many runs on more than one machine, through Ray; the numbers are those of the local engine.
- `ray_node`: What happens on the nodes of a Ray cluster: one run in a process that keeps its compiled network.
- `registry`: The engines by name, each loaded when it is asked for.
- `resources`: How many runs this machine can execute side by side: cores, memory, GPUs.
- `worker`: A worker: a process that loads TensorFlow once and then executes the runs that it is given.
- `worker_process`: The driver's end of a worker process: start it, its messages, its death.
"""
