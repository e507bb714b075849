class_name RLNotFinite
extends RLOracle
## A body whose place or velocity is not a finite number.


func _end_decision() -> void:
	for body: Node in bodies:
		if not arena.space.is_finite_body(body):
			report(kind_of(body), "the place or velocity of %s is not a finite number" % name_of(body), agent_of(body))
