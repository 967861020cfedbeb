"""Known mistakes in the positional encoding: rows for `mistakes.py`."""

EXPONENT = "(even / dim)"
ROWS = "torch.arange(length)"
RESULT = "torch.where(feature == even, angle.sin(), angle.cos())"
EVEN = "even = feature - feature % 2"

POSITIONAL_ENCODING = (
    ("doubled_exponent", "test_encoding_values", "twice as fast", (EXPONENT, "(2 * even / dim)")),
    ("integer_division", "test_encoding_values", "precedence", (EXPONENT, "(even // dim)")),
    ("precedence", "test_encoding_values", "precedence", (EXPONENT, "(feature // dim // 2)")),
    ("halved_exponent", "test_encoding_values", "half as fast", (EXPONENT, "(even / 2 / dim)")),
    (
        "one_frequency_a_feature",
        "test_encoding_values",
        "one of its own",
        (EVEN, "even = feature"),
        ("feature == even", "feature % 2 == 0"),
    ),
    (
        "one_fast_frequency_a_feature",
        "test_encoding_values",
        "one of its own",
        (EVEN, "even = 2 * feature"),
        ("feature == even", "feature % 2 == 0"),
    ),
    (
        "cosine_first",
        "test_encoding_values",
        "changed places",
        ("angle.sin(), angle.cos()", "angle.cos(), angle.sin()"),
    ),
    (
        "halves",
        "test_encoding_values",
        "alternate",
        (RESULT, "torch.cat([angle.sin()[:, 0::2], angle.cos()[:, 1::2]], dim=1)"),
    ),
    ("one_based", "test_encoding_values", "counted from 0", (ROWS, "torch.arange(1, length + 1)")),
    (
        "last_exponent_one",
        "test_encoding_values",
        "never reaches 1",
        (EXPONENT, "(even / max(dim - 2, 1))"),
    ),
    ("growing", "test_encoding_values", "divided by a power", (f"/ 10000 ** {EXPONENT}", f"* 10000 ** {EXPONENT}")),
    (
        "whole_turns",
        "test_encoding_values",
        "radians",
        ("angle.sin(), angle.cos()", "(2 * math.pi * angle).sin(), (2 * math.pi * angle).cos()"),
    ),
    ("transposed", "test_encoding_values", "transposed", (RESULT, f"{RESULT}.T")),
    ("period_of_1000", "test_encoding_values", "power of 10000", ("10000 **", "1000 **")),
    ("rescaled", "test_encoding_values", "power of 10000", (ROWS, "torch.arange(length) / length")),
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
        (EXPONENT, "(even / (dim + dim % 2))"),
    ),
    (
        "odd_length_rounded_down",
        "test_encoding_of_odd_length",
        "an even number of features",
        (EXPONENT, "(even / max(dim - dim % 2, 1))"),
    ),
    (
        "last_sine_left_out",
        "test_encoding_of_odd_length",
        "a sine alone",
        (RESULT, f"F.pad({RESULT}[:, : dim - dim % 2], (0, dim % 2))"),
    ),
    ("wrapped", "test_encoding_of_late_positions", "Late positions", (ROWS, "(torch.arange(length) % 512)")),
    ("float64", "test_encoding_dtype", "default floating-point dtype", (RESULT, f"{RESULT}.double()")),
    ("float32", "test_encoding_dtype", "default floating-point dtype", (RESULT, f"{RESULT}.float()")),
    ("learnt", "test_encoding_dtype", "nothing to be learnt", (RESULT, f"nn.Parameter({RESULT})")),
)

MISTAKES = {"sinusoidal_positional_encoding": POSITIONAL_ENCODING}
