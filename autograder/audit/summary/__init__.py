"""From the results of trials to figures: mutants killed, flaky outcomes, tolerances, what each test is worth."""
