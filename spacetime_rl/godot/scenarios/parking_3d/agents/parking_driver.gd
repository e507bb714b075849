class_name ParkingDriver
extends RefCounted
## The scripted driver: along the aisle until the rear axle is past the bay, on one arc into it, and straight on.
##
## It thinks in the bay's frame (x across it, y out of it) and of the middle of the rear axle, which follows a curve
## best. Tail first the car reverses on the arc; nose first it goes ahead on the same arc.

enum Stage { AISLE, BAY }

## The arc is a little wider than the car can turn.
const SPARE := 1.12
## It ends at least this far outside the middle of the bay, in metres: the car is straight before it is between others.
const ARC_END := 2.2
## Speeds in the aisle and on the arc, in metres a second.
const AISLE_SPEED := 1.8
const BAY_SPEED := 1.2
## What is kept free ahead of the bumper, in metres.
const GAP := 0.45
const LOOK_AHEAD := 1.2
## Up to this angle to the aisle, in rad, it steers for its line; beyond it turns first.
const TURNED := 0.6
## A gap on any side that shrinks below this turns it back, in metres.
const TOUCHING := 0.3
## Decisions for which it keeps its direction, ahead or back, unless something is straight ahead.
const PATIENCE := 5

var _car: HatchbackCar
var _arena: ParkingArena
var _bumpers: BumperSensor
var _stage := Stage.AISLE
# 1 goes into the bay nose first, -1 tail first.
var _gear := 1
# On which side of the bay the arc begins: 1 at positive x.
var _side := 1.0
# The line along the aisle that it drives on, and the arc's radius.
var _line := 0.0
var _radius := 4.0
# Which way it drives in the aisle: 1 is ahead.
var _motion := 1
var _stuck := 0
var _nearest := 0.0
var _since_change := 0

# The pose: middle of the rear axle, and unit vector of the nose, both in the bay's frame.
var _axle := Vector2.ZERO
var _nose := Vector2.ZERO


func _init(car: HatchbackCar, arena: ParkingArena, bumpers: BumperSensor) -> void:
	_car = car
	_arena = arena
	_bumpers = bumpers


## An episode begins.
func begin() -> void:
	_gear = 1 if _arena.way_in() == "nose" else -1
	_radius = SPARE * _car.turning_radius()
	_locate()
	_begin_aisle()


## Steering wheel to the right, and pedal ahead, each from -1 to 1.
func drive() -> Vector2:
	_locate()
	if _stage == Stage.AISLE and _is_ready_for_bay():
		_stage = Stage.BAY
		_stuck = 0
	if _stage == Stage.BAY and _has_failed():
		_begin_aisle()
	return _drive_aisle() if _stage == Stage.AISLE else _drive_bay()


func _locate() -> void:
	var place := _car.global_transform
	var heading := _arena.bay.heading_of(place)
	_nose = Vector2(-sin(heading), -cos(heading))
	_axle = _arena.bay.offset_of(place) - 0.5 * HatchbackCar.WHEELBASE * _nose


func _begin_aisle() -> void:
	_stage = Stage.AISLE
	_since_change = 0
	var lot := _arena.lot
	var mouth := _arena.bay.half.y
	var nearest := maxf(ARC_END, mouth - 0.4) + _radius
	var furthest := mouth + 2.0 * lot.half_aisle - HatchbackCar.WIDTH / 2.0 - GAP
	_line = minf(clampf(_axle.y, nearest, maxf(nearest, furthest - 1.4)), furthest)
	_side = -_gear * signf(_nose.x)
	if _side == 0.0 or not _has_room(_side):
		_side = 1.0 if _has_room(1.0) else -1.0
	_motion = 1 if _to_start() * _toward().x > 0.0 else -1


# Whether a car fits into the aisle on that side of the bay, beyond the beginning of the arc.
func _has_room(side: float) -> bool:
	var bay := _arena.bay.place
	var at := bay.origin.x + bay.basis.x.x * side * (_radius + 1.0)
	return absf(at) + HatchbackCar.LENGTH < _arena.lot.half.x + 1.0


# Which way the nose has to point along the aisle.
func _toward() -> Vector2:
	return Vector2(-_gear * _side, 0.0)


# Metres along x to where the arc begins.
func _to_start() -> float:
	return _side * (_radius + 0.6) - _axle.x


func _is_ready_for_bay() -> bool:
	var ahead := _side * _axle.x - _radius
	return (
		ahead > 0.0
		and ahead < 2.5
		and absf(_axle.y - _line) < 0.35
		and absf(_nose.angle_to(_toward())) < deg_to_rad(12.0)
	)


func _drive_aisle() -> Vector2:
	var towards := _toward()
	var is_along := absf(_nose.angle_to(towards)) < TURNED
	var has_passed := is_along and _to_start() * _motion * towards.x < -1.5
	_since_change += 1
	if _is_blocked() or (has_passed and _since_change > PATIENCE):
		_motion = -_motion
		_since_change = 0
	if is_along:
		# Ahead the nose turns towards the line, backwards away from it.
		var aside := clampf(0.5 * (_line - _axle.y), -0.45, 0.45)
		towards = Vector2(towards.x * cos(aside), sin(aside) * _motion)
	var turn := _nose.angle_to(towards)
	var speed := minf(AISLE_SPEED, _stopping(_free() - GAP))
	return Vector2(clampf(2.5 * turn * _motion, -1.0, 1.0), _pedal(_motion * maxf(speed, 0.25)))


# Metres that are free where it drives; its corners swing out, and count at an angle.
func _free() -> float:
	return minf(_bumpers.gap(_motion > 0), _bumpers.corner_gap(_motion > 0))


func _is_blocked() -> bool:
	var nearest := _bumpers.nearest()
	var nearing := nearest < _nearest - 0.003
	_nearest = nearest
	if _bumpers.gap(_motion > 0) < GAP + 0.1:
		return true
	return _since_change > PATIENCE and (absf(_car.speed()) < 0.08 or (nearing and nearest < TOUCHING))


func _drive_bay() -> Vector2:
	var travel := _nose * _gear
	var aim := (_aim() - _axle).rotated(-travel.angle())
	var curvature := 2.0 * aim.y / aim.length_squared()
	# In this frame y grows to the right of x: a positive curvature is one to the right.
	var angle := atan(curvature * HatchbackCar.WHEELBASE)
	var wheel := clampf(angle / deg_to_rad(_car.settings.max_steer_deg), -1.0, 1.0) * _gear
	var left := _remaining()
	_stuck = _stuck + 1 if absf(_car.speed()) < 0.08 else 0
	var speed := minf(BAY_SPEED, _stopping(left)) if left > 0.03 else 0.0
	return Vector2(wheel, _pedal(_gear * speed))


# Metres along the way to where the rear axle has to stop.
func _remaining() -> float:
	var middle := _axle + 0.5 * HatchbackCar.WHEELBASE * _nose
	var straight := middle.y
	return straight if absf(_axle.x) < 0.8 else straight + absf(_axle.x)


# A point of the path, LOOK_AHEAD from the rear axle: the aisle's line, the arc, and the middle of the bay.
func _aim() -> Vector2:
	var centre := Vector2(_side * _radius, _line - _radius)
	var x := _side * _axle.x
	if x > _radius:
		var next := x - LOOK_AHEAD
		return Vector2(_side * next, _line) if next > _radius else _on_arc(centre, (_radius - next) / _radius)
	if _axle.y > centre.y:
		var from := _axle - centre
		var done := atan2(-_side * from.x, from.y)
		var angle := done + LOOK_AHEAD / _radius
		return _on_arc(centre, angle) if angle < PI / 2.0 else Vector2(0.0, centre.y - _radius * (angle - PI / 2.0))
	return Vector2(0.0, _axle.y - LOOK_AHEAD)


func _on_arc(centre: Vector2, angle: float) -> Vector2:
	return centre + _radius * Vector2(-_side * sin(angle), cos(angle))


# It stands, or is in the way of others, and is not parked.
func _has_failed() -> bool:
	return _stuck > 7 or (_remaining() > 0.3 and _bumpers.gap(_gear > 0) < 0.2)


# The highest speed at which it can still stop within `metres`.
func _stopping(metres: float) -> float:
	return sqrt(2.0 * 0.8 * maxf(metres, 0.0))


func _pedal(speed: float) -> float:
	return clampf(1.5 * (speed - _car.speed()), -1.0, 1.0)
