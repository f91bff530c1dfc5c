"""Training: DeepSpeed groups and engines on a Ray cluster, and the self-play loop that drives them."""
