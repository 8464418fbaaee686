"""Reading the JSON files of a run, and the digests of its other files."""

from __future__ import annotations

from pathlib import Path

from augexp import digests
from augexp.errors import ResultsError
from augexp.files import lacks_resources
from augexp.results import checks
from augexp.results.manifests import RUN_SCHEMA, RunManifest, Timing

_SEALS = ("files", digests.SEAL)
_RUN_KEYS = tuple(field.alias or name for name, field in RunManifest.model_fields.items() if name not in _SEALS)
_TIMING_KEYS = tuple(Timing.model_fields)
_RESTED_ON = ("*.csv", "*.npz")


def read_manifest(path: Path) -> RunManifest:
    """Read a ``run.json``; raises ResultsError where it is missing, damaged or of another schema."""
    try:
        values = digests.read_json(path, _RUN_KEYS)
        if values.get("schema") != RUN_SCHEMA:
            raise ResultsError(
                f"{path}: schema {values.get('schema')!r}, this augexp reads {RUN_SCHEMA}; "
                "delete the folder of this run to have it run again"
            )
        run = RunManifest.from_values(values)
        checks.manifest(run)
    except (OSError, ValueError) as error:
        raise damaged(path, error) from None
    return run


def read_timing(path: Path, run: RunManifest) -> Timing:
    """Read the ``timing.json`` of a run, which decides nothing.

    It has no values where it is missing, and is not `readable` where it is damaged or of another run.
    """
    try:
        return Timing.from_values(digests.read_json(path, _TIMING_KEYS, timing_of(run.arm, run.seed, run.arm_hash)))
    except FileNotFoundError:
        return Timing()
    except (OSError, ValueError):
        return Timing(readable=False)


def timing_of(arm: str, seed: int, arm_hash: str) -> str:
    """Return what the ``timing.json`` of a run belongs to, for its seal."""
    return f"{arm} {seed} {arm_hash}"


def digests_of(folder: Path, *, without: str) -> dict[str, str]:
    """Return the digest of every file that a run's numbers rest on, by name: all tables and arrays but one."""
    paths = sorted(path for pattern in _RESTED_ON for path in folder.glob(pattern))
    return {path.name: digests.of_file(path) for path in paths if path.name != without and path.name[0] != "."}


def damaged(path: Path, error: Exception) -> ResultsError:
    """Return the error that says that a file of a run cannot be read, and how to mend that."""
    if lacks_resources(error):
        why = " ".join(str(error).split()) or "memory ran out"
        return ResultsError(f"{path}: cannot be read ({why}); that says nothing about the file: repeat the command")
    return ResultsError(
        f"{path}: cannot be read ({' '.join(str(error).split())}); delete the folder of this run to have it run again"
    )
