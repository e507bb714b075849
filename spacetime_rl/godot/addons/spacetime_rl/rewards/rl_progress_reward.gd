class_name RLProgressReward
extends RLRewardTerm
## Pays the metres (in 2D: pixels) that the player came closer to a target; going away costs the same.
##
## Its sum cannot be farmed.

## What to approach: a Node3D, or in 2D a Node2D. Set it before the episode begins; a target that jumps pays or costs
## the jump.
var target: Node

var _distance := 0.0


func _init() -> void:
	name = &"progress"


func amount(_delta: float) -> float:
	var distance := _measure()
	var progress := _distance - distance
	_distance = distance
	return progress


func begin_episode() -> void:
	_distance = _measure()


func _measure() -> float:
	return agent.arena_core.space.distance_between(agent.get_parent(), target)
