"""Right answers in other styles: the time embedding and the U-Net."""

from autograder.suite import Alternative

TIMESTEP_EMBEDDING = (
    Alternative(
        question="timestep_embedding",
        name="exponential_of_a_logarithm",
        source="""
            def timestep_embedding(timesteps, dim, max_period=10000):
                half = dim // 2
                steps = torch.arange(start=0, end=half, dtype=torch.get_default_dtype(), device=timesteps.device)
                freqs = torch.exp(-math.log(max_period) * steps / half)
                args = timesteps[:, None] * freqs[None]
                return torch.cat([torch.cos(args), torch.sin(args)], dim=-1)
        """,
    ),
    Alternative(
        question="timestep_embedding",
        name="float64_inside",
        source="""
            def timestep_embedding(t, dim, max_period=10000):
                frequencies = torch.logspace(0, -1, dim // 2 + 1, base=max_period, dtype=torch.float64)[:-1]
                angle = torch.outer(t.double(), frequencies.to(t.device))
                return torch.hstack((angle.cos(), angle.sin())).to(torch.get_default_dtype())
        """,
    ),
    Alternative(
        question="timestep_embedding",
        name="complex",
        source="""
            def timestep_embedding(t, dim, max_period=10000):
                i = torch.arange(dim // 2, device=t.device)
                phase = t.float().reshape(-1, 1) / max_period ** (2 * i / dim)
                wave = torch.polar(torch.ones_like(phase), phase)
                return torch.cat([wave.real, wave.imag], 1)
        """,
    ),
    Alternative(
        question="timestep_embedding",
        name="python_loop",
        source="""
            def timestep_embedding(t, dim, max_period=10000):
                rows = []
                for step in t.tolist():
                    angles = [step * max_period ** (-i / (dim / 2)) for i in range(dim // 2)]
                    rows.append([math.cos(a) for a in angles] + [math.sin(a) for a in angles])
                return torch.tensor(rows)
        """,
    ),
    Alternative(
        question="timestep_embedding",
        name="filled_in",
        source="""
            def timestep_embedding(t, dim, max_period=10000):
                embedding = torch.zeros(t.shape[0], dim)
                for i in range(dim // 2):
                    embedding[:, i] = torch.cos(t * max_period ** (-2 * i / dim))
                    embedding[:, i + dim // 2] = torch.sin(t * max_period ** (-2 * i / dim))
                return embedding
        """,
    ),
)

NORM1, NORM2 = "nn.GroupNorm(8, in_channels)", "nn.GroupNorm(8, out_channels)"

RESIDUAL_BLOCK = (
    Alternative(
        question="ResidualBlock", name="no_normalisation", edits=((NORM1, "nn.Identity()"), (NORM2, "nn.Identity()"))
    ),
    Alternative(
        question="ResidualBlock",
        name="one_group",
        edits=((NORM1, "nn.GroupNorm(1, in_channels)"), (NORM2, "nn.GroupNorm(1, out_channels)")),
    ),
    Alternative(question="ResidualBlock", name="relu", edits=(("F.silu", "F.relu"),)),
    Alternative(
        question="ResidualBlock",
        name="norm_after_the_convolution",
        source="""
            class ResidualBlock(nn.Module):
                def __init__(self, in_channels, out_channels, time_dim):
                    super().__init__()
                    self.first = nn.Sequential(
                        nn.Conv2d(in_channels, out_channels, 3, padding="same"),
                        nn.GroupNorm(4, out_channels),
                        nn.GELU(),
                    )
                    self.embed = nn.Sequential(nn.Linear(time_dim, out_channels), nn.SiLU())
                    self.second = nn.Sequential(
                        nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.GroupNorm(4, out_channels), nn.GELU()
                    )
                    if in_channels != out_channels:
                        self.residual = nn.Conv2d(in_channels, out_channels, 1, bias=False)
                    else:
                        self.residual = None

                def forward(self, x, temb):
                    h = self.first(x)
                    h = h + self.embed(temb).unsqueeze(-1).unsqueeze(-1)
                    h = self.second(h)
                    return h + (x if self.residual is None else self.residual(x))
        """,
    ),
    Alternative(
        question="ResidualBlock",
        name="scale_and_shift",
        edits=(
            ("nn.Linear(time_dim, out_channels)", "nn.Linear(time_dim, 2 * out_channels)"),
            (
                "h = h + self.time(F.silu(temb))[:, :, None, None]",
                "scale, shift = self.time(F.silu(temb))[:, :, None, None].chunk(2, dim=1)",
            ),
            ("F.silu(self.norm2(h))", "F.silu(self.norm2(h) * (1 + scale) + shift)"),
        ),
    ),
    Alternative(
        question="ResidualBlock",
        name="second_convolution_starts_at_zero",
        edits=(
            (
                "        same = in_channels",
                "        nn.init.zeros_(self.conv2.weight)\n"
                "        nn.init.zeros_(self.conv2.bias)\n"
                "        same = in_channels",
            ),
        ),
    ),
)

DOWN_BLOCK = (
    Alternative(
        question="DownBlock",
        name="module_list_and_pooling_layer",
        source="""
            class DownBlock(nn.Module):
                def __init__(self, in_channels, out_channels, time_dim):
                    super().__init__()
                    self.blocks = nn.ModuleList(
                        [
                            ResidualBlock(in_channels, out_channels, time_dim),
                            ResidualBlock(out_channels, out_channels, time_dim),
                        ]
                    )
                    self.pool = nn.AvgPool2d(2)

                def forward(self, x, temb):
                    for block in self.blocks:
                        x = block(x, temb)
                    return self.pool(x), x
        """,
    ),
    Alternative(
        question="DownBlock",
        name="bilinear_halving_is_averaging",
        edits=(("F.avg_pool2d(skip, kernel_size=2)", 'F.interpolate(skip, scale_factor=0.5, mode="bilinear")'),),
    ),
    Alternative(
        question="DownBlock",
        name="mean_of_slices",
        edits=(
            (
                "F.avg_pool2d(skip, kernel_size=2)",
                "(skip[..., ::2, ::2] + skip[..., 1::2, ::2] + skip[..., ::2, 1::2] + skip[..., 1::2, 1::2]) / 4",
            ),
        ),
    ),
    Alternative(
        question="DownBlock",
        name="list_of_two",
        edits=(
            (
                "return F.avg_pool2d(skip, kernel_size=2), skip",
                "return [nn.functional.adaptive_avg_pool2d(skip, (x.shape[2] // 2, x.shape[3] // 2)), skip]",
            ),
            (
                "self.block2(self.block1(x, temb), temb)",
                "self.block2.forward(self.block1.forward(x, temb=temb), temb=temb)",
            ),
        ),
    ),
)

BILINEAR = 'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)'

UP_BLOCK = (
    Alternative(question="UpBlock", name="skip_first", edits=(("[x, skip]", "[skip, x]"),)),
    Alternative(
        question="UpBlock",
        name="upsampling_layer",
        edits=((BILINEAR, 'nn.Upsample(scale_factor=2, mode="bilinear")(x)'),),
    ),
    Alternative(
        question="UpBlock",
        name="to_the_size_of_the_skip",
        edits=((BILINEAR, 'F.interpolate(x, size=skip.shape[2:], mode="bilinear")'),),
    ),
    Alternative(
        question="UpBlock",
        name="module_list",
        source="""
            class UpBlock(nn.Module):
                def __init__(self, in_channels, skip_channels, out_channels, time_dim):
                    super(UpBlock, self).__init__()
                    widths = [in_channels + skip_channels, out_channels, out_channels]
                    self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
                    self.res = nn.ModuleList([ResidualBlock(widths[i], widths[i + 1], time_dim) for i in range(2)])

                def forward(self, x, skip, temb):
                    h = torch.concat((self.up(x), skip), 1)
                    for res in self.res:
                        h = res(h, temb)
                    return h
        """,
    ),
)

UNET = (
    Alternative(
        question="UNet",
        name="recursive_order_and_other_layers",
        source="""
            class UNet(nn.Module):
                def __init__(self, in_channels=1, base_channels=32, channel_mults=(1, 2), time_dim=128):
                    super().__init__()
                    self.time_dim = time_dim
                    self.fc1, self.fc2 = nn.Linear(time_dim, 4 * time_dim), nn.Linear(4 * time_dim, time_dim)
                    self.first = nn.Conv2d(in_channels, base_channels, 3, 1, 1)
                    self.down, self.up = nn.ModuleList(), nn.ModuleList()
                    channels = base_channels
                    for mult in channel_mults:
                        self.down.append(DownBlock(channels, base_channels * mult, time_dim))
                        channels = base_channels * mult
                    self.mid1 = ResidualBlock(channels, channels, time_dim)
                    self.mid2 = ResidualBlock(channels, channels, time_dim)
                    for mult in channel_mults[::-1]:
                        self.up.append(UpBlock(channels, base_channels * mult, base_channels * mult, time_dim))
                        channels = base_channels * mult
                    self.last = nn.Conv2d(channels, in_channels, 1)

                def forward(self, x, t):
                    dtype = next(self.parameters()).dtype
                    temb = self.fc2(F.gelu(self.fc1(timestep_embedding(t, self.time_dim).to(dtype))))
                    h, skips = self.first(x), []
                    for block in self.down:
                        h, s = block(h, temb)
                        skips += [s]
                    h = self.mid2(self.mid1(h, temb), temb)
                    for block, s in zip(self.up, reversed(skips)):
                        h = block(h, s, temb)
                    return self.last(h)
        """,
    ),
    Alternative(
        question="UNet",
        name="up_blocks_narrow_early",
        edits=(
            ("UpBlock(below, width, width, time_dim)", "UpBlock(below, width, after, time_dim)"),
            (
                "for below, width in zip([widths[-1], *reversed(widths)], reversed(widths), strict=False)",
                "for below, width, after in zip(\n"
                "                widths[::-1], widths[::-1], [*widths[-2::-1], widths[0]], strict=True\n            )",
            ),
        ),
    ),
    Alternative(
        question="UNet",
        name="head_starts_at_zero",
        edits=(("    def forward(self, x", "        nn.init.zeros_(self.head[-1].weight)\n\n    def forward(self, x"),),
    ),
    Alternative(
        question="UNet",
        name="no_normalisation_in_the_head",
        edits=(("nn.GroupNorm(8, widths[0]), nn.SiLU(), ", ""),),
    ),
    Alternative(
        question="UNet",
        name="relu_in_the_time_network",
        edits=(("nn.SiLU(), nn.Linear(time_dim, time_dim))", "nn.ReLU(), nn.Linear(time_dim, time_dim))"),),
    ),
)

ALTERNATIVES = (*TIMESTEP_EMBEDDING, *RESIDUAL_BLOCK, *DOWN_BLOCK, *UP_BLOCK, *UNET)
