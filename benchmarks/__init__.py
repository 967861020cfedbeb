"""Benchmarks: what grading one more submission costs, beside stock nbgrader. See README.md here.

python -m benchmarks            full size: 20 and 40 submissions
python -m benchmarks --quick    4 and 8
"""
