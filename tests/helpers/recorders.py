"""What tests of runs look at: the bytes of a record, and what a network was given."""

from __future__ import annotations

from augexp.results import records

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS)


def content(folder):
    return {name: (folder / name).read_bytes() for name in SAME}


class Recorder:
    """Stands in for the network's step and keeps what it was given."""

    def __init__(self, networks, monkeypatch):
        self.batches = []
        self.evaluated = []
        original = networks.network

        def network(*arguments):
            made = original(*arguments)
            train, logits = made.train, made._steps.forward

            def spy_train(images, targets):
                self.batches.append((images.copy(), targets.copy()))
                train(images, targets)

            def spy_logits(images):
                self.evaluated.append(images.copy())
                return logits(images)

            monkeypatch.setattr(made, "train", spy_train)
            monkeypatch.setattr(made, "logits", spy_logits)
            return made

        monkeypatch.setattr(networks, "network", network)
