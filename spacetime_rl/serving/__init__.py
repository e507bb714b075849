"""Policies for games that connect by themselves, over WebSocket and HTTP."""
