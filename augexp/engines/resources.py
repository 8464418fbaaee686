"""How many runs this machine can execute side by side: cores, memory, GPUs."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

WORKER_MEMORY = 900 * 2**20
"""Bytes of private memory that a worker needs at most for a small network (measured: under 700 MiB)."""

RUN_MEMORY_GPU = 4096
"""MiB of GPU memory that a run is given."""

MAX_RUNS_PER_GPU = 4
"""Runs side by side on one GPU; more than that mostly wait for each other."""


@dataclass(frozen=True)
class WorkerSlot:
    """Where one worker computes.

    Attributes:
        core: processor core to stay on; None lets the system choose.
        gpu: index of the GPU; None computes on the processor.
        memory_limit: MiB of GPU memory; None takes what is needed.
        spare_core: whether a second core is idle, which can augment while the first one trains.
    """

    core: int | None = None
    gpu: int | None = None
    memory_limit: int | None = None
    spare_core: bool = False


def cores() -> list[int]:
    """Return the cores that this process may use, after affinity and container limits."""
    known = hasattr(os, "sched_getaffinity")
    allowed = sorted(os.sched_getaffinity(0)) if known else list(range(os.cpu_count() or 1))
    quota = _cgroup_cpus()
    return allowed[: max(1, int(quota))] if quota is not None else allowed


def available_memory() -> int:
    """Return the bytes that can still be taken, after container limits."""
    available = int(psutil.virtual_memory().available)
    limit, used = _number("memory.max"), _number("memory.current")
    if limit is not None and used is not None:
        available = min(available, max(0, limit - used))
    return available


def automatic_jobs(run_memory: int = WORKER_MEMORY) -> int:
    """Return the number of workers that cores, memory and GPUs allow; at least one.

    Args:
        run_memory: bytes of private memory of a run, see `augexp.engines.memory`.
    """
    gpus = gpu_memory()
    processors = len(cores())
    if gpus:
        return max(1, min(processors, sum(_per_gpu(memory) for memory in gpus)))
    return max(1, min(processors, available_memory() // run_memory))


def worker_slots(jobs: int) -> list[WorkerSlot]:
    """Distribute `jobs` workers over GPUs or cores.

    Workers are bound to cores only where they fill the machine: two half-sized comparisons side by side
    would otherwise sit on the same cores. The branch for GPUs has not been run by the authors.
    """
    gpus = gpu_memory()
    if gpus:
        share = -(-jobs // len(gpus))
        return [
            WorkerSlot(gpu=n % len(gpus), memory_limit=int(gpus[n % len(gpus)] * 0.9) // share) for n in range(jobs)
        ]
    mine = cores()
    bound = hasattr(os, "sched_setaffinity") and jobs == len(mine) > 1
    return [WorkerSlot(core=mine[n] if bound else None, spare_core=2 * jobs <= len(mine)) for n in range(jobs)]


def gpu_memory() -> list[int]:
    """Return the MiB of every NVIDIA GPU that TensorFlow may see; empty without one."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return []
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - fixed
        return [int(line) for line in answer.stdout.split()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def out_of_memory_kills() -> int:
    """Return how many processes the Linux kernel has killed for want of memory; 0 where unknown."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def _per_gpu(memory: int) -> int:
    return max(1, min(MAX_RUNS_PER_GPU, memory // RUN_MEMORY_GPU))


def _cgroup_cpus() -> float | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def _number(name: str) -> int | None:
    try:
        return int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such limit here, or "max"
        return None
