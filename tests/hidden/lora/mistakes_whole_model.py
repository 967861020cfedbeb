"""Known mistakes in what is done with a whole model: rows for `mistakes.py`."""

ENDS = 'if any(f".{name}".endswith(f".{target}") for target in target_names)'
REPLACE = "setattr(model.get_submodule(parent), attribute, LoRALinear(layer, rank, alpha))"
NAMES, WRAPS = "test_apply_lora_names", "test_apply_lora_wraps_what_was_there"

APPLY_LORA = (
    ("substring", NAMES, "another layer than q_proj", (ENDS, "if any(target in name for target in target_names)")),
    ("plain_suffix", NAMES, "another layer than q_proj", (ENDS, "if name.endswith(tuple(target_names))")),
    (
        "anywhere_in_the_name",
        NAMES,
        "must END",
        (ENDS, 'if any(f".{target}." in f".{name}." for target in target_names)'),
    ),
    (
        "last_part_alone",
        NAMES,
        "several parts",
        (ENDS, 'if name.rpartition(".")[2] in [t.rpartition(".")[2] for t in target_names]'),
    ),
    ("last_part_equals_the_target", NAMES, "", (ENDS, 'if name.rpartition(".")[2] in target_names')),
    ("whole_name", NAMES, "", (ENDS, "if name in target_names")),
    ("not_at_the_top", NAMES, "every depth", (ENDS, 'if any(name.endswith(f".{target}") for target in target_names)')),
    (
        "set_on_the_model",
        NAMES,
        "no attribute of the model",
        ("setattr(model.get_submodule(parent), attribute,", "setattr(model, name,"),
    ),
    ("children_alone", NAMES, "", ("model.named_modules()", "model.named_children()")),
    ("all_targets_at_once", NAMES, "", ("if any(f", "if all(f")),
    ("every_linear_layer", NAMES, "another layer than q_proj", (ENDS, "if target_names")),
    ("counts_targets", "test_apply_lora_count", "each layer once", ("return len(found)", "return len(target_names)")),
    (
        "counts_matches",
        "test_apply_lora_count",
        "each layer once",
        ("return len(found)", 'return sum(f".{n}".endswith(f".{t}") for n in found for t in target_names)'),
    ),
    ("counts_nothing", "test_apply_lora_count", "how many layers", ("return len(found)", "return None")),
    ("returns_the_model", "test_apply_lora_count", "how many layers", ("return len(found)", "return model")),
    (
        "replaced_in_a_copy",
        WRAPS,
        "model that was passed in",
        (
            "    for name, layer in found.items():",
            "    import copy\n    model = copy.deepcopy(model)\n    for name, layer in found.items():",
        ),
    ),
    (
        "weights_lost",
        WRAPS,
        "very layer",
        ("LoRALinear(layer,", "LoRALinear(nn.Linear(layer.in_features, layer.out_features),"),
    ),
    (
        "weights_lost_in_a_small_model",
        "test_apply_lora_on_two_layers",
        "each layer that is meant",
        ("LoRALinear(layer,", "LoRALinear(nn.Linear(layer.in_features, layer.out_features),"),
    ),
    (
        "weights_copied",
        WRAPS,
        "very layer",
        (
            "    for name, layer in found.items():",
            "    import copy\n    for name, layer in found.items():\n        layer = copy.deepcopy(layer)",
        ),
    ),
    (
        "everything_frozen",
        WRAPS,
        "neither changed nor frozen",
        ("    for name, layer", "    model.requires_grad_(False)\n    for name, layer"),
    ),
    ("any_module", WRAPS, "", ("if isinstance(module, nn.Linear) and not", "if not")),
    (
        "base_wrapped_again",
        "test_apply_lora_again",
        "once more",
        (" and not any(module is base for base in adapted)", ""),
    ),
    ("silent", "test_apply_lora_without_a_match", "unnoticed", ("if not found:", "if False:")),
    ("key_error", "test_apply_lora_without_a_match", "ValueError", ("raise ValueError(", "raise KeyError(")),
    ("alpha_is_rank", "test_apply_lora_outputs", "the alpha that", ("(layer, rank, alpha)", "(layer, rank, rank)")),
    ("rank_fixed", "test_apply_lora_outputs", "the rank", ("(layer, rank, alpha)", "(layer, 8, 8 * alpha / rank)")),
    ("settings_swapped", "test_apply_lora_outputs", "", ("(layer, rank, alpha)", "(layer, int(alpha), rank)")),
    (
        "base_initialised_again",
        "test_apply_lora_outputs",
        "very layer",
        (REPLACE, f"layer.reset_parameters()\n        {REPLACE}"),
    ),
)

LAST = 'name.rpartition(".")[2] in ("lora_A", "lora_B")'

MARK = (
    ("substring", "test_mark_by_name", "somewhere in it", (LAST, '"lora_" in name')),
    ("suffix", "test_mark_by_name", "somewhere in it", (LAST, 'name.endswith(("lora_A", "lora_B"))')),
    ("any_part", "test_mark_by_name", "somewhere in it", (LAST, 'bool({"lora_A", "lora_B"} & set(name.split(".")))')),
    ("bias_trained", "test_mark_by_name", "Biases", (LAST, f'{LAST} or name.endswith("bias")')),
    (
        "only_freezes",
        "test_mark_by_name",
        "switch them on",
        ("parameter.requires_grad_(", "parameter.requires_grad_(parameter.requires_grad and "),
    ),
    (
        "freezes_nothing",
        "test_mark_by_name",
        "",
        ("parameter.requires_grad_(", "parameter.requires_grad_(parameter.requires_grad or "),
    ),
    ("upside_down", "test_mark_one_layer", "nothing else", (" in (", " not in (")),
    ("b_alone", "test_mark_one_layer", "two factors", ('("lora_A", "lora_B")', '("lora_B",)')),
    ("bases_alone_are_frozen", "test_mark_by_name", "", (LAST, '".base." not in name')),
    (
        "values_reset",
        "test_mark_changes_no_values",
        "changes no number",
        ("parameter.requires_grad_(", "parameter.data.normal_()\n        parameter.requires_grad_("),
    ),
)

IF_GRAD = " if parameter.requires_grad)"
COUNTS = "test_count_what_requires_grad"

COUNT = (
    ("everything", COUNTS, "Frozen parameters are counted", (IF_GRAD, ")")),
    ("tensors", COUNTS, "count the numbers", ("parameter.numel()", "1")),
    ("first_dimension", "test_count_of_a_linear_layer", "not tensors", ("parameter.numel()", "len(parameter)")),
    ("frozen_ones", COUNTS, "not the trainable ones", ("if parameter", "if not parameter")),
    (
        "factors_alone",
        COUNTS,
        "LoRA factors",
        (
            "parameter in model.parameters() if",
            'name, parameter in model.named_parameters() if name.endswith((".lora_A", ".lora_B")) and',
        ),
    ),
    (
        "tied_twice",
        COUNTS,
        "counted twice",
        ("parameter in model.parameters()", "_, parameter in model.named_parameters(remove_duplicate=False)"),
    ),
    ("bytes", "test_count_of_a_linear_layer", "Count numbers", ("parameter.numel()", "parameter.nbytes")),
    ("a_tensor", COUNTS, "Python int", ("return sum(", "return torch.tensor(0) + sum(")),
)

STATE, BACK = "test_lora_state_dict_entries", "test_lora_state_dict_goes_back"

LORA_STATE = (
    ("everything", "test_lora_state_of_one_layer", "nothing else", (f" if {LAST}", "")),
    ("substring", STATE, "somewhere in it", (LAST, '"lora" in name')),
    ("suffix", STATE, "somewhere in it", (LAST, 'name.endswith(("lora_A", "lora_B"))')),
    (
        "trainable_alone",
        STATE,
        "frozen or not",
        ("name: tensor for", "name: tensor.detach() for"),
        ("model.state_dict().items() if ", "model.named_parameters() if tensor.requires_grad and "),
    ),
    (
        "all_that_is_trainable",
        STATE,
        "somewhere in it",
        ("model.state_dict().items() if " + LAST, "model.named_parameters() if tensor.requires_grad"),
    ),
    ("parameters", STATE, "numbers alone", ("model.state_dict().items()", "model.named_parameters()")),
    (
        "names_shortened",
        "test_lora_state_of_one_layer",
        "full names",
        ("name: tensor for", 'name.rpartition(".")[2]: tensor for'),
    ),
    ("prefix_added", BACK, "find a place", ("name: tensor for", 'f"base_model.{name}": tensor for')),
    ("b_alone", STATE, "Factors are missing", ('("lora_A", "lora_B")', '("lora_B",)')),
    ("buffers_too", STATE, "buffers", (LAST, f"({LAST} or name in dict(model.named_buffers()))")),
    ("values_scaled", STATE, "with their values", ("name: tensor for", "name: 2 * tensor for")),
)

MISTAKES = {
    "apply_lora": APPLY_LORA,
    "mark_only_lora_trainable": MARK,
    "count_trainable_parameters": COUNT,
    "lora_state_dict": LORA_STATE,
}
