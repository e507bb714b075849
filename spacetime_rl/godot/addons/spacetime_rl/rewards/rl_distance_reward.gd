class_name RLDistanceReward
extends RLRewardTerm
## Pays being near a target, a second: 1 at the target, falling linearly to 0 at `reach_m`.

## Distance at which nothing is paid any more, metres.
@export_range(0.01, 1000.0) var reach_m := 5.0

var target: Node3D


func _init() -> void:
	name = &"distance"


func amount(delta: float) -> float:
	var distance := agent.body.global_position.distance_to(target.global_position)
	return delta * clampf(1.0 - distance / reach_m, 0.0, 1.0)
