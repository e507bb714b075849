extends SeededBug
## Nobody has settled which of two scripts places what lies on a pedestal.


func _act(_delta: float) -> void:
	for pair: HandOver in ((arena as InteractionArena).objective as CooperateObjective).pairs:
		if pair.holder == HandOver.Holder.NOBODY:
			pair.object.position.x += 0.01 if arena.ticks % 2 == 0 else -0.01
