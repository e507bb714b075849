extends SeededBug
## The hatch never opens for who comes back.


func _act(_delta: float) -> void:
	(arena as CrewZone).rules.hatch_m = 0.0
