extends SeededBug
## A dash moves the player without looking for what is in its way.

# Where the dash has come to; not a number while there is none.
var _place := Vector3.INF


func _begin() -> void:
	_place = Vector3.INF


func _act(delta: float) -> void:
	var player := (arena as BugArena).player
	if not player.is_dashing():
		_place = Vector3.INF
		return
	player.velocity = -player.basis.z * player.settings.dash_speed
	_place = (player.position if _place == Vector3.INF else _place) + player.velocity * delta
	player.position = _place
