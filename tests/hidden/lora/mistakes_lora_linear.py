"""Known mistakes in LoRALinear: rows for `mistakes.py`."""

ZEROS = "base.weight.new_zeros(base.out_features, rank)"
RANDOM = "base.weight.new_empty(base.out_features, rank).normal_()"
NORMAL = "nn.init.normal_(self.lora_A, std=base.in_features**-0.5)"
SCALE = "self.scaling = alpha / rank"
UPDATE = "self.scaling * (x @ self.lora_A.T @ self.lora_B.T)"
DELTA = "return self.scaling * self.lora_B @ self.lora_A"
FREEZE = "self.base = base.requires_grad_(False)"
ADD, TAKE = "self.base.weight += self.delta_weight()", "self.base.weight -= self.delta_weight()"
VALUES, STARTS, MADE = (
    "test_lora_linear_values",
    "test_lora_linear_initialisation",
    "test_lora_linear_what_is_trainable",
)

LORA_LINEAR = (
    ("both_random", STARTS, "does not start at zero", (ZEROS, RANDOM)),
    ("both_zero", STARTS, "neither gets a gradient", (NORMAL, "nn.init.zeros_(self.lora_A)")),
    ("b_random_a_zero", "test_lora_linear_starts_as_base", "does not start at zero", (ZEROS, RANDOM), (NORMAL, "")),
    ("a_constant", STARTS, "rows of lora_A depend", (NORMAL, f"{NORMAL}; self.lora_A.data[1:] = self.lora_A.data[:1]")),
    ("a_positive", STARTS, "mean 0", (NORMAL, "nn.init.uniform_(self.lora_A)")),
    ("a_enormous", STARTS, "moderate spread", (NORMAL, "nn.init.normal_(self.lora_A, std=base.in_features**0.5)")),
    ("a_seeded", STARTS, "set no seed", (NORMAL, f"torch.manual_seed(0); {NORMAL}")),
    ("scale_alpha", VALUES, "by alpha alone", (SCALE, "self.scaling = alpha")),
    ("scale_absent", VALUES, "is not scaled", (UPDATE, "(x @ self.lora_A.T @ self.lora_B.T)")),
    ("scale_upside_down", VALUES, "upside down", (SCALE, "self.scaling = rank / alpha")),
    ("scale_by_the_root_of_the_rank", VALUES, "rsLoRA", (SCALE, "self.scaling = alpha / rank**0.5")),
    ("scale_integer_division", VALUES, "scaled path", (SCALE, "self.scaling = alpha // rank")),
    ("base_scaled_too", VALUES, "update alone", ("return y +", "return self.scaling * y +")),
    ("base_left_out", VALUES, "add it to what the base gives", (f"return y + {UPDATE}", f"return {UPDATE}")),
    ("bias_left_out", VALUES, "bias is missing", ("y = self.base(x)", "y = x @ self.base.weight.T")),
    ("update_subtracted", VALUES, "subtracted", (f"return y + {UPDATE}", f"return y - {UPDATE}")),
    ("transposes_missing", VALUES, "", (UPDATE, "self.scaling * (x @ self.lora_A @ self.lora_B)")),
    ("batches_alone", VALUES, "", (UPDATE, "self.scaling * (self.lora_B @ (self.lora_A @ x.T)).T")),
    ("update_detached", "test_lora_linear_gradients", "lora_A and lora_B", (UPDATE, f"({UPDATE}).detach()")),
    (
        "x_detached",
        "test_lora_linear_gradients",
        "lacks the update",
        ("(x @ self.lora_A.T", "(x.detach() @ self.lora_A.T"),
    ),
    (
        "base_without_graph",
        "test_lora_linear_gradients",
        "none through it",
        ("y = self.base(x)", "y = self.base(x).detach()"),
    ),
    ("base_left_trainable", MADE, "still asks for gradients", (FREEZE, "self.base = base")),
    ("bias_left_trainable", MADE, "and its bias", (FREEZE, "self.base = base; base.weight.requires_grad_(False)")),
    (
        "base_gets_gradients",
        "test_lora_linear_base_gets_no_gradient",
        "still asks for gradients",
        (FREEZE, "self.base = base"),
    ),
    ("base_trained", "test_lora_linear_can_be_trained", "still asks for gradients", (FREEZE, "self.base = base")),
    (
        "base_copied",
        MADE,
        "copy of the base",
        (FREEZE, "import copy\n        self.base = copy.deepcopy(base).requires_grad_(False)"),
    ),
    (
        "base_made_anew",
        MADE,
        "copy of the base",
        (FREEZE, "self.base = nn.Linear(base.in_features, base.out_features).requires_grad_(False)"),
    ),
    ("base_initialised_again", MADE, "weight that it came with", (FREEZE, f"{FREEZE}; nn.init.zeros_(base.weight)")),
    (
        "factors_are_no_parameters",
        MADE,
        "must be parameters",
        (
            "nn.Parameter(base.weight.new_empty(rank, base.in_features))",
            "base.weight.new_empty(rank, base.in_features)",
        ),
        (f"nn.Parameter({ZEROS})", ZEROS),
    ),
    (
        "b_frozen",
        "test_lora_linear_can_be_trained",
        "hardly lowers",
        (f"nn.Parameter({ZEROS})", f"nn.Parameter({ZEROS}, requires_grad=False)"),
    ),
    (
        "factors_in_float32",
        "test_lora_linear_dtype",
        "dtype of the base",
        ("base.weight.new_empty(rank", "torch.empty(rank"),
        ("base.weight.new_zeros(", "torch.zeros("),
    ),
    (
        "delta_not_scaled_by_hand",
        "test_lora_linear_delta_by_hand",
        "then scale",
        (DELTA, "return self.lora_B @ self.lora_A"),
    ),
    (
        "delta_not_scaled",
        "test_delta_weight_values",
        "missing from delta_weight",
        (DELTA, "return self.lora_B @ self.lora_A"),
    ),
    (
        "delta_transposed",
        "test_delta_weight_values",
        "transposed",
        (DELTA, "return self.scaling * (self.lora_B @ self.lora_A).T"),
    ),
    (
        "delta_in_the_wrong_order",
        "test_delta_weight_values",
        "",
        (DELTA, "return self.scaling * self.lora_A @ self.lora_B"),
    ),
    ("delta_detached", "test_delta_weight_values", "differentiable", (DELTA, f"{DELTA}.detach()")),
    (
        "delta_zero_when_merged",
        "test_merge_leaves_the_rest",
        "leave them as they are",
        (DELTA, "return self.scaling * self.lora_B @ self.lora_A * (not self.merged)"),
        (TAKE, "self.base.weight -= self.scaling * self.lora_B @ self.lora_A"),
    ),
    ("merges_twice", "test_merge", "second time", ("if not self.merged:", "if True:")),
    ("forward_ignores_merged", "test_merge", "counts twice", ("if self.merged:\n            return y", "")),
    (
        "merge_on_a_clone",
        "test_merge",
        "went into a copy",
        (ADD, "weight = self.base.weight.clone(); weight += self.delta_weight()"),
    ),
    (
        "merge_out_of_place",
        "test_merge_leaves_the_rest",
        "asks for gradients",
        (ADD, "self.base.weight = nn.Parameter(self.base.weight + self.delta_weight())"),
    ),
    ("merge_in_a_graph", "test_merge_leaves_the_rest", "and nothing else", ("with torch.no_grad():", "if True:")),
    ("merge_subtracts", "test_merge", "takes it away", (ADD, TAKE)),
    ("merge_transposed", "test_merge", "", (ADD, "self.base.weight += self.delta_weight().T")),
    ("merge_not_scaled", "test_merge", "adds delta_weight", (ADD, "self.base.weight += self.lora_B @ self.lora_A")),
    ("merge_clears_the_factors", "test_merge_leaves_the_rest", "still needed", (ADD, f"{ADD}; self.lora_B.zero_()")),
    (
        "merged_layer_detached",
        "test_merged_layer_hands_gradients_on",
        "forward detaches nothing",
        ("if self.merged:\n            return y", "if self.merged:\n            return y.detach()"),
    ),
    ("flag_never_set", "test_merge", "counts twice", ("self.merged = True", "pass")),
    ("starts_as_merged", MADE, "is not merged", ("self.merged = False\n\n", "self.merged = True\n\n")),
    ("unmerge_does_nothing", "test_unmerge", "still has the update", (TAKE, "pass")),
    (
        "unmerge_unasked",
        "test_unmerge",
        "although it is not",
        ("if self.merged:\n            with", "if True:\n            with"),
    ),
    ("unmerge_leaves_the_flag", "test_unmerge", "bool that merge", (f"{TAKE}\n            self.merged = False", TAKE)),
    (
        "factors_frozen_by_merge",
        "test_merge_leaves_the_rest",
        "lora_B trainable",
        ("self.merged = True", "self.merged = True; self.requires_grad_(False)"),
    ),
)

MISTAKES = {"LoRALinear": LORA_LINEAR}
