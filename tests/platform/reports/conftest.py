"""A generated class: seeded, with abilities, question difficulties and the hints of real mistakes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Assignment, Course, find_course
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult, score_question

ROOT = Path(__file__).parents[3]

# question -> (how hard, [(test, title, weight, hint)])
SUITE: dict[str, tuple[float, list[tuple[str, str, float, str]]]] = {
    "reparameterize": (-0.9, [
        ("test_shape", "z has the shape of mu.", 1, "z has one entry for each entry of mu."),
        ("test_gradient_reaches_mu", "The gradient of z reaches mu.", 2, "Compute z from mu itself; a detached copy stops the gradient."),
        ("test_gradient_reaches_logvar", "The gradient of z reaches logvar.", 2, "Drawing with .sample() cuts the graph: scale noise of your own by the standard deviation."),
        ("test_spread", "z has the standard deviation that logvar asks for.", 3, "logvar is the logarithm of the variance; the standard deviation is its square root."),
    ]),
    "kl_divergence": (-0.1, [
        ("test_known_value", "The divergence of N(0, 4) from N(0, 1) is right.", 3, "Check the sign and the −1 of each term, and that sigma² is exp(logvar)."),
        ("test_sums_over_latents", "The divergence is summed over the latent dimensions.", 2, "Independent dimensions add up: sum over D, do not average."),
        ("test_zero_at_the_prior", "The divergence of the prior from itself is zero.", 1, "With mu = 0 and logvar = 0 nothing is left."),
        ("test_gradient", "The gradient is that of the closed form.", 2, "Differentiate the formula by hand and compare the sign."),
    ]),
    "reconstruction_loss": (0.1, [
        ("test_one_value_per_example", "There is one loss for each example.", 2, "Sum over the pixels and keep the batch."),
        ("test_images", "Images [B, 1, H, W] are flattened.", 2, "Flatten x to the shape of recon_x before you compare them."),
        ("test_probabilities", "recon_x is taken as probabilities.", 3, "recon_x has been through a sigmoid already; the with-logits form applies it twice."),
    ]),
    "elbo_loss": (0.5, [
        ("test_sum_over_batch", "The loss is the sum over the batch.", 3, "Sum, do not average: a mean of one term and a sum of the other differ by a factor of B·784."),
        ("test_beta", "beta scales the divergence alone.", 2, "beta weighs the divergence and leaves the reconstruction as it is."),
        ("test_beta_zero", "With beta = 0 the reconstruction is left.", 1, "beta = 0 turns the divergence off."),
    ]),
    "VAE": (0.2, [
        ("test_shapes", "forward gives recon_x, mu and logvar with their shapes.", 2, "forward returns three tensors in this order: recon_x, mu, logvar."),
        ("test_probabilities", "decode gives probabilities.", 2, "End the decoder with a sigmoid."),
        ("test_samples_in_eval_mode", "Sampling happens in eval mode, too.", 1, "The latent is a random variable whatever the mode."),
        ("test_images", "Images are accepted.", 1, "Flatten x at the start of encode."),
        ("test_training_lowers_the_loss", "A few training steps lower the loss.", 3, "Register the layers as attributes in __init__, so that the optimiser finds their parameters."),
    ]),
    "generate": (0.0, [
        ("test_draws_from_prior", "Samples come from the prior.", 3, "Draw z from N(0, I) and decode it; encodings of data are not samples of the prior."),
        ("test_no_gradient", "No gradient is recorded.", 1, "Nothing is trained here: say so with torch.no_grad()."),
    ]),
    "interpolate": (-0.6, [
        ("test_end_points", "The line starts at z0 and ends at z1.", 2, "The first row is z0 and the last row is z1."),
        ("test_straight", "The points lie evenly on a straight line.", 2, "Weights from 0 to 1 in equal steps."),
    ]),
    "ConditionalVAE": (0.9, [
        ("test_encoder_sees_label", "The encoder sees the label.", 3, "Give y to the encoder as well: concatenate it to x."),
        ("test_decoder_sees_label", "The decoder sees the label.", 3, "Give y to the decoder as well: concatenate it to z."),
        ("test_labels_are_categories", "Labels are categories, not amounts.", 2, "Turn y into one-hot vectors or an embedding; class 9 is not nine times class 1."),
    ]),
}  # fmt: skip
FIRST = "ada alan barbara carl claude daphne edsger emmy evariste fei frances geoffrey grace ian john judea karen kurt leslie lise margaret marie maryam noether radia richard rosalind shafi sofia srinivasa stephen terence yann".split()  # noqa: E501
LAST = "ábel bauer chen dubois eze fischer garcía hansen ito jansen kim lopez müller novak okafor petrov rossi singh tanaka weber".split()


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The real course, with an empty class."""
    return find_course(ROOT, data=tmp_path_factory.mktemp("class"))


@pytest.fixture(scope="session")
def vae(course: Course) -> Assignment:
    return course.assignment("vae")


@pytest.fixture(scope="session")
def make_run(vae: Assignment) -> Callable[..., GradeRun]:
    """make_run(students=60, seed=0, isolation="bubblewrap") -> GradeRun."""

    def make(students: int = 60, seed: int = 0, isolation: str = "bubblewrap") -> GradeRun:
        points = {q.name: q.points for q in vae.questions}
        draw = random.Random(seed)
        return GradeRun("vae", isolation, tuple(_submission(draw, n, points) for n in range(students)))

    return make


def _submission(draw: random.Random, number: int, points: dict[str, float]) -> SubmissionResult:
    name = f"{draw.choice(FIRST)}-{draw.choice(LAST)}-{number:02}"
    if draw.random() < 0.03:
        return SubmissionResult(name, Status.UNREADABLE, 0, sum(points.values()), 0.01, ("The notebook is not valid JSON (line 1, column 1).",))
    ability = draw.gauss(0.9, 0.8)
    questions = tuple(_question(draw, q, points[q], ability) for q in SUITE)
    problems: tuple[str, ...] = ()
    status = Status.GRADED
    if draw.random() < 0.1:
        status = Status.PARTIAL
        problems = (f"Cell {draw.randint(3, 20)} raised NameError: name 'device' is not defined.",)
    return SubmissionResult(name, status, sum(q.score for q in questions), sum(points.values()), draw.uniform(0.1, 0.4), problems, questions)


def _question(draw: random.Random, name: str, points: float, ability: float) -> QuestionResult:
    hardness, suite = SUITE[name]
    mood = ability - hardness + draw.gauss(0, 0.7)
    tests = tuple(_test(draw, name, test, mood) for test in suite)
    carried = ("kl_divergence",) if name == "elbo_loss" and draw.random() < 0.15 else ()
    return QuestionResult(name, points, score_question(points, tests), carried, tests)


def _test(draw: random.Random, question: str, test: tuple[str, str, float, str], mood: float) -> TestResult:
    name, title, weight, hint = test
    outcome = Outcome.PASSED if mood + draw.gauss(0, 0.6) > 0 else Outcome.FAILED
    if outcome is Outcome.FAILED and draw.random() < 0.06:
        outcome = draw.choice([Outcome.TIMEOUT, Outcome.CRASHED])
    if question == "interpolate" and name == "test_straight" and draw.random() < 0.03:
        outcome = Outcome.ERROR
    if (question, name) == ("ConditionalVAE", "test_labels_are_categories"):
        outcome = Outcome.FAILED
    if outcome is Outcome.PASSED:
        return TestResult(name, title, outcome, weight, "", draw.uniform(0.001, 0.01))
    detail = f"the result: {draw.gauss(0, 1):.8g} where {draw.gauss(0, 1):.8g} was expected (flat index {draw.randint(0, 11)} of 12)"
    return TestResult(name, title, outcome, weight, hint, draw.uniform(0.001, 0.01), detail)
