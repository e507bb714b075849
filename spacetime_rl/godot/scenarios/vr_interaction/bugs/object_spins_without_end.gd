extends SeededBug
## What is taken from its pedestal turns at a speed that is no number.


func _act(_delta: float) -> void:
	for pair: HandOver in ((arena as InteractionArena).objective as CooperateObjective).pairs:
		if pair.holder == HandOver.Holder.GIVER:
			pair.object.angular_velocity = Vector3(0.0, INF, 0.0)
