class_name RLUnchangedSpace
extends RLSpace
## What the core asks of an unchanged game: places are those of the watched nodes, wherever they are in the tree.

const _PIXELS := 100.0

var _arena: RLUnchangedArena
var _plane := RLSpace2D.new()
var _space := RLSpace3D.new()


func _init(arena: RLUnchangedArena) -> void:
	_arena = arena


func bodies_of(_of: Node) -> Array[Node]:
	return _arena.watch.bodies()


# The agent's body is the arena itself: it stands for the first of the watched nodes.
func place_of(body: Node, _in: Node) -> Vector3:
	return _arena.watch.place if body == _arena else RLUnchangedWatch.place_of(body)


func moves(_body: Node) -> bool:
	return true


func velocity_of(body: Node) -> Vector3:
	return _arena.watch.velocity if body == _arena else RLUnchangedWatch.velocity_of(body)


func distance_between(one: Node, other: Node) -> float:
	return place_of(one, _arena).distance_to(place_of(other, _arena))


func unit() -> String:
	return str(ProjectSettings.get_setting("spacetime_rl/unit", "px"))


# The game has cameras of its own.
func make_camera(_view: String) -> Node:
	return RLUnchangedCamera.new()


func outline_of(_of: Node) -> Array[Dictionary]:
	return _arena.watch.outline


func is_still(_body: Node) -> bool:
	return false  # the others are not among the bodies


func is_finite_body(body: Node) -> bool:
	return _kind_of(body).is_finite_body(body)


func middle_of(body: Node) -> Vector3:
	return _kind_of(body).middle_of(body)


# On a plane in units of a hundred pixels: the thresholds for shaking are those of metres.
func edge_of(body: Node) -> Vector3:
	var edge := _kind_of(body).edge_of(body)
	return edge if body is Node3D else edge / _PIXELS


func solid_around(body: Node, depth: float) -> Node:
	return _kind_of(body).solid_around(body, depth)


func solid_between(body: Node, from: Vector3, to: Vector3) -> Dictionary:
	return _kind_of(body).solid_between(body, from, to)


# A game may have both.
func _kind_of(body: Node) -> RLSpace:
	if body is Node3D:
		return _space
	return _plane
