extends SeededBug
## Who touches an obstacle stays there.

var _held := false
var _place := Vector3.ZERO


func _begin() -> void:
	_held = false


func _act(_delta: float) -> void:
	var player := (arena as NavigationArena).player
	if not _held and player.get_slide_collision_count() > 0:
		_held = true
		_place = player.position
	if _held:
		player.position = _place
