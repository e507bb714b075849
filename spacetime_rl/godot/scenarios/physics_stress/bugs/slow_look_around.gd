extends SeededBug
## Somebody looks at every pair of bodies in every tick: a frame takes longer than it may.

const USEC := 13_000


func _act(_delta: float) -> void:
	OS.delay_usec(USEC)
