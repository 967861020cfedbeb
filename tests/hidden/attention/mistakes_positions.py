"""Known mistakes in the positional encoding: rows for `mistakes.py`."""

EXPONENT = "((feature - odd) / dim)"
ROWS = "torch.arange(length)[:, None]"
RESULT = "torch.where(odd.bool(), angle.cos(), angle.sin())"

POSITIONAL_ENCODING = (
    ("doubled_exponent", "test_encoding_values", "twice as fast", (EXPONENT, "(2 * (feature - odd) / dim)")),
    ("integer_division", "test_encoding_values", "precedence", (EXPONENT, "((feature - odd) // dim)")),
    ("precedence", "test_encoding_values", "precedence", (EXPONENT, "(feature // dim // 2)")),
    ("halved_exponent", "test_encoding_values", "half as fast", (EXPONENT, "((feature - odd) / 2 / dim)")),
    (
        "one_frequency_a_feature",
        "test_encoding_values",
        "one of its own",
        (EXPONENT, "(feature / dim)"),
    ),
    (
        "one_fast_frequency_a_feature",
        "test_encoding_values",
        "one of its own",
        (EXPONENT, "(2 * feature / dim)"),
    ),
    (
        "cosine_first",
        "test_encoding_values",
        "changed places",
        ("angle.cos(), angle.sin()", "angle.sin(), angle.cos()"),
    ),
    (
        "halves",
        "test_encoding_values",
        "alternate",
        (RESULT, "torch.cat([angle.sin()[:, 0::2], angle.cos()[:, 1::2]], dim=1)"),
    ),
    ("one_based", "test_encoding_values", "counted from 0", (ROWS, "torch.arange(1, length + 1)[:, None]")),
    (
        "last_exponent_one",
        "test_encoding_values",
        "never reaches 1",
        (EXPONENT, "((feature - odd) / max(dim - 2, 1))"),
    ),
    ("growing", "test_encoding_values", "divided by a power", ("/ period", "* period")),
    (
        "whole_turns",
        "test_encoding_values",
        "radians",
        ("angle.cos(), angle.sin()", "(2 * math.pi * angle).cos(), (2 * math.pi * angle).sin()"),
    ),
    ("transposed", "test_encoding_values", "transposed", (RESULT, f"{RESULT}.T")),
    ("period_of_1000", "test_encoding_values", "power of 10000", ("10000 **", "1000 **")),
    ("rescaled", "test_encoding_values", "power of 10000", (ROWS, "torch.arange(length)[:, None] / length")),
    (
        "odd_length_crashes",
        "test_encoding_of_odd_length",
        "",
        (RESULT, "torch.stack([angle.sin()[:, 0::2], angle.cos()[:, 1::2]], dim=2).flatten(1)"),
    ),
    (
        "odd_length_rounded_up",
        "test_encoding_of_odd_length",
        "an even number of features",
        (EXPONENT, "((feature - odd) / (dim + dim % 2))"),
    ),
    (
        "odd_length_rounded_down",
        "test_encoding_of_odd_length",
        "an even number of features",
        (EXPONENT, "((feature - odd) / max(dim - dim % 2, 1))"),
    ),
    (
        "last_sine_left_out",
        "test_encoding_of_odd_length",
        "a sine alone",
        (RESULT, f"F.pad({RESULT}[:, : dim - dim % 2], (0, dim % 2))"),
    ),
    ("sines_alone", "test_encoding_is_about_distance", "its cosine", (RESULT, "angle.sin()")),
    (
        "halves_in_use",
        "test_encoding_finds_the_neighbour",
        "side by side",
        (RESULT, "torch.cat([angle.sin()[:, 0::2], angle.cos()[:, 1::2]], dim=1)"),
    ),
    (
        "cosine_first_in_public",
        "test_encoding_of_the_first_position",
        "a sine comes first",
        ("angle.cos(), angle.sin()", "angle.sin(), angle.cos()"),
    ),
    (
        "one_based_in_public",
        "test_encoding_of_the_second_position",
        "1 radian",
        (ROWS, "torch.arange(1, length + 1)[:, None]"),
    ),
    ("wrapped", "test_encoding_of_late_positions", "Late positions", (ROWS, "(torch.arange(length) % 512)[:, None]")),
    ("float64", "test_encoding_dtype", "default floating-point dtype", (RESULT, f"{RESULT}.double()")),
    ("float32", "test_encoding_dtype", "default floating-point dtype", (RESULT, f"{RESULT}.float()")),
    ("learnt", "test_encoding_dtype", "nothing to be learnt", (RESULT, f"nn.Parameter({RESULT})")),
)

MISTAKES = {"sinusoidal_positional_encoding": POSITIONAL_ENCODING}
