"""What a run is: its folder, its model, its notes, and what is kept of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from medical_team.config.base import Section

_FOLDER_NAME = re.compile(r"\w[\w.-]*")


class RunConfig(Section):
    name: str = Field(default="selfplay", coerce_numbers_to_str=True)
    """The run's folder below ``dir``: letters, digits, ``_``, ``-`` and ``.``."""
    dir: Path = Path("runs")
    """Where runs are kept."""
    seed: int = Field(default=17, ge=0, lt=2**31)
    """Of everything: deck, games, sampling, initialisation."""
    resume: Literal["no", "auto"] = "no"
    """``auto`` goes on after the newest checkpoint of the run's folder, or starts where there is none."""
    time_limit_s: float | None = Field(default=None, gt=0)
    """Seconds from its start after which the run is to be over, saved: it stops early enough. Slurm's own limit is
    known to ``launch/slurm/train.sbatch`` and need not be repeated here."""
    stop_before_s: float = Field(default=120.0, ge=0)
    """Seconds that are to be left when a run with a limit has saved."""
    min_free_gb: float = Field(default=2.0, ge=0)
    """Free disk, in GB: a run asks for it before it starts, with checkpoints on top, and ends when less is left."""

    @model_validator(mode="after")
    def _has_time(self) -> RunConfig:
        if self.time_limit_s is not None and self.time_limit_s <= self.stop_before_s:
            raise ValueError(
                f"run.time_limit_s = {self.time_limit_s:g} leaves no time before run.stop_before_s = "
                f"{self.stop_before_s:g}: raise the one or lower the other"
            )
        return self

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not _FOLDER_NAME.fullmatch(name):
            raise ValueError(f"run.name = {name!r} is no name for a folder: use letters, digits, '_', '-' and '.'")
        return name

    @field_validator("resume", mode="before")
    @classmethod
    def _no_is_a_word(cls, resume: Any) -> Any:
        return "no" if resume is False else resume  # YAML reads an unquoted no as false


class ModelConfig(Section):
    path: str = "runs/models/warm-start"
    """Hugging Face folder or name of the policy; it must have a chat template."""
    critic_path: str | None = None
    """The critic's starting point; the policy's own when not given."""
    critic_layers: int | None = Field(default=None, ge=1)
    """Start the critic from only so many of the policy's first layers; all when not given."""
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """``auto``: bfloat16 where the hardware multiplies it, else float32 (most CPUs)."""
    attention: Literal["auto", "sdpa", "eager", "flash_attention_2"] = "auto"
    """``auto``: flash attention on GPU, sdpa on CPU."""
    max_length: int = Field(default=1024, ge=64)
    """Prompt and answer together, in tokens; a longer note is refused at the start."""
    trust_remote_code: bool = False
    """Run code that a model folder brings along."""


class DataConfig(Section):
    source: Literal["synthetic", "medec"] = "synthetic"
    """The project's own notes, or MEDEC's files from ``medec_dir``."""
    medec_dir: Path | None = None
    """Folder with MEDEC's CSV files."""
    medec_split: Literal["train", "validation", "test"] = "train"
    """Which of MEDEC's files games are dealt from."""
    cache_dir: Path = Path(".cache/data")
    """Where MEDEC's notes are kept as Parquet, once read."""
    num_samples: int | None = Field(default=None, ge=1)
    """Use only so many notes of the training part; all when not given."""
    held_out: float = Field(default=0.2, gt=0, lt=1)
    """Share kept for evaluation: of the conditions (synthetic) or of the twin groups (MEDEC)."""
    synthetic_notes: int = Field(default=400, ge=20, le=2000)
    """How many synthetic notes are composed."""

    @property
    def description(self) -> str:
        """The data set in a word: ``synthetic``, ``medec-train``."""
        return f"medec-{self.medec_split}" if self.source == "medec" else self.source


class CheckpointConfig(Section):
    every: int = Field(default=10, ge=0)
    """Steps between checkpoints; 0 writes one only at the end."""
    keep: int = Field(default=2, ge=1)
    """Checkpoints kept; the newest is never removed."""


class EvaluationConfig(Section):
    notes: int = Field(default=32, ge=0)
    """Held-out notes (whole twin pairs) the assessor is evaluated on before and after; 0 for none."""
    every: int = Field(default=0, ge=0)
    """Steps between evaluations within the run; 0 for none."""
    temperature: float = Field(default=0.0, ge=0)
    """Of the assessor's answers; 0 for the likeliest one."""
    injections: int = Field(default=0, ge=0)
    """Held-out notes on which sentences that speak to the assessor are tried, before and after; 0 for none. Each note
    is asked about once as it is and once with each sentence of ``game/injections.yaml``."""

    @model_validator(mode="after")
    def _injections_need_an_evaluation(self) -> EvaluationConfig:
        if self.injections and not self.notes:
            raise ValueError(
                f"evaluation.injections = {self.injections} is part of an evaluation, and evaluation.notes = 0 leaves "
                "that out: give evaluation.notes at least 2, or evaluation.injections 0"
            )
        return self
