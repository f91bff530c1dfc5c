"""What re-judging a run changed, as tables for a person. Numbers only."""

from __future__ import annotations

from rich.table import Table

from medical_team.evaluation.comparison import Comparison, Figure


def sign_table(comparison: Comparison) -> Table:
    """Whose reward has another sign now; flips first, then what was withheld or granted."""
    table = Table(title=f"Rewards whose sign changed: {comparison.flips} flips", title_justify="left")
    for column in ("role", "type", "before", "now", "games"):
        table.add_column(column, justify="right" if column == "games" else "left")
    changes = sorted(comparison.sign_changes.items(), key=lambda item: (not item[0].is_flip, -item[1]))
    for change, count in changes:
        style = "bold" if change.is_flip else None
        table.add_row(change.role, change.game_type, change.before, change.after, str(count), style=style)
    return table


def figure_table(comparison: Comparison) -> Table:
    """Every aggregate before and now; what did not change is dim."""
    table = Table(title=f"{comparison.games} games", title_justify="left")
    for column in ("figure", "before", "now", "change"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name, figure in comparison.figures().items():
        style = "dim" if figure.before == figure.after else None
        table.add_row(name, _show(figure.before), _show(figure.after), _change(figure), style=style)
    return table


def _show(value: float | None) -> str:
    # Rounding leaves a minus at a zero; adding one takes it away.
    return "-" if value is None else f"{round(value, 3) + 0.0:.12g}"


def _change(figure: Figure) -> str:
    return f"{round(figure.change, 3):+.12g}" if figure.change else ""
