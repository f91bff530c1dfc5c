"""Audits by a language model over real vLLM on CPU: how many a second, and how many answers are no audit.

    python tests/benchmarks/bench_llm_judge.py [--model FOLDER] [--audits 200] [--batch 32] [--runs 3]

The edits are gold errors of the project's own notes, half of them with a payload of the injection suite; each run asks
about other notes. Beside it the same engine without a judge: the same prompts, as many tokens of each answer, no
schema, and neither has the other's prompts cached. Medians and ranges over the runs; malformed answers over all of
them, which must be none.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")  # vllm reads it when it is imported

from audit_requests import planted_errors
from vllm import SamplingParams
from vllm.sampling_params import RequestOutputKind

from medical_team.config import LlmJudgeConfig
from medical_team.judge import AuditRequest, FailureKind, JudgeFailure
from medical_team.judge.admission.injections import with_injection
from medical_team.judge.admission.payloads import PAYLOADS
from medical_team.judge.language.llm import LlmJudge
from medical_team.rollout.judge_engine import JudgeEngine, VllmCompleter, judge_dtype

DEADLINE_S = 3600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=".cache/models/smollm2-135m-instruct")
    parser.add_argument("--audits", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--runs", type=int, default=3)
    asyncio.run(measure(parser.parse_args()))


async def measure(options: Any) -> None:
    llm = LlmJudgeConfig()
    completer = Recording(JudgeEngine(options.model, judge_dtype("auto", "cpu"), llm, backend="cpu"))
    await completer.start()
    judge = LlmJudge(completer, llm)
    start = time.perf_counter()
    await judge.warm_up(DEADLINE_S)
    print(f"{judge.name}; warm after {time.perf_counter() - start:.1f} s", flush=True)
    kinds: Counter[str] = Counter()
    judged, plain, tokens = [], [], []
    for run in range(options.runs):
        requests = edits(options.audits, seed=run + 1)
        completer.asked.clear()
        judged.append(len(requests) / await audit(judge, requests, options.batch, kinds))
        plain.append(len(requests) / await generate(completer, options.batch))
        print(f"run {run + 1}: {judged[-1]:.2f} audits/s, {plain[-1]:.2f} without; {dict(kinds)}", flush=True)
        tokens += [answer for _, answer in completer.asked]
    completer.close()
    print(f"tokens an answer: {spread(tokens)}")
    print(f"malformed: {kinds[FailureKind.MALFORMED]} of {sum(kinds.values())}")
    print(f"audits a second: {spread(judged)}; without schema and judge: {spread(plain)}")


class Recording(VllmCompleter):
    """Keeps every prompt and how many tokens answered it."""

    def __init__(self, settings: JudgeEngine) -> None:
        super().__init__(settings)
        self.asked: list[tuple[list[int], int]] = []

    async def _last_output(self, prompt: list[int], sampling: Any) -> Any:
        output = await super()._last_output(prompt, sampling)
        self.asked.append((prompt, len(output.token_ids)))
        return output


def edits(count: int, seed: int) -> list[AuditRequest]:
    short = [payload for payload in PAYLOADS if len(payload.text) < 700]
    return [
        with_injection(request, short[index % len(short)]) if index % 2 else request
        for index, request in enumerate(planted_errors(count, seed))
    ]


async def audit(judge: LlmJudge, requests: Sequence[AuditRequest], batch: int, kinds: Counter[str]) -> float:
    """Seconds for all requests, a batch at a time as training sends them."""
    start = time.perf_counter()
    for first in range(0, len(requests), batch):
        for answer in await judge.audit(requests[first : first + batch], DEADLINE_S):
            kinds[answer.kind if isinstance(answer, JudgeFailure) else answer.reason] += 1
    return time.perf_counter() - start


async def generate(completer: Recording, batch: int) -> float:
    """Seconds for the same prompts and as many tokens on the bare engine."""
    await completer.engine.reset_prefix_cache()
    asked = list(completer.asked)
    start = time.perf_counter()
    for first in range(0, len(asked), batch):
        await asyncio.gather(*(bare(completer.engine, *each) for each in asked[first : first + batch]))
    return time.perf_counter() - start


async def bare(engine: Any, prompt: list[int], tokens: int) -> None:
    sampling = SamplingParams(
        temperature=0.0, max_tokens=tokens, ignore_eos=True, output_kind=RequestOutputKind.FINAL_ONLY
    )
    async for _ in engine.generate({"prompt_token_ids": prompt}, sampling, request_id=uuid4().hex):
        pass


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
