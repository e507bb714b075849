class_name RLContactReward
extends RLRewardTerm
## Pays once for each new contact of a CharacterBody3D with anything but its floor; usually with a negative weight.

var _touching: Dictionary[int, bool] = {}


func _init() -> void:
	name = &"contact"
	weight = -1.0


func amount(_delta: float) -> float:
	var character := agent.body as CharacterBody3D
	var now: Dictionary[int, bool] = {}
	var fresh := 0
	for i: int in character.get_slide_collision_count():
		var collision := character.get_slide_collision(i)
		if collision.get_angle() <= character.floor_max_angle:
			continue
		var other := collision.get_collider_id()
		fresh += int(not _touching.has(other) and not now.has(other))
		now[other] = true
	_touching = now
	return fresh


func begin_episode() -> void:
	_touching.clear()
