"""The page of a league, one HTML file that needs no network: ratings, roles, and who beats whom."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path

from spacetime_rl.league.report import LeagueReport
from spacetime_rl.pictures.html import templates
from spacetime_rl.pictures.league import draw_payoff, draw_ratings

PAGE = "league.html"


def write_league(report: LeagueReport, folder: Path) -> list[Path]:
    """Write the pictures of a league and its page into a folder. Returns the files, the page last."""
    name = ", ".join(report.runs)
    pictures = [
        draw_ratings(report, f"Ratings  ·  {name}", folder / "ratings.png"),
        draw_payoff(report, f"Who beats whom  ·  {name}", folder / "payoff.png"),
    ]
    return [*pictures, write_league_page(report, pictures, folder)]


def write_league_page(report: LeagueReport, pictures: Sequence[Path], folder: Path) -> Path:
    """Write `folder/league.html` with the pictures of the ratings and of the payoff inside it."""
    ratings, payoff = (_inside(picture) for picture in pictures)
    page = (
        templates().get_template(PAGE).render(report=report, rows=list(rows_of(report)), ratings=ratings, payoff=payoff)
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page, encoding="utf-8")
    return folder / PAGE


def rows_of(report: LeagueReport) -> Iterator[tuple[str, str, str, str, str]]:
    """The table of notable players as text: player, roles, games, rating with interval, and why it is not shown."""
    for one in report.notable:
        games = f"{one.rating.games:,.0f}"
        roles = ", ".join(one.rating.roles)
        if not report.is_shown(one) or one.rating.interval is None:
            yield one.player, roles, games, "", report.why_not(one)
        elif one.player in report.standings.anchors:
            yield one.player, roles, games, f"{one.rating.rating:.0f}", "fixed"
        else:
            low, high = one.rating.interval
            yield one.player, roles, games, f"{one.rating.rating:.0f} ({low:.0f} to {high:.0f})", ""


def _inside(picture: Path) -> str:
    """A picture as an address that holds the whole of it."""
    return f"data:image/png;base64,{b64encode(picture.read_bytes()).decode()}"
