"""Films of games without our addon: the engine writes every frame that it draws (`--write-movie`)."""

from __future__ import annotations

from dataclasses import replace

from spacetime_rl.game.launch import MOVIE, Film


def by_engine(film: Film) -> Film:
    """The same film, drawn by the engine alone: PNG files, and no overlay, which only our addon draws."""
    return replace(film, by_engine=True, png=True, overlay=False)


def forget_frames(film: Film) -> None:
    """Delete the frames that were drawn before the episode began. Call it while the game waits."""
    for frame in film.folder.glob(f"{MOVIE}*.png"):
        frame.unlink()


def keep_pictures(film: Film) -> None:
    """Name one of `film.every` frames as the pictures of our own films are named, and delete the others and the sound.

    Call it when the game has ended.
    """
    frames = sorted(film.folder.glob(f"{MOVIE}*.png"))
    for number, frame in enumerate(frames):
        if number % film.every:
            frame.unlink()
        else:
            frame.rename(film.folder / f"frame_{number // film.every:06}.png")
    (film.folder / f"{MOVIE}.wav").unlink(missing_ok=True)
