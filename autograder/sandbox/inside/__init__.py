"""What runs inside the sandbox. Imports the standard library, torch and IPython's parser; nothing of the platform.

The folder is mounted read-only into the sandbox as the package `inside`; the trusted side imports
`wire` and `channel` from it too, so both speak the same format.
"""
