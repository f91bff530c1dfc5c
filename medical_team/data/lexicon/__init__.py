"""Medical terms by kind: what code can recognise without a language model.

``entries`` reads the files beside this one (diagnoses, drugs, organisms, procedures), ``terms`` how a term is compared
with a text, and ``lexicon`` what is found in a sentence and how two concepts are related.
"""

from medical_team.data.lexicon.entries import Concept, read_entries
from medical_team.data.lexicon.lexicon import Found, Lexicon, Relation, shipped, vocabulary

__all__ = ["Concept", "Found", "Lexicon", "Relation", "read_entries", "shipped", "vocabulary"]
