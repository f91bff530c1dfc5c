"""Configuration files, model folders and notes with something wrong in each, named for it, and one sound model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

COLUMNS = "Text ID,Text,Sentences,Error Flag,Error Type,Error Sentence ID,Error Sentence,Corrected Sentence\n"
CLEAN = "".join(f'c{n},t,"0 Fever.\n1 It is a cold.",0,NA,-1,NA,NA\n' for n in range(12))


def write_configurations(place: Path) -> None:
    texts = {
        "tab.yaml": b"train:\n\tsteps: 3\n",
        "open.yaml": b"train: [1\n",
        "twice.yaml": b"train:\n  steps: 3\ntrain:\n  steps: 4\n",
        "list.yaml": b"- train\n",
        "word.yaml": b"train\n",
        "latin.yaml": b"run:\n  name: caf\xe9\n",
        "number.yaml": b"train: 3\n",
        "section.yaml": b"trian:\n  steps: 3\n",
        "unset.yaml": b"data:\n  medec_dir: ${oc.env:NOBODY_SETS_THIS}\n",
    }
    for name, text in texts.items():
        (place / name).write_bytes(text)


def write_models(place: Path) -> None:
    settings = {"model_type": "llama", "num_hidden_layers": 2, "max_position_embeddings": 2048, "dtype": "float32"}
    kinds = ("model", "no-weights", "cut-weights", "no-weights-at-all", "pointer", "no-shard", "no-json", "no-type")
    for kind in kinds:
        folder = place / kind
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(settings))
        save_file({"weight": np.zeros(100, dtype=np.float32)}, folder / "model.safetensors")
    whole = (place / "model" / "model.safetensors").read_bytes()
    (place / "no-weights" / "model.safetensors").unlink()
    (place / "cut-weights" / "model.safetensors").write_bytes(whole[:-1])
    (place / "no-weights-at-all" / "model.safetensors").write_bytes(b"")
    (place / "pointer" / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\nsize 12345\n")
    (place / "no-shard" / "model.safetensors").rename(place / "no-shard" / "model-00001-of-00002.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (place / "no-shard" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    (place / "no-json" / "config.json").write_text("{")
    (place / "no-type" / "config.json").write_text("[]")
    (place / "nothing-in-it").mkdir()


def write_notes(place: Path) -> None:
    files = {
        "other-columns": "a,b,c\n1,2,3\n",
        "empty-file": "",
        "no-rows": COLUMNS,
        "no-sentences": COLUMNS + CLEAN + "x1,t,,0,NA,-1,NA,NA\n",
        "short-row": COLUMNS + CLEAN + "x1,t\n",
        "all-clean": COLUMNS + CLEAN,
        "one-note": COLUMNS + "c0,t,0 Fever.,0,NA,-1,NA,NA\n",
    }
    for name, text in files.items():
        (place / name).mkdir()
        (place / name / "X-TrainSet.csv").write_text(text)
    (place / "no-files").mkdir()
