class_name InteractionRoom
extends Node3D
## The 8 x 8 m room: walls, and screens that stand elsewhere every episode.

const HALF_SIZE := 4.0
const CLEARANCE := 0.7
const TRIES := 64
const SCREEN_RADIUS := 0.8
const SCREEN_WALL_DISTANCE := 1.8

@export var screens: Array[StaticBody3D] = []

var _taken := PackedVector2Array()
var _radii := PackedFloat32Array()


## Stand `count` screens in the room; the rest wait outside the walls.
func scatter_screens(rng: RandomNumberGenerator, count: int) -> void:
	_taken.clear()
	_radii.clear()
	for i: int in screens.size():
		var place := Transform3D(Basis.IDENTITY, Vector3(20.0 + 3.0 * i, 0.0, 20.0))
		if i < count:
			place.origin = free_spot(rng, SCREEN_RADIUS, SCREEN_WALL_DISTANCE)
			place.basis = Basis(Vector3.UP, rng.randf_range(0.0, PI))
		RLPhysics.reset_body(screens[i], place)


## A spot on the floor that keeps its distance from everything placed so far in this episode, in metres.
func free_spot(rng: RandomNumberGenerator, radius: float, wall_distance: float = CLEARANCE) -> Vector3:
	var reach := HALF_SIZE - wall_distance
	var spot := Vector2.ZERO
	for attempt: int in TRIES:
		spot = Vector2(rng.randf_range(-reach, reach), rng.randf_range(-reach, reach))
		if _is_free(spot, radius):
			break
	_taken.append(spot)
	_radii.append(radius)
	return Vector3(spot.x, 0.0, spot.y)


func _is_free(spot: Vector2, radius: float) -> bool:
	for i: int in _taken.size():
		if spot.distance_to(_taken[i]) < radius + _radii[i] + 0.3:
			return false
	return true
