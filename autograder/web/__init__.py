"""What the sites for staff and for students have in common: who may come in, how a page answers, how it is served."""
