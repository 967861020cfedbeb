"""Reference implementations, one topic a file. They import torch alone."""
