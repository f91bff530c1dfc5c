"""The data room: where notes come from, how they are split and kept, and in which order games are dealt from them.

Nothing here knows a role or a reward. ``dataset.load_notes`` is the door; ``deck.Deck`` is what the manager holds.
"""
