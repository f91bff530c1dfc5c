"""Who audits, how it is reached, and what it must be able to do before it is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from medical_team.config.base import Section

PanelMember = Literal["exact", "rule", "vllm", "http"]


class LlmJudgeConfig(Section):
    """A language model as the judge: what is asked of it, and, for ``judge.name=vllm``, the engine it runs on."""

    prompt: str = "audit-2"
    """Name of the prompt version; it is recorded with every audit."""
    max_new_tokens: int = Field(default=320, ge=192)
    """Longest answer, in tokens. Its reasons are capped so that even one token a character fits; most take 100."""
    max_length: int = Field(default=2048, ge=256)
    """Prompt and answer together, in tokens."""
    gpus: int = Field(default=1, ge=1)
    """GPUs of the judge's own engine; where all is colocated it shares the others'."""
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    """Of its GPU; where all is colocated, the share that is left beside the other engines."""
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """As ``model.dtype``. float16 is not offered: Gemma 3 models give garbage in it."""
    trust_remote_code: bool = False
    """Run code that the judge's model folder brings along."""


class HttpJudgeConfig(Section):
    """A judge behind HTTP: our own server, or any endpoint that speaks OpenAI's chat completions."""

    urls: tuple[str, ...] = ()
    """Base URLs, such as http://localhost:8000; audits are spread over all of them."""
    api: Literal["medical_team", "openai"] = "medical_team"
    """``openai``: the prompt is made here and sent to /v1/chat/completions of ``judge.model``."""
    token_file: Path | None = None
    """File with the bearer token; else the environment variable MEDICAL_TEAM_JUDGE_TOKEN; else none is sent."""
    max_concurrency: int = Field(default=64, ge=1)
    """Requests in flight at one endpoint, at most; fewer while it is slow or says 429."""
    attempts: int = Field(default=4, ge=1)
    """Times one audit is asked for where it fails in another way than by time; a late one is asked for again, with more
    patience, until its deadline."""
    outage_budget_s: float = Field(default=1800.0, ge=0)
    """Seconds all endpoints may be away, while rollouts pause, before the run saves and ends."""


class PanelConfig(Section):
    """Several judges as one."""

    members: tuple[PanelMember, ...] = ("rule", "vllm")
    """The judges that are asked, each about every edit."""
    agreement: Literal["unanimous", "majority"] = "unanimous"
    """How many must say the same; where they do not, the panel abstains."""


class AdmissionConfig(Section):
    """What a judge must score on probes with known answers; see ``medical_team.judge.probe``."""

    probes: int = Field(default=200, ge=0)
    """Probes before training starts; 0 admits without looking."""
    min_sensitivity: float = Field(default=0.8, ge=0, le=1)
    """Share of the errors it must call errors, of those about which it decides."""
    min_decided: float = Field(default=0.25, ge=0, le=1)
    """Share of the errors about which it must decide; a judge made of code decides few, and is right about those."""
    min_specificity: float = Field(default=0.8, ge=0, le=1)
    """Share of the harmless edits it must not call errors."""
    max_failed: float = Field(default=0.05, ge=0, le=1)
    """Share of the probes that may get no audit, whatever the kind of failure."""
    accept: str | None = None
    """Name of a judge that is taken although it is below these thresholds (the name its audits carry)."""
    canaries: int = Field(default=16, ge=2)
    """Probes asked again within the run."""
    canary_every: int = Field(default=20, ge=0)
    """Steps between them; 0 for none. A judge that falls below its thresholds is set aside: a judge that is better than
    it stands in, or else the run saves and ends."""


class JudgeConfig(Section):
    name: Literal["auto", "exact", "rule", "vllm", "http", "panel"] = "auto"
    """``exact``: the table of facts behind synthetic notes; ``rule``: what code can tell by
    a lexicon, numbers and contradictions; ``vllm``: a language model on
    an engine of its own; ``http``: a judge behind HTTP; ``panel``: several; ``auto``: http where ``http.urls`` are
    given, vllm where ``model`` is, else by data source."""
    model: str | None = None
    """Chat model of ``vllm`` (google/medgemma-4b-it when not given) and of an OpenAI-compatible endpoint."""
    deadline_s: float = Field(default=30.0, gt=0)
    """Seconds a batch of audits may take."""
    batch_size: int = Field(default=32, ge=1)
    """Audits sent together, at most."""
    max_wait_s: float = Field(default=0.02, ge=0)
    """How long an audit waits for others to fill its batch, in seconds."""
    max_restarts: int = Field(default=3, ge=0)
    """Times a run starts a judge's own process anew when it dies or hangs; one loss more saves and ends the run."""
    explanations: bool = False
    """Ask the assessor for an explanation and have the judge audit it, and the correction too; the audit then waits for
    the assessor's answer. Needs a language model as judge."""
    max_quarantine: float = Field(default=0.5, gt=0, le=1)
    """Share of the audited games in which the judge may contradict the construction; above it the run saves and ends.
    Games about which it cannot tell do not count; steps of few audits are looked at together."""
    max_untold: float = Field(default=0.9, gt=0, le=1)
    """Share of the audited games about which the judge may be unable to tell; above it the run saves and ends.
    Generous, since a small model begins with edits that say nothing; steps of few audits are looked at together."""
    llm: LlmJudgeConfig = LlmJudgeConfig()
    http: HttpJudgeConfig = HttpJudgeConfig()
    panel: PanelConfig = PanelConfig()
    admission: AdmissionConfig = AdmissionConfig()
