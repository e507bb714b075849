extends SeededBug
## The walker cannot get away from the craft once it has walked 3 m.

var _from := Vector3.INF
var _held := Vector3.INF


func _begin() -> void:
	_from = Vector3.INF
	_held = Vector3.INF


func _act(_delta: float) -> void:
	var walker := (arena as CrewZone).walker
	if not walker.agent.active:
		return
	if _from == Vector3.INF:
		_from = walker.global_position
	if _held == Vector3.INF and walker.global_position.distance_to(_from) > 3.0:
		_held = walker.global_position
	if _held != Vector3.INF:
		walker.global_position = _held
