extends SeededBug
## What is let fall sinks through the floor.

var _falling: HandOver


func _begin() -> void:
	_falling = null


func _act(_delta: float) -> void:
	for pair: HandOver in ((arena as InteractionArena).objective as CooperateObjective).pairs:
		if pair.holder == HandOver.Holder.NOBODY and pair.object.position.y < 0.5:
			_falling = pair
	if _falling != null:
		_falling.object.position.y -= 0.05
