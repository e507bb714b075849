"""What another program uses to talk to a running game: its HTTP API, and the TCP protocol of `--listen`.

```python
from spacetime_rl.client import GameApi

with GameApi(token="…") as game:  # printed by the game at its start
    game.load_scene("res://main.tscn")
    print(game.get_performance_metrics()["engine"]["fps"])
```
"""

from spacetime_rl.client.calls import SceneError
from spacetime_rl.client.game_api import DEFAULT_URL, AsyncGameApi, GameApi
from spacetime_rl.client.tcp import AgentState, AsyncGameClient, SyncGameClient
from spacetime_rl.errors import GameApiError, GameTcpError

__all__ = [
    "DEFAULT_URL",
    "AgentState",
    "AsyncGameApi",
    "AsyncGameClient",
    "GameApi",
    "GameApiError",
    "GameTcpError",
    "SceneError",
    "SyncGameClient",
]
