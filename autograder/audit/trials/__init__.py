"""Run a hidden suite against our own code by the thousand: variants of the reference, in forked processes.

For mutants, mistakes, alternatives and the reference, never for student code: nothing here confines anything. A
trial costs a fork and not a notebook, and has limits of time and memory all the same, since mutants may loop or grow.
"""
