"""Known mistakes in QLoRALinear: rows for `mistakes.py`."""

WEIGHT = "weight = dequantize_nf4(self.codes, self.absmax, self.shape, self.block_size)"
BASE = "F.linear(x, weight, self.bias)"
UPDATE = "self.scaling * (x @ self.lora_A.T @ self.lora_B.T)"
SCALE = "block_size, alpha / rank"
KEPT = "codes, absmax = quantize_nf4(base.weight, block_size)"
NORMAL = "nn.init.normal_(self.lora_A, std=base.in_features**-0.5)"
ZEROS = "nn.Parameter(base.weight.new_zeros(base.out_features, rank))"
OUTPUT, ALONE, STATE = "test_qlora_linear_values", "test_qlora_linear_keeps_codes_alone", "test_qlora_linear_state_dict"
FACTORS = "test_qlora_linear_factors"

QLORA_LINEAR = (
    (
        "base_not_quantised",
        OUTPUT,
        "what its codes stand for",
        (KEPT, f"self.base = base; {KEPT}"),
        (WEIGHT, "weight = self.base.weight"),
    ),
    ("base_kept", ALONE, "as large as the weight", (KEPT, f"self.base = base.requires_grad_(False); {KEPT}")),
    ("base_kept_in_a_list", ALONE, "as large as the weight", (KEPT, f"self.kept = [base]; {KEPT}")),
    (
        "weight_dequantised_once",
        ALONE,
        "as large as the weight",
        (NORMAL, f"{NORMAL}\n        self.weight = dequantize_nf4(codes, absmax, self.shape, block_size)"),
        (WEIGHT, "weight = self.weight"),
    ),
    ("weight_cached", ALONE, "as large as the weight", (WEIGHT, f"{WEIGHT}; self.cached = weight")),
    (
        "weight_in_half_precision",
        ALONE,
        "as large as the weight",
        (KEPT, f"self.kept = base.weight.detach().half(); {KEPT}"),
    ),
    ("codes_in_int64", ALONE, "a byte each", ("nn.Buffer(codes)", "nn.Buffer(codes.long())")),
    (
        "bias_left_out_of_exact_weights",
        "test_qlora_linear_exact_weights",
        "bias included",
        (BASE, "F.linear(x, weight)"),
    ),
    ("bias_left_out", OUTPUT, "bias is missing", (BASE, "F.linear(x, weight)")),
    ("scale_alpha", OUTPUT, "by alpha alone", (SCALE, "block_size, alpha")),
    ("scale_absent", OUTPUT, "is not scaled", (SCALE, "block_size, 1.0")),
    ("scale_upside_down", OUTPUT, "upside down", (SCALE, "block_size, rank / alpha")),
    ("base_scaled_too", OUTPUT, "update alone", (f"return {BASE}", f"return self.scaling * {BASE}")),
    ("update_left_out", OUTPUT, "update is missing", (f"{BASE} + {UPDATE}", BASE)),
    (
        "block_size_ignored",
        OUTPUT,
        "both directions",
        ("quantize_nf4(base.weight, block_size)", "quantize_nf4(base.weight)"),
        ("self.shape, self.block_size)", "self.shape)"),
    ),
    ("block_size_ignored_going_back", OUTPUT, "", ("self.shape, self.block_size)", "self.shape)")),
    ("other_default", OUTPUT, "", ("block_size: int = 64", "block_size: int = 32")),
    ("transposes_missing", OUTPUT, "", (UPDATE, "self.scaling * (x @ self.lora_A @ self.lora_B)")),
    ("update_detached", "test_qlora_linear_gradients", "lora_A and lora_B", (UPDATE, f"({UPDATE}).detach()")),
    ("x_detached", "test_qlora_linear_gradients", "lacks the update", ("(x @ self", "(x.detach() @ self")),
    ("base_without_graph", "test_qlora_linear_gradients", "none through it", (BASE, f"{BASE}.detach()")),
    ("both_random", FACTORS, "does not start at zero", (NORMAL, f"{NORMAL}; nn.init.normal_(self.lora_B)")),
    ("both_zero", FACTORS, "neither gets a gradient", (NORMAL, "nn.init.zeros_(self.lora_A)")),
    ("a_positive", FACTORS, "mean 0", (NORMAL, "nn.init.uniform_(self.lora_A)")),
    (
        "bias_trained",
        FACTORS,
        "nothing else can be trained",
        ("nn.Buffer(base.bias.detach())", "nn.Parameter(base.bias.detach())"),
    ),
    (
        "bias_not_frozen",
        FACTORS,
        "nothing else can be trained",
        ("nn.Buffer(base.bias.detach())", "nn.Buffer(base.bias)"),
    ),
    ("absmax_trained", FACTORS, "nothing else can be trained", ("nn.Buffer(absmax)", "nn.Parameter(absmax)")),
    ("factors_are_no_parameters", FACTORS, "are parameters", (ZEROS, "base.weight.new_zeros(base.out_features, rank)")),
    (
        "b_frozen",
        "test_qlora_linear_can_be_trained",
        "hardly lowers",
        (ZEROS, "nn.Parameter(base.weight.new_zeros(base.out_features, rank), requires_grad=False)"),
    ),
    (
        "factors_in_float32",
        "test_qlora_linear_dtype",
        "dtype of the base",
        ("base.weight.new_empty(rank", "torch.empty(rank"),
        ("base.weight.new_zeros(", "torch.zeros("),
    ),
    ("codes_not_in_the_state", STATE, "no buffer", ("nn.Buffer(codes)", "codes")),
    ("absmax_not_in_the_state", STATE, "", ("nn.Buffer(absmax)", "absmax")),
    ("buffers_not_persistent", STATE, "no buffer", ("nn.Buffer(codes)", "nn.Buffer(codes, persistent=False)")),
    ("bias_not_registered", STATE, "", ("nn.Buffer(base.bias.detach())", "base.bias.detach()")),
)

MISTAKES = {"QLoRALinear": QLORA_LINEAR}
