"""A language model as judge: ``llm`` asks, ``prompts`` is what it is shown, ``opinion`` what it may answer.

``sanitise`` is what becomes of anything a player wrote before a model reads it. What runs the model is elsewhere: an
engine of the run, or ``http.openai`` for an endpoint.
"""
