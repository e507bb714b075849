class_name FloatingOrigin
extends RefCounted
## Where the arena's coordinates lie in the world: 64-bit numbers, as 32-bit ones know only whole metres 1e7 m away.
##
## Bodies live in arena coordinates, near their origin. When a craft gets far from it, everything is moved back by the
## same vector and this remembers it: world = origin + place.

var x := 0.0
var y := 0.0
var z := 0.0
## What was moved so far in this episode, in metres.
var moved := Vector3.ZERO


## Begin an episode with the arena's origin at a place of the world.
func begin(at_x: float, at_y: float, at_z: float) -> void:
	x = at_x
	y = at_y
	z = at_z
	moved = Vector3.ZERO


## The arena's coordinates now begin at `place` (in those before).
func move_to(place: Vector3) -> void:
	x += place.x
	y += place.y
	z += place.z
	moved += place


## World coordinates of a place, three 64-bit numbers in metres.
func world_of(place: Vector3) -> PackedFloat64Array:
	return PackedFloat64Array([x + place.x, y + place.y, z + place.z])
