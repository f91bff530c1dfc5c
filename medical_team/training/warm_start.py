"""Supervised fine-tuning on gold turns, before self-play: a small model does not produce the answer format by itself.

Driven by ``launch/warm_start.py`` and the demo. Uses transformers' Trainer; the loss is on the answers only.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_utils import set_seed
from transformers.utils.logging import disable_progress_bar

from medical_team.backends.cpu import compute_dtype
from medical_team.config import WarmStartConfig
from medical_team.errors import ModelError
from medical_team.game.course import gold_course
from medical_team.game.gold import GoldTurn
from medical_team.game.parsing import ParseViolation, parse_assessment, parse_edit
from medical_team.game.prompts import assessor_messages, attacker_messages
from medical_team.rollout.engines import ChatTemplate, Messages
from medical_team.training.model_folder import load_tokenizer
from medical_team.types import Note, Role

logger = logging.getLogger(__name__)

_NOT_IN_LOSS = -100

OnProgress = Callable[[int, int, float], None]
"""Called with (optimizer step, of how many, loss)."""


@dataclass(frozen=True, slots=True)
class WarmStarted:
    """What a warm start came to.

    Attributes:
        folder: The model folder that training starts from.
        examples: Gold turns it was trained on.
        loss: Mean loss of the last tenth of the steps.
        seconds: What the fine-tuning took, without the answers that were counted afterwards.
        parsed: Held-out answers that parse, by role: (parsed, asked).
    """

    folder: Path
    examples: int
    loss: float
    seconds: float
    parsed: dict[Role, tuple[int, int]]


def warm_start(
    config: WarmStartConfig,
    train: Sequence[Note],
    held_out: Sequence[Note],
    seed: int,
    max_new_tokens: int,
    on_progress: OnProgress = lambda step, steps, loss: None,
    explain: bool = False,
) -> WarmStarted:
    """Fine-tune ``config.base_model`` and write the model folder; an older one of the name is replaced.

    ``explain``: the assessor learns to give explanations, as the games will ask for them (``judge.explanations``).

    Raises:
        DataError: The notes give fewer gold turns than ``config.examples``.
        ModelError: The base model has no tokenizer or no chat template, or fewer layers than are to be frozen.
    """
    started = time.monotonic()
    set_seed(seed)
    disable_progress_bar()
    turns = gold_course(train, config.examples, seed, explain)
    tokenizer = load_tokenizer("warm_start.base_model", config.base_model)
    template = ChatTemplate(tokenizer, max_prompt_tokens=10**9)
    model = AutoModelForCausalLM.from_pretrained(config.base_model, dtype=torch.float32, attn_implementation="sdpa")
    _freeze(model, config.frozen_layers)
    losses = _Losses(on_progress)
    examples = [_tokenize(turn, template, tokenizer) for turn in turns]
    trainer = _AnswerTrainer(
        model=model,
        args=_arguments(config, seed),
        train_dataset=examples,
        data_collator=_Padding(tokenizer.pad_token_id),
        callbacks=[losses],
    )
    trainer.tokens_a_batch = _answer_tokens(examples) * config.batch_size / len(examples)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    _save(model, tokenizer, config.output)
    seconds = time.monotonic() - started
    if trainer.args.bf16:
        model.bfloat16()  # as the engines will play it, and answers come sooner
    parsed = _count_parsing(model, tokenizer, template, held_out[: config.evaluate], max_new_tokens, explain)
    return WarmStarted(config.output, len(turns), losses.last, seconds, parsed)


def _freeze(model: Any, layers: int) -> None:
    """Keep the embeddings and the first layers as they are, so that the backward pass ends above them.

    What fine-tuning teaches is learnt in the upper layers (Lee et al. 2019, arXiv 1911.03090). An output head that is
    tied to the embeddings stays as it is too.
    """
    if not layers:
        return
    stack = getattr(model.base_model, "layers", ())  # a model of text and images, say, keeps them elsewhere
    if layers >= len(stack):
        raise ModelError(
            f"warm_start.frozen_layers = {layers}, and the base model has {len(stack)} that are found: choose fewer"
        )
    model.get_input_embeddings().requires_grad_(False)
    for layer in stack[:layers]:
        layer.requires_grad_(False)


class _AnswerTrainer(Trainer):
    """transformers' Trainer, with logits for the answers only: the head is a fifth of a small model's work.

    Every answer token weighs the same: in the mean of a batch, a token of a batch of short answers would weigh more.
    """

    tokens_a_batch = 1.0

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_kwargs: Any) -> Any:
        labels = inputs["labels"]
        first = int((labels != _NOT_IN_LOSS).any(dim=0).float().argmax()) - 1
        output = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=labels.shape[1] - first,
            use_cache=False,
        )
        loss = torch.nn.functional.cross_entropy(
            output.logits[:, :-1].flatten(0, 1),
            labels[:, first + 1 :].flatten(),
            ignore_index=_NOT_IN_LOSS,
            reduction="sum",
        )
        loss = loss / self.tokens_a_batch
        return (loss, output) if return_outputs else loss

    def _get_train_sampler(self, *_args: Any, **_kwargs: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)  # type: ignore[arg-type]


class _Losses(TrainerCallback):
    """Remembers the loss, and tells how far it is."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._losses: list[float] = []

    @property
    def last(self) -> float:
        tail = self._losses[-max(1, len(self._losses) // 10) :]
        return sum(tail) / len(tail) if tail else float("nan")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_kwargs: Any) -> None:
        if logs and "loss" in logs:
            self._losses.append(float(logs["loss"]))
            self._on_progress(state.global_step, state.max_steps, self._losses[-1])


@dataclass(frozen=True, slots=True)
class _Padding:
    """Right-pads examples to the longest of their batch."""

    pad_id: int

    def __call__(self, examples: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(example["input_ids"]) for example in examples)

        def pad(rows: list[list[int]], value: int) -> torch.Tensor:
            return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

        tokens = [example["input_ids"] for example in examples]
        return {
            "input_ids": pad(tokens, self.pad_id),
            "labels": pad([example["labels"] for example in examples], _NOT_IN_LOSS),
            "attention_mask": pad([[1] * len(row) for row in tokens], 0),
        }


def _arguments(config: WarmStartConfig, seed: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(config.output.with_name(config.output.name + ".trainer")),
        per_device_train_batch_size=config.batch_size,
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=2,
        weight_decay=0.0,
        adam_beta2=0.95,  # of a hundred steps, 0.999 would still weigh the first ones, of another model, in the last
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        seed=seed,
        use_cpu=not torch.cuda.is_available(),
        bf16=torch.cuda.is_available() or compute_dtype() == "bfloat16",
        log_level="error",
    )


def _tokenize(turn: GoldTurn, template: ChatTemplate, tokenizer: Any) -> dict[str, list[int]]:
    prompt = template(turn.messages)
    answer = tokenizer(turn.answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    return {"input_ids": prompt + answer, "labels": [_NOT_IN_LOSS] * len(prompt) + answer}


def _answer_tokens(examples: list[dict[str, list[int]]]) -> int:
    return sum(label != _NOT_IN_LOSS for example in examples for label in example["labels"])


def _save(model: Any, tokenizer: Any, folder: Path) -> None:
    unfinished = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    # In float32 as it was trained: bfloat16 would round small updates away, and training reads what it needs.
    model.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    shutil.rmtree(folder.with_name(folder.name + ".trainer"), ignore_errors=True)


def _count_parsing(
    model: Any, tokenizer: Any, template: ChatTemplate, notes: Iterable[Note], max_new_tokens: int, explain: bool
) -> dict[Role, tuple[int, int]]:
    """Greedy answers to held-out prompts of both roles, and how many of them parse."""
    model.eval()
    asked: dict[Role, list[tuple[Note, Messages]]] = {role: [] for role in Role}
    for note in notes:
        asked[Role.ATTACKER].append((note, attacker_messages(note)))
        asked[Role.ASSESSOR].append((note, assessor_messages(note, explain)))
    counts = {}
    for role, prompts in asked.items():
        answers = _answer(model, tokenizer, [template(messages) for _, messages in prompts], max_new_tokens)
        pairs = zip(prompts, answers, strict=True)
        counts[role] = (sum(_parses(role, note, answer, explain) for (note, _), answer in pairs), len(prompts))
    return counts


@torch.no_grad()
def _answer(model: Any, tokenizer: Any, prompts: list[list[int]], max_new_tokens: int) -> list[str]:
    if not prompts:
        return []
    tokenizer.padding_side = "left"
    batch = tokenizer.pad({"input_ids": prompts}, return_tensors="pt").to(model.device)
    output = model.generate(
        **batch, max_new_tokens=max_new_tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id
    )
    return tokenizer.batch_decode(output[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)


def _parses(role: Role, note: Note, answer: str, explain: bool) -> bool:
    try:
        if role is Role.ATTACKER:
            parse_edit(answer, note)
        else:
            parse_assessment(answer, note, explain=explain)
    except ParseViolation:
        return False
    return True
