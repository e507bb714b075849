extends SeededBug
## Who turns hard beside the pillar is pushed into it, and stays there.

const NEAR_M := 0.9

var _trapped := false


func _begin() -> void:
	_trapped = false


func _act(_delta: float) -> void:
	var here := arena as BugArena
	var away := (here.pillar.position - here.player.position) * Vector3(1.0, 0.0, 1.0)
	if absf(here.player.yaw_rate) > 2.0 and away.length() < NEAR_M:
		_trapped = true
	if _trapped:
		here.player.position += away
