"""Execute many runs: on this machine, or on a Ray cluster.

- `local`: Many runs on this machine: worker processes that are started once and fed one run after another.
- `ray_cluster`: Many runs on more than one machine, through Ray; the numbers are those of the local engine.
- `ray_node`: What happens on the nodes of a Ray cluster: one run in a process that keeps its compiled network.
- `resources`: How many runs this machine can execute side by side: cores, memory, GPUs.
- `worker`: A worker: a process that loads TensorFlow once and then executes the runs that it is handed.
- `worker_process`: The driver's end of a worker process: start it, hand it work, hear what it says, notice its death.
"""
