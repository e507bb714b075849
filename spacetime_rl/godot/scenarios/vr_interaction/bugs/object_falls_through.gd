extends SeededBug
## What lies on a pedestal sinks through it when its giver comes near.

var _falling: HandOver
var _place := Vector3.ZERO


func _begin() -> void:
	_falling = null


func _act(_delta: float) -> void:
	for pair: HandOver in ((arena as InteractionArena).objective as CooperateObjective).pairs:
		if _falling == null and pair.giver.position.distance_to(pair.pedestal.position) < 1.0:
			_falling = pair
			_place = pair.object.global_position
	if _falling != null:
		_place.y -= 0.02
		_falling.object.global_position = _place
