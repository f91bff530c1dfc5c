"""The words and the records of the game: what crosses the borders between rooms.

Every value here is immutable and plain Python, so that it pickles through Ray and costs nothing to import.
Vocabularies are closed: a new game type, error type or outcome is a new member with a line of meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """Who writes a turn and is trained on it."""

    ATTACKER = "attacker"
    """Plants an error in a note, or makes the one that is there harder to see."""
    ASSESSOR = "assessor"
    """Reads the note and says whether it is safe and where it is wrong."""


class Verdict(StrEnum):
    """What an assessor says of a note, and what is true of it."""

    SAFE = "Safe"
    HARMFUL = "Harmful"


class GameType(StrEnum):
    """How a game starts and what becomes of its note: the facts that everything else about a type follows from.

    Attributes:
        source_truth: Whether its games start from error notes or from clean ones.
        shown_truth: Whether the note that the assessor sees has an error.
        has_attacker: Whether the attacker has a turn.
    """

    source_truth: Verdict
    shown_truth: Verdict
    has_attacker: bool

    def __new__(cls, name: str, source_truth: Verdict, shown_truth: Verdict, has_attacker: bool) -> GameType:
        member = str.__new__(cls, name)
        member._value_ = name
        member.source_truth, member.shown_truth, member.has_attacker = source_truth, shown_truth, has_attacker
        return member

    VANILLA_HARMFUL = "vanilla_harmful", Verdict.HARMFUL, Verdict.HARMFUL, False
    """An error note as it is; no attacker."""
    ADVERSARIAL_HARMFUL = "adversarial_harmful", Verdict.HARMFUL, Verdict.HARMFUL, True
    """An error note; the attacker turns its error into one that is harder to see."""
    VANILLA_BENIGN = "vanilla_benign", Verdict.SAFE, Verdict.SAFE, False
    """A clean note as it is; no attacker."""
    ADVERSARIAL_BENIGN = "adversarial_benign", Verdict.SAFE, Verdict.HARMFUL, True
    """A clean note; the attacker plants an error."""

    @property
    def vanilla(self) -> GameType:
        """The type without an attacker that shows a note of the same class."""
        return next(kind for kind in GameType if not kind.has_attacker and kind.shown_truth is self.shown_truth)


def harmful_share(mix: Mapping[GameType, float]) -> float:
    """Share of the games of a mix (weights, in any unit) in which the note shown has an error, in [0, 1]."""
    safe = sum(weight for kind, weight in mix.items() if kind.shown_truth is Verdict.SAFE)
    return 1.0 - safe / sum(mix.values())


class ErrorType(StrEnum):
    """MEDEC's five kinds of error, spelled as its files spell them."""

    DIAGNOSIS = "diagnosis"
    MANAGEMENT = "management"
    TREATMENT = "treatment"
    PHARMACOTHERAPY = "pharmacotherapy"
    CAUSAL_ORGANISM = "causalOrganism"


class Outcome(StrEnum):
    """How a game ended. Only ``COUNTED`` games carry the zero-sum terms."""

    COUNTED = "counted"
    """Both sides answered, and construction and judge agree."""
    GATED = "gated"
    """The attacker's answer did not parse or its edit failed a gate: the attacker pays, nobody else plays."""
    MALFORMED = "malformed"
    """The assessor's answer did not parse: the assessor pays, the attacker's turn is not trained on."""
    QUARANTINED = "quarantined"
    """Judge and construction disagree, or the judge cannot tell: the attacker pays, the assessor gets nothing."""
    JUDGE_FAILED = "judge_failed"
    """No audit came back: a failure of the judge is never a reward."""
    ENGINE_FAILED = "engine_failed"
    """No answer came back from an engine: neither is that."""


@dataclass(frozen=True, slots=True)
class Note:
    """One clinical note and its gold annotation.

    Attributes:
        note_id: Unique in its data set; contains no clinical text.
        sentences: The note sentence by sentence; an index is a sentence id.
        group: The twin group. Notes of a group are about the same case: split, shuffle and bootstrap by it.
        error_type: The kind of the gold error; ``None`` for a clean note.
        error_sentence_id: Where the gold error is; ``None`` for a clean note.
        corrected_sentence: What the error sentence should say; ``None`` for a clean note.
        condition: The condition a synthetic note was composed from; ``None`` for notes from elsewhere.
    """

    note_id: str
    sentences: tuple[str, ...]
    group: str
    error_type: ErrorType | None = None
    error_sentence_id: int | None = None
    corrected_sentence: str | None = None
    condition: str | None = None

    @property
    def has_error(self) -> bool:
        return self.error_sentence_id is not None

    @property
    def truth(self) -> Verdict:
        return Verdict.HARMFUL if self.has_error else Verdict.SAFE


@dataclass(frozen=True, slots=True)
class Edit:
    """An attacker's move: one sentence of the note, replaced."""

    sentence_id: int
    replacement: str
    error_type: ErrorType


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessor's answer. Sentence and correction are ``None`` exactly when the verdict is Safe; the explanation also
    where none is asked for (``judge.explanations``)."""

    verdict: Verdict
    sentence_id: int | None = None
    correction: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """What an engine returned for one prompt.

    Attributes:
        prompt_ids: Token ids of the prompt, as sent.
        response_ids: Token ids sampled, the end-of-sequence token included where there is one.
        text: The response, decoded without special tokens.
        truncated: Whether the token limit ended it.
        logprobs: Log-probability of each response token under the engine, or ``None`` when not asked for.
        engine_version: Number of weight updates the engine had received when it answered.
    """

    prompt_ids: tuple[int, ...]
    response_ids: tuple[int, ...]
    text: str
    truncated: bool = False
    logprobs: tuple[float, ...] | None = None
    engine_version: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One role's move in a game: what it was asked, what it wrote, and what was read from that.

    ``violation`` names the parse violation or gate that failed (a reason code), ``None`` when all is well;
    ``seconds`` is the time from asking to the answer.
    """

    role: Role
    generation: Generation
    thinking: str = ""
    violation: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Audit:
    """A judge's opinion of an attacker's edit.

    Attributes:
        is_error: Is the edited note wrong where it was edited? ``None``: cannot be told.
        realism: How plausible the sentence is in a real note, in [0, 1]; ``None`` when the judge does not score it.
        keeps_to_type: Does the error belong to the type the attacker claimed? ``None`` when not scored.
        explanation_right: Does the assessor's explanation name what is wrong? ``None`` when not scored.
        correction_right: Does the assessor's correction make the note right again? ``None`` when not scored.
        judge: Name and version of the judge.
        reason: A reason code; never clinical text.
        seconds: Time from asking to the opinion; the manager fills it in.
    """

    is_error: bool | None
    judge: str
    reason: str
    realism: float | None = None
    keeps_to_type: bool | None = None
    explanation_right: bool | None = None
    correction_right: bool | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """A role's reward in one game, term by term. ``total`` is what training sees.

    ``detection``, ``localisation`` and ``correction`` are zero-sum between the roles; the others are shaping.
    """

    detection: float = 0.0
    localisation: float = 0.0
    correction: float = 0.0
    format: float = 0.0
    realism: float = 0.0
    explanation: float = 0.0
    unconfirmed: float = 0.0

    @property
    def zero_sum(self) -> float:
        return self.detection + self.localisation + self.correction

    @property
    def shaping(self) -> float:
        return self.format + self.realism + self.explanation + self.unconfirmed

    @property
    def total(self) -> float:
        return self.zero_sum + self.shaping


@dataclass(frozen=True, slots=True)
class Baselines:
    """What a policy does on average, from which its rewards are counted; each in [0, 1].

    The defaults hold where nothing was measured: a policy that names one of a note's two statements is right in half
    of the cases, and realism can only deduct.

    Attributes:
        hit_rate: Of the errors that were found, the share in which the right sentence was named.
        realism: Mean realism of the edits that were counted.
        malformed_harmful, malformed_safe: Of the answers that announce this verdict, the share that does not parse.
    """

    hit_rate: float = 0.5
    realism: float = 1.0
    malformed_harmful: float = 0.0
    malformed_safe: float = 0.0

    def malformed(self, verdict: Verdict) -> float:
        return self.malformed_harmful if verdict is Verdict.HARMFUL else self.malformed_safe


NOTHING_MEASURED = Baselines()


@dataclass(frozen=True, slots=True)
class Deal:
    """One game to be played: everything that decides it before anybody has answered.

    Attributes:
        game_id: Position in the deck, counted from 0 over the whole run; the sampling seeds derive from it.
        game_type: One of the four.
        note: The source note.
        seed: Of this game; every engine request's seed derives from it, the role and the attempt.
    """

    game_id: int
    game_type: GameType
    note: Note
    seed: int


@dataclass(frozen=True, slots=True)
class Game:
    """A finished game.

    ``shown`` is the note the assessor saw, whose truth is known by construction; ``baselines`` are those that it is
    scored with.
    """

    deal: Deal
    outcome: Outcome
    shown: Note | None = None
    edit: Edit | None = None
    turns: tuple[Turn, ...] = ()
    assessment: Assessment | None = None
    audit: Audit | None = None
    rewards: Mapping[Role, RewardTerms] = field(default_factory=dict)
    reason: str | None = None
    seconds: float = 0.0
    baselines: Baselines = NOTHING_MEASURED

    def turn(self, role: Role) -> Turn | None:
        return next((turn for turn in self.turns if turn.role is role), None)


@dataclass(frozen=True, slots=True)
class Sample:
    """One trainable turn: a role's tokens and its reward. The rollout room makes it an Experience.

    Attributes:
        game_id, role, game_type: Where it came from; the advantages are computed a role at a time.
        prompt_ids, response_ids: Token ids, prompt and answer.
        reward: Sum of the role's reward terms.
        truncated: Whether the token limit ended the answer.
        logprobs: The engine's log-probabilities of the answer, where they were asked for.
    """

    game_id: int
    role: Role
    game_type: GameType
    prompt_ids: tuple[int, ...]
    response_ids: tuple[int, ...]
    reward: float
    truncated: bool = False
    logprobs: tuple[float, ...] | None = None


EstimatorName = Literal["gae", "reinforce"]
"""PPO with a critic, or REINFORCE++ without one."""
