class_name RLDistanceReward
extends RLRewardTerm
## Pays being near a target, a second: 1 at the target, falling linearly to 0 at `reach_m`.

## Distance at which nothing is paid any more, in metres, or in pixels in 2D.
@export_range(0.01, 1000.0, 0.01, "or_greater") var reach_m := 5.0

## What to stay near: a Node3D, or in 2D a Node2D.
var target: Node


func _init() -> void:
	name = &"distance"


func amount(delta: float) -> float:
	var distance := agent.arena_core.space.distance_between(agent.get_parent(), target)
	return delta * clampf(1.0 - distance / reach_m, 0.0, 1.0)
