extends SeededBug
## A teleport ends in the nearest obstacle, for a second.

var _last := Vector3.ZERO
var _inside: FieldObstacle
var _left_s := 0.0


func _begin() -> void:
	_left_s = 0.0
	_last = (arena as LocomotionArena).player.position


func _act(delta: float) -> void:
	var player := (arena as LocomotionArena).player
	if player.position.distance_to(_last) > 1.5 and _left_s <= 0.0:
		_left_s = 1.0
		_inside = _nearest()
	_left_s -= delta
	if _left_s > 0.0 and _inside != null:
		player.position = Vector3(_inside.position.x, player.position.y, _inside.position.z)
	_last = player.position


func _nearest() -> FieldObstacle:
	var player := (arena as LocomotionArena).player
	var nearest: FieldObstacle = null
	for obstacle: FieldObstacle in (arena as LocomotionArena).course.field.standing:
		var away := obstacle.position.distance_to(player.position)
		if nearest == null or away < nearest.position.distance_to(player.position):
			nearest = obstacle
	return nearest
