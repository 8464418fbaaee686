"""Execute one run: train one arm with one seed, evaluate it, write it down.

The arm is data: every arm goes through the same `Augmenter`, with another policy. Order, training draw,
initial weights, dropout and mixing partners are addressed by block and not by arm. The evaluation path
rescales images and has no access to a policy.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np

from augexp import digests, files, seeds
from augexp.data.generator import cyclic_generator
from augexp.data.store import Store, open_store
from augexp.errors import Interrupted, RunError
from augexp.experiment import budget
from augexp.progress import Kind, RunEvent
from augexp.results import learned_weights, locks, records
from augexp.results.heartbeat import HeartbeatWriter
from augexp.results.manifests import RUN_SCHEMA, ImageCounts, Ledger, RunManifest, RunOutcome, TestSummary
from augexp.results.predictions import Milestone, milestones_bytes, predictions_bytes
from augexp.results.run_json import digests_of
from augexp.training import checkpoint, evaluation
from augexp.training.checkpoint import Checkpoint
from augexp.training.epoch import train_epoch
from augexp.training.evaluation import EvaluationSet
from augexp.training.image_counter import ImageCounter
from augexp.training.inputs import inputs_of
from augexp.training.network import Network, NetworkCache
from augexp.training.task import RunTask
from augexp.training.timing import RunTimer
from augexp.version import __version__

Report = Callable[[RunEvent], None]


def execute(
    task: RunTask,
    *,
    networks: NetworkCache | None = None,
    report: Report = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
    checkpoint_seconds: float = checkpoint.MIN_SECONDS,
    spare_core: bool = False,
    store: Store | None = None,
) -> None:
    """Run `task` to its end, going on from its checkpoint if there is one, and write the records.

    Args:
        task: what to run.
        networks: keeps the compiled network for the next run of the same worker.
        report: is told when the run starts, after every epoch, and when it is over.
        stop: asked after every epoch; True writes a checkpoint and raises Interrupted.
        checkpoint_seconds: least time between two checkpoints; 0 for one after every epoch.
        spare_core: whether a core is idle that can augment while this one trains; changes no number.
        store: the prepared images, where they are not to be opened under the task's path.

    Raises:
        RunError: the definition cannot be run on these images.
        ResultsError: the records cannot be written.
        Interrupted: `stop` said so.
    """
    with locks.claim_run(task.folder):
        images = store if store is not None else open_store(task.store_path)
        run = _Run(task, images, networks or NetworkCache(), report, spare_core)
        run.resume()
        run.train(stop, checkpoint.Pace(checkpoint_seconds))
        run.finish()


class _Run:
    """The state of one run between its first and last epoch."""

    def __init__(self, task: RunTask, store: Store, networks: NetworkCache, report: Report, spare_core: bool) -> None:
        self._timer = RunTimer()
        self._task, self._report, self._spare_core = task, report, spare_core
        self._experiment, self._training = task.experiment, task.experiment.training
        self._block = (task.experiment.root_seed, task.seed)
        self._store = store
        self._rows_of_run = self._store.rows_of_run(task.experiment.data, *self._block)
        rows = self._rows_of_run.train
        self._policy = task.experiment.policy(task.arm)
        self._epoch_steps = _steps_per_epoch(len(rows), self._training.batch_size, self._policy.copies)
        self._network = self._make_network(networks)
        self._stop: Callable[[], bool] = lambda: False
        self._notes = set[str]()
        self._inputs = inputs_of(task, store, rows, self._network, self._check_stop, self._note)
        self._probe = self._evaluation(_choose_probe(rows, self._training.probe, self._block))
        self._validation = self._evaluation(self._rows_of_run.validation)
        self._test = self._evaluation(self._rows_of_run.test)
        self._counter, self._heartbeat = ImageCounter(task.folder), HeartbeatWriter(task.folder)
        self._rows: list[dict[str, int | float]] = []
        self._milestones: dict[int, Milestone] = {}
        columns = {
            records.BALANCED: self._training.auto,
            records.TEST_ACCURACY: self._training.test_curve,
            learned_weights.SECOND_LOSS: self._policy.learned is not None and self._policy.learned.loss != "none",
        }
        self._further = tuple(name for name, wanted in columns.items() if wanted)
        self._identity: dict[str, Any] = {
            "experiment": self._experiment.hash,
            "arm_hash": self._experiment.arm_hash(task.arm),
            "seed": task.seed,
            "store": self._store.fingerprint,
            "versions": _versions(),
        }

    def _make_network(self, networks: NetworkCache) -> Network:
        total = self._epoch_steps * self._training.schedule_epochs
        size, classes = self._experiment.data.image_size, len(self._store.classes)
        network = networks.network(self._training, size, classes, total)
        network.learn(self._policy.learned)
        network.renew(*self._block)
        self._initial = network.weights_hash()
        return network

    def _evaluation(self, rows: Any) -> EvaluationSet:
        return EvaluationSet(self._store, rows, self._inputs.plain(rows))

    # -- before ------------------------------------------------------------------------------

    def resume(self) -> None:
        """Go on from the checkpoint, or start afresh."""
        files.remove_leftovers(self._task.folder)
        files.remove_durably(self._task.folder / records.RUN)  # of a run that failed, or went not so far
        saved, refusal = checkpoint.read(self._task.folder, self._identity)
        if saved is not None:
            refusal = self._restore(saved)
        if refusal:
            self._tell("note", message=refusal)
        if not self._rows:
            self._counter.clear()
        # Rows of epochs after the checkpoint are about to be computed again.
        self._write_epochs()
        self._tell("started")

    def _restore(self, saved: Checkpoint) -> str:
        """Go on from a checkpoint; return why it cannot be used, or an empty text."""
        position = saved.position
        try:
            if position["epoch"] > self._task.epochs:
                raise ValueError(f"it is of epoch {position['epoch']}")
            self._counter.restore(position["epoch"], position["unique"], position["order"], position.get("hashes"))
            self._network.restore(saved.state)
        except ValueError as error:
            self._network.renew(*self._block)
            self._counter = ImageCounter(self._task.folder)
            return f"its checkpoint cannot be used ({error}), so it starts afresh"
        self._rows, self._milestones = list(position["rows"]), dict(saved.milestones)
        self._timer.restore(position["timing"])
        return ""

    # -- epochs ------------------------------------------------------------------------------

    def train(self, stop: Callable[[], bool], pace: checkpoint.Pace) -> None:
        """Train the remaining epochs."""
        self._stop = stop
        root_seed, seed = self._block
        batches = cyclic_generator(
            self._inputs.draw,
            self._inputs.labels,
            self._training.batch_size,
            seed=seeds.integer(root_seed, seed, "order"),
            first_pass=len(self._rows),
        )
        for epoch in range(len(self._rows), self._task.epochs):
            self._timer.start_epoch()
            train_epoch(
                self._network,
                batches,
                self._inputs.augment,
                self._counter,
                self._timer,
                steps=self._epoch_steps,
                epoch=epoch,
                spare_core=self._spare_core,
                on_pace=self._tell_pace if epoch == 0 else None,
            )
            self._close_epoch(epoch + 1)
            if epoch + 1 == self._task.epochs:
                break
            stopping = stop()
            if stopping or pace.due():
                pace.written(self._write_checkpoint())
            if stopping:
                self._tell("stopped", message="stopped on request; it goes on from its checkpoint")
                raise Interrupted(f"{self._task.name}: stopped after epoch {epoch + 1}")

    def _tell_pace(self, step: float) -> None:
        """Tell how long an epoch will take; a forward pass takes about a third of a step."""
        forward = (len(self._probe) + len(self._validation)) / self._training.batch_size / 3
        self._tell("pace", seconds=step * (self._epoch_steps + forward))

    def _close_epoch(self, epoch: int) -> None:
        train_loss, train_accuracy = self._network.totals()
        second_loss = self._network.second_loss()
        self._counter.close_epoch()
        probe, validation = self._probe.measure(self._network), self._validation.measure(self._network)
        steps = epoch * self._epoch_steps
        row: dict[str, int | float] = {
            "epoch": epoch,
            "steps": steps,
            "images_seen": self._images_seen(steps),
            "unique_images": self._counter.unique,
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "probe_loss": probe.loss,
            "probe_accuracy": probe.accuracy,
            "val_loss": validation.loss,
            "val_accuracy": validation.accuracy,
        }
        if self._training.auto:
            row[records.BALANCED] = validation.balanced_accuracy
        if self._training.test_curve:
            row[records.TEST_ACCURACY] = self._test.measure(self._network).accuracy
        if learned_weights.SECOND_LOSS in self._further:
            row[learned_weights.SECOND_LOSS] = second_loss
        if epoch in self._milestone_epochs():
            finite = self._network.finite()
            self._milestones[epoch] = self._test.milestone(self._network, diverged=not finite)
        self._rows.append(row)
        records.append_epoch(self._task.folder / records.EPOCHS, row, self._further)
        seconds = self._timer.end_epoch()
        self._tell("epoch", seconds=seconds, row=row)

    def _write_checkpoint(self) -> float:
        """Write one and return the seconds that it took."""
        begin = time.perf_counter()
        position = {
            "epoch": len(self._rows),
            "unique": self._counter.unique,
            "order": self._counter.order,
            "hashes": self._counter.before_checkpoint(),
            "rows": self._rows,
            "timing": self._timer.state(),
        }
        state = self._network.state()
        checkpoint.write(self._task.folder, Checkpoint(self._identity, position, state, self._milestones))
        self._counter.after_checkpoint()
        return time.perf_counter() - begin

    # -- after -------------------------------------------------------------------------------

    def finish(self) -> None:
        """Evaluate the test split, once, and write the records; ``run.json`` last."""
        folder = self._task.folder
        predictions, sound = self._test.predict(self._network, diverged=not self._network.finite())
        sound = sound and bool(np.isfinite([row["train_loss"] for row in self._rows]).all())
        if self._task.extendable:
            self._write_checkpoint()
        self._write_epochs()
        files.write_atomically(folder / records.PREDICTIONS, predictions_bytes(predictions), durable=True)
        if self._milestone_epochs():
            kept = {epoch: self._milestones[epoch] for epoch in self._milestone_epochs()}
            files.write_atomically(folder / records.MILESTONES, milestones_bytes(kept), durable=True)
        if self._network.part is not None:
            weights = learned_weights.to_bytes(self._network.part.weights())
            files.write_atomically(folder / learned_weights.NAME, weights, durable=True)
        if self._task.keep_model:
            self._save_model(folder / records.MODEL)
        timing = records.timing_bytes(self._timer.report(), self._task.arm, self._task.seed, self._identity["arm_hash"])
        files.write_atomically(folder / records.TIMING, timing, durable=True)
        run = self._manifest("complete" if sound else "diverged", evaluation.summary(predictions))
        files.write_atomically(folder / records.RUN, records.run_bytes(run), durable=True)
        if not self._task.extendable:
            checkpoint.remove(folder)
            self._counter.clear()
        self._heartbeat.stop()
        self._tell("finished", seconds=self._timer.wall(), message=run.status)

    def _shown_beside(self, steps: int) -> dict[str, Any]:
        """Return what the ledger says of images that the policy shows beside others."""
        copies = {"copies": self._policy.copies} if self._policy.copies else {}
        return {**copies, **({"generated": steps * self._training.batch_size} if self._policy.learned else {})}

    def _learned_final(self) -> dict[str, Any]:
        return {} if self._network.part is None else {"learned_final": self._network.part.weights_hash()}

    def _images_seen(self, steps: int) -> int:
        """Return the images that the network was shown in so many steps, generated ones included."""
        return steps * self._training.batch_size * (1 if self._policy.learned is None else 2)

    def _milestone_epochs(self) -> tuple[int, ...]:
        """Return the epochs at which predictions are kept: of an automatic budget, or of as many steps as others."""
        if self._training.auto:
            return budget.milestones(self._task.epochs)
        if self._policy.copies and self._training.constant_rate:
            return budget.equal_steps(self._task.epochs, self._policy.copies)
        return ()

    def _write_epochs(self) -> None:
        rows = records.epochs_bytes(self._rows, self._further)
        files.write_atomically(self._task.folder / records.EPOCHS, rows, durable=True)

    def _save_model(self, path: Path) -> None:
        try:
            with files.replacing(path, durable=True) as part:
                self._network.whole.save(part)
                digest = digests.of_file(part)
        except OSError as error:
            raise files.unwritable(path, error) from None
        text = f"{digest}  {path.name}\n"  # as b2sum writes and checks it: b2sum -l 128 -c
        files.write_atomically(path.with_name(records.MODEL_DIGEST), text, durable=True)

    def _manifest(self, status: RunOutcome, test: TestSummary) -> RunManifest:
        training = self._training
        counts = ImageCounts(train=len(self._rows_of_run.train), validation=len(self._validation), test=len(self._test))
        steps = len(self._rows) * self._epoch_steps
        ledger = Ledger(
            steps=steps,
            batch_size=training.batch_size,
            images_seen=self._images_seen(steps),
            epochs=len(self._rows),
            parameters=self._network.parameters,
            optimizer=training.describe_optimizer(),
            schedule=training.describe_schedule(),
            precision=training.precision,
            **self._network.ledger_entries(),
            **self._shown_beside(steps),
        )
        return RunManifest(
            schema=RUN_SCHEMA,
            status=status,
            arm=self._task.arm,
            **self._identity,
            classes=tuple(self._store.classes),
            counts=counts,
            ledger=ledger,
            weights_initial=self._initial,
            order=self._counter.order,
            weights_final=self._network.weights_hash(),
            **self._learned_final(),
            error=None,
            test=test,
            **self._task.fit,
            files=digests_of(self._task.folder, without=records.CHECKPOINT),
        )

    def _check_stop(self) -> None:
        """Stop in the middle of an epoch, where its features are being computed; the last checkpoint stands."""
        if self._stop():
            self._tell("stopped", message="stopped on request, while features were computed")
            raise Interrupted(f"{self._task.name}: stopped while features were computed")

    def _note(self, message: str) -> None:
        if message not in self._notes:
            self._notes.add(message)
            self._tell("note", message=message)

    def _tell(self, kind: Kind, **details: Any) -> None:
        done, total = len(self._rows), self._task.epochs
        if kind in ("started", "epoch"):
            self._heartbeat.write(done, total, details.get("seconds", 0.0))
        self._report(self._task.event(kind, epoch=done, epochs=total, **details))


def _steps_per_epoch(images: int, batch_size: int, copies: int) -> int:
    if images < batch_size:
        raise RunError(
            f"batch_size: received {batch_size}, but a training draw has only {images} images; "
            f"allowed are 1 to {images}: lower training.batch_size or provide more images"
        )
    return images * (1 + copies) // batch_size


def _choose_probe(rows: Any, wanted: int, block: tuple[int, int]) -> Any:
    """Choose the fixed training images, equal in all arms, whose accuracy is measured un-augmented."""
    if wanted >= len(rows):
        return rows
    return np.sort(seeds.stream(*block, "probe").choice(rows, size=wanted, replace=False))


def _versions() -> dict[str, str]:
    """Return what may change the last bits of a result: libraries, backend, processor family."""
    return {
        "augexp": __version__,
        "python": platform.python_version(),
        "backend": keras.backend.backend(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in records.LIBRARIES},
    }
