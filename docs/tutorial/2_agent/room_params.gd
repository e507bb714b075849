class_name RoomParams
extends RLParams
## What a training may set.

## Who steers the runner: false, a person with the arrow keys; true, nobody: it runs about.
@export var runs_about := false
## Ticks of a round: 20 seconds.
@export_range(60, 100000) var round_ticks := 1200
