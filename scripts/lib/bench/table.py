"""The rows of the result: medians, ratios with their spread, budgets."""

from .run import quartiles, say

MARGIN = 1.05
HEAD = ("what", "ours", "best peer", "ratio", "cpu", "budget", "")

rows = []


class Verdicts:
    """What the last column says: nothing of a budget where the machine had other work."""
    quotable = True

    @classmethod
    def of(cls, met):
        return ("ok" if met else "OVER") if cls.quotable else "not judged"


def row(what, ours, peer, ratio, busy, budget, met):
    judged = Verdicts.of(met) if budget[0] != "-" else ""
    rows.append([what, ours, peer, ratio, busy, budget, judged])


def forget_verdicts(since, why):
    """Rows that were measured while the machine had other work."""
    for line in rows[since:]:
        line[-1] = why


def ms(value):
    return f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"


def us(value):
    return f"{value * 1e6:.0f} us"


def spread(values, shown):
    """The median and, in brackets, the quartiles."""
    low, median, high = quartiles(values)
    return f"{shown(median)} ({shown(low)}..{shown(high)})"


def plain(value):
    return f"{value:.2f}"


def compare(what, times, budget=1.00, shown=ms, unlike=False):
    """One row: ours against the fastest peer. `times` has (wall, processor) or (wall, None) for each
    round; ratios are those of the same round, whose median counts."""
    walls = {name: [wall for wall, _ in each] for name, each in times.items()}
    for name, each in sorted(walls.items(), key=lambda item: quartiles(item[1])[1]):
        say(f"  {name}: {spread(each, shown)}")
    mine = walls.pop("secd")
    budget_words = f"<= {budget:.2f}"
    if not walls:
        return row(what, spread(mine, shown), "none here", "-", "-", budget_words, True)
    best = min(walls, key=lambda name: quartiles(walls[name])[1])
    ratios = [a / b for a, b in zip(mine, walls[best])]
    pairs = [(a, b) for (_, a), (_, b) in zip(times["secd"], times[best]) if a and b]
    cpu = spread([a / b for a, b in pairs], plain) if pairs else "-"
    row(what, shown(quartiles(mine)[1]), f"{best} {shown(quartiles(walls[best])[1])}",
        spread(ratios, plain), cpu, "- (unlike)" if unlike else budget_words,
        quartiles(ratios)[1] <= budget * MARGIN)


def print_table():
    table = [HEAD, *rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
