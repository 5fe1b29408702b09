#!/usr/bin/env python3
"""TensorFlow reads the event file of a training run, and finds the numbers of metrics.jsonl in it.

    training_events.py QUERN
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pictures import synthetic_photos

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402
from tensorflow.core.util import event_pb2  # noqa: E402


def numbers(values, prefix=""):
    """{tag: number} of an epoch's JSON object."""
    found = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= numbers(value, f"{prefix}{key}/")
        elif key not in ("epoch", "time"):
            found[prefix + key] = value
    return found


def main():
    quern = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        def call(*arguments):
            subprocess.run([quern, *arguments], cwd=folder, check=True, capture_output=True)

        pictures = synthetic_photos(quern, Path(folder, "photos"), 12)
        settings = ["model.source=zoo:mobilenet_v2_mini", "model.input=32", "data.cache=none",
                    f"data.training={pictures}", f"data.validation={pictures}",
                    "data.preprocess.resize=32", "data.preprocess.crop=32", "train.epochs=3",
                    "train.batch_size=4", "quantize.scheme=none"]
        Path(folder, "tiny.toml").write_text("version = 1\n", encoding="utf-8")
        call("train", "tiny.toml", "-o", "run", *(part for s in settings for part in ("--set", s)))
        lines = Path(folder, "run/metrics.jsonl").read_text(encoding="utf-8").splitlines()
        events = [event_pb2.Event.FromString(record.numpy()) for path in
                  Path(folder, "run/tensorboard").iterdir()
                  for record in tf.data.TFRecordDataset(str(path))]

    assert events[0].file_version == "brain.Event:2", events[0]
    assert len(lines) == 3, lines
    shown = {}
    for event in events[1:]:
        for value in event.summary.value:
            shown.setdefault(event.step, {})[value.tag] = value.simple_value
    for line in map(json.loads, lines):
        expected = numbers(line)
        assert shown[line["epoch"]].keys() == expected.keys(), (shown, expected)
        for tag, number in expected.items():
            assert abs(shown[line["epoch"]][tag] - number) <= 1e-6 * abs(number), (tag, number)
    print(f"{len(events)} events of {len(lines)} epochs")


main()
