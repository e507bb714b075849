extends SeededBug
## The first walker that reaches a goal is put into the nearest box.

var _guest: BenchWalker
var _box: StaticBody3D


func _begin() -> void:
	_guest = null


func _act(_delta: float) -> void:
	for walker: BenchWalker in (arena as BenchArena).walkers:
		if _guest == null and walker.agent.get_metric(&"goals") > 0.0:
			_guest = walker
			_box = _nearest_box(walker)
	if _guest != null and _box != null:
		_guest.position = Vector3(_box.position.x, _guest.position.y, _box.position.z)


func _nearest_box(walker: BenchWalker) -> StaticBody3D:
	var nearest: StaticBody3D = null
	for node: Node in (arena as BenchArena).ground.get_children():
		var box := node as StaticBody3D
		if box == null or absf(box.position.y - BenchGround.BOX.y / 2.0) > 0.01 or box.position.length() > 90.0:
			continue
		if nearest == null or box.position.distance_to(walker.position) < nearest.position.distance_to(walker.position):
			nearest = box
	return nearest
