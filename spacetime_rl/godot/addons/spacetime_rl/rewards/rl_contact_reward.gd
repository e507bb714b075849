class_name RLContactReward
extends RLRewardTerm
## Pays once for each new contact of a character body with anything but its floor; usually with a negative weight.

var _touching: Dictionary[int, bool] = {}


func _init() -> void:
	name = &"contact"
	weight = -1.0


func amount(_delta: float) -> float:
	var now: Dictionary[int, bool] = {}
	var fresh := 0
	for other: int in agent.arena_core.space.touched_by(agent.get_parent()):
		fresh += int(not _touching.has(other) and not now.has(other))
		now[other] = true
	_touching = now
	return fresh


func begin_episode() -> void:
	_touching.clear()
