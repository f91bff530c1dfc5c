"""What code can tell of an edit without a language model: a wrong choice, a contradiction, an impossible quantity.

Each file has one function that compares the sentence before and after, and says nothing where there is doubt.
"""
