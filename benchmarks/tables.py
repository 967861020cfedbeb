"""Reports as text: the same Markdown on the terminal, in benchmarks/README.md and in the project's README."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import EngineResult, Profile, Report


def markdown(report: Report) -> str:
    """Machine, table and ratios."""
    small, large = report.sizes
    header = [
        "engine",
        f"{small} submissions",
        f"{large} submissions",
        "one more submission",
        "processor time of it",
        "submissions per second",
        "start-up",
        "peak memory",
    ]
    lines = table([header, *(_row(engine) for engine in report.engines)])
    notes = [f"- {note}" for note in report.notes]
    profile = ["", *profile_lines(report.profile)] if report.profile else []
    return "\n".join([*_about(report), "", *lines, "", *_ratios(report), *notes, *profile]) + "\n"


def profile_lines(profile: Profile) -> list[str]:
    """Where the time of one worker goes, in milliseconds and per cent."""
    title = (
        f"Where the time goes with one worker: {1000 * profile.elapsed_s:.1f} ms by the clock for one more submission "
        f"(mean of {profile.submissions}; one worker waits while its result is written, so the parts add up)."
    )
    rows = [
        [name, f"{1000 * seconds:.2f} ms", f"{100 * seconds / profile.elapsed_s:.1f} %"]
        for name, seconds in profile.parts.items()
    ]
    return [title, "", *table([["part", "time", "share"], *rows])]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table that can also be read as they are; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _about(report: Report) -> list[str]:
    machine = report.machine
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", "torch", "nbgrader", "ipykernel"))
    lines = [
        f"Measured on {report.date} with `{report.assignment}` ({report.tests} hidden tests, "
        f"{report.scores_compared} question scores the same in all engines, mean score {report.mean_score:.1f}).",
        f"{machine['processor']}; {machine['system']}; {versions}; "
        f"load average {report.load_before} before and {report.load_after} after.",
    ]
    if report.was_busy:
        lines.append("**The machine was busy with other work: of these figures only processor time means anything.**")
    return lines


def _row(engine: EngineResult) -> list[str]:
    rounds = engine.per_round()
    spread = f" ({min(rounds):.3f}–{max(rounds):.3f})" if len(rounds) > 1 else ""
    rate = f"{1 / engine.per_added_s:.2f}" if engine.per_added_s > 0 else "below the noise"
    return [
        engine.name,
        f"{engine.small_s:.2f} s",
        f"{engine.large_s:.2f} s",
        f"{engine.per_added_s:.3f} s{spread}",
        f"{engine.per_added_cpu_s:.3f} s",
        rate,
        f"{engine.start_up_s:.1f} s",
        f"{engine.memory_mib:.0f} MiB",
    ]


def _ratios(report: Report) -> list[str]:
    lines = [
        f"- {ratio.slower} / {ratio.faster}: **{ratio.wall:.2f}** in time, {ratio.cpu:.2f} in processor time"
        for ratio in report.ratios
    ]
    return lines or ["- No ratio: the added time is below the noise of this machine. Measure with larger sizes."]


def update_readmes(block: str, text: str, paths: Sequence[Path]) -> list[Path]:
    """Put the text between the markers of that block, in those files that have them; returns which were written."""
    return [path for path in paths if path.is_file() and _replace_block(path, block, text)]


def _replace_block(path: Path, block: str, text: str) -> bool:
    first, last = f"<!-- {block}:start -->", f"<!-- {block}:end -->"
    before, begin, rest = path.read_text(encoding="utf-8").partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        return False
    path.write_text(f"{before}{first}\n{text}{last}{after}", encoding="utf-8")
    return True
