"""What a run would start and whether it fits, before anything starts. Plain arithmetic without the stack.

``placement`` counts actors, GPUs and nodes, ``formulas`` holds the memory formulas with their sources, ``gpu`` and
``host`` add them up for a card and for a process on CPU, ``advice`` looks for the change that would make a run fit.
Driven by ``launch/train_ppo_ray.py --plan``; the numbers are shown by ``report.plan``.
"""
