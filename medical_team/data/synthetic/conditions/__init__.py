"""The table of facts, a file a specialty; ``synthetic/table.py`` joins them."""
