"""Automatic mutants of the reference: what changes them (`cosmic`, `tensor_*`), all of a question (`generate`), and
which of them are no mistakes (`equivalent`)."""
