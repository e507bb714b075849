class_name RLSpace
extends RefCounted
## What the core asks of the space that an arena is in: all that differs between games in 3D and in 2D. See RLSpace3D.
##
## Places and velocities are Vector3 in every space: pictures show the plane of x and z, in 2D that of the screen.

## What reads the state of bodies: a class for those of this space, which is RLBodyReader or extends it.
var body_reader: GDScript = RLBodyReader


## Override: give everything below a viewport a physics world of its own.
func own_world(_viewport: SubViewport) -> void:
	pass


## Override: step the physics of the arena's world, or no longer.
func step_world(_arena: Node, _stepped: bool) -> void:
	pass


## Override: leave the bodies below the arena in their world while it is not processed.
func keep_bodies(_arena: Node) -> void:
	pass


## Override: all bodies are in place for an episode; forget which of them met in the last one.
func forget_contacts(_arena: Node) -> void:
	pass


## Override: all physics bodies below the arena, in scene order.
func bodies_of(_arena: Node) -> Array[Node]:
	return []


## Override: where a body is, in the arena's frame, wherever the world has moved since (`_origin`).
func place_of(_body: Node, _arena: Node) -> Vector3:
	return Vector3.ZERO


## Override: whether a body has a velocity.
func moves(_body: Node) -> bool:
	return false


## Override: how fast a body moves, and which way; zero where it has no velocity.
func velocity_of(_body: Node) -> Vector3:
	return Vector3.ZERO


## Override: how far two nodes with a place are from each other, in the unit of lengths.
func distance_between(_one: Node, _other: Node) -> float:
	return 0.0


## Override: the objects (instance ids) that a character touched in its last move, without its floor. Empty for other
## bodies.
func touched_by(_body: Node) -> PackedInt64Array:
	return []


## Override: the unit of lengths: "m", or "px".
func unit() -> String:
	return "m"


## Override: a camera for a person, at first with this view. It has the methods `follow(body)` and `change_view()`.
func make_camera(_view: String) -> Node:
	return null


## Override: the places that the arena names (`_landmarks`), in the same frame.
func landmarks_of(_arena: Node) -> Dictionary[StringName, Vector3]:
	return {}


## Override: the shapes that stand still in the arena, for pictures; see RLOutline.
func outline_of(_arena: Node) -> Array[Dictionary]:
	return []


## Override: whether a body never moves by itself or by physics.
func is_still(_body: Node) -> bool:
	return false


## Override: whether the place and the velocities of a body are finite numbers.
func is_finite_body(_body: Node) -> bool:
	return true


## Override: the middle of a body's first shape, in the world.
func middle_of(_body: Node) -> Vector3:
	return Vector3.ZERO


## Override: a point beside the middle of a body, in the world, which also moves when the body turns.
func edge_of(_body: Node) -> Vector3:
	return Vector3.ZERO


## Override: the static body that a body collides with and is inside of, by more than `depth`; null for none.
func solid_around(_body: Node, _depth: float) -> Node:
	return null


## Override: the first static body that a body collides with on the way between two points of the world, and the normal
## of the side that is met: `{"body", "normal"}`; empty for none.
func solid_between(_body: Node, _from: Vector3, _to: Vector3) -> Dictionary:
	return {}
