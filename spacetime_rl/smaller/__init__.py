"""Smaller and cheaper policies, judged by the same episodes as the originals."""
