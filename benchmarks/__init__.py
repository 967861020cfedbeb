"""Benchmarks: what grading one more submission costs, beside stock nbgrader and Otter. See README.md here.

python -m benchmarks            full size: 20 and 40 submissions
python -m benchmarks --quick    4 and 8
python -m benchmarks.profile    where the time of one worker goes
python -m benchmarks.scale      2 000 submissions in one run
"""
