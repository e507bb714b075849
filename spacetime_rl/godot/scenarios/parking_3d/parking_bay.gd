class_name ParkingBay
extends RefCounted
## One bay: where it is, and how far a car's pose is from being parked in it.
##
## In the bay's own frame the middle is the origin, -Z leads into the bay, and x goes across it.

## A way to a bay is in line with it from so far outside on, in metres.
const GATE_M := 0.6
# Offsets that a way leaves as they are: to the side the room beside the car less `_SPARE` metres, and `_ASKEW` rad.
const _SPARE := 0.15
const _ASKEW := 0.1
## Below this weighted distance a car is parked by the definition of the public environment parking-v0.
const PUBLIC_SUCCESS := 0.12
# Its weights and scales of x, y, vx, vy, cos_h and sin_h, and its exponent. The velocities weigh nothing.
# Source: highway-env, highway_env/envs/parking_env.py, `default_config` and `compute_reward`
# (https://github.com/Farama-Foundation/HighwayEnv; Leurent, 2018).
const _PUBLIC_X := 1.0 / 100.0
const _PUBLIC_Y := 0.3 / 100.0
const _PUBLIC_HEADING := 0.02
const _PUBLIC_EXPONENT := 0.5

## The bay's frame; -Z leads into it.
var place: Transform3D
## Half of width and length, in metres.
var half := Vector2.ZERO
## A number among the bays: the upper row from left to right, then the lower one.
var number := 0

var _inverse: Transform3D


func _init(of_number: int, at: Transform3D, width: float, length: float) -> void:
	number = of_number
	place = at
	half = Vector2(width, length) / 2.0
	_inverse = at.affine_inverse()


## Where a car's middle is in the bay's frame: x across it, y out of it, in metres.
func offset_of(car: Transform3D) -> Vector2:
	var at := _inverse * car.origin
	return Vector2(at.x, at.z)


## The angle from the bay's direction to that of a car's nose, in rad, to the left.
func heading_of(car: Transform3D) -> float:
	var nose := _inverse.basis * -car.basis.z
	return atan2(-nose.x, -nose.z)


## The angle by which a car is not aligned, in rad; `way_in` is "nose", "tail" or "any".
func angle_to(car: Transform3D, way_in: String) -> float:
	var nose_first := absf(heading_of(car))
	match way_in:
		"nose":
			return nose_first
		"tail":
			return PI - nose_first
	return minf(nose_first, PI - nose_first)


## Whether all four corners of a car are inside the bay's lines.
func contains(car: Transform3D) -> bool:
	for corner: Vector3 in HatchbackCar.CORNERS:
		var at := _inverse * (car * corner)
		if absf(at.x) > half.x or absf(at.z) > half.y:
			return false
	return true


## Metres that a car has to drive until it stands in the middle of the bay, ahead and back on circles of this radius, as
## if nothing were in the way but the bay's sides: to a pose in line with the bay, and straight in. `way_in` as in
## `angle_to`.
func way_to(car: Transform3D, way_in: String, radius: float) -> float:
	var best := INF
	if way_in != "tail":
		best = _way_to(car, 0.0, radius)
	if way_in != "nose":
		best = minf(best, _way_to(car, PI, radius))
	return best


## How far a car's pose is from the one in the middle of the bay, nose first, by the public environment parking-v0: the
## root of the weighted sum of the distances of x, y, cosine and sine of the heading. Its bays lie along y.
func public_distance(car: Transform3D) -> float:
	var away := car.origin - place.origin
	var nose := place.basis.z - car.basis.z
	var sum := _PUBLIC_X * absf(away.x) + _PUBLIC_Y * absf(away.z)
	sum += _PUBLIC_HEADING * (absf(nose.x) + absf(nose.z))
	return pow(sum, _PUBLIC_EXPONENT)


# With the nose turned by `turned` from the bay's direction at the end. A car's curve is that of its rear axle.
func _way_to(car: Transform3D, turned: float, radius: float) -> float:
	var ahead := -1.0 if turned == 0.0 else 1.0
	var at := offset_of(car)
	# Inside the bay, straightening up comes before going on.
	var end := clampf(at.y, 0.0, half.y + GATE_M)
	var heading := heading_of(car)
	var axle := at + 0.5 * HatchbackCar.WHEELBASE * Vector2(sin(heading), cos(heading))
	var axle_end := end - 0.5 * HatchbackCar.WHEELBASE * ahead
	var along := (axle.y - axle_end) * ahead
	var aside := _less(axle.x * ahead, maxf(half.x - HatchbackCar.WIDTH / 2.0 - _SPARE, 0.0))
	var askew := _less(wrapf(heading - turned, -PI, PI), _ASKEW)
	return ReedsShepp.length(along, aside, askew, radius) + end


static func _less(value: float, by: float) -> float:
	return signf(value) * maxf(absf(value) - by, 0.0)
