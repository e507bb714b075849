class_name TravellerAgent
extends RLAgent
## Travels from waypoint to waypoint. Scripted: turns towards it by snaps, walks, sidesteps what the rays find.

## Share of the top speed, and what the stick may change in a decision: neither fires the vignette.
const PACE := 0.75
const EASE := 0.12
## Snaps when the waypoint is further off to the side than this, in rad.
const OFF := 0.35
## Decisions between two snaps.
const REST := 5

@export var course_sensor: CourseSensor

var _stick := Vector2.ZERO
var _rest := 0


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as LocomotionPlayer
	var target := (arena as LocomotionArena).course.target()
	if decisions == 0:
		_stick = Vector2.ZERO
		_rest = 0
	var away := Vector3(target.x - player.position.x, 0.0, target.y - player.position.z) * player.basis
	var off := atan2(away.x, -away.z)
	_stick = _stick.move_toward(_wanted(off, away.length()), EASE)
	action[0] = _stick.x
	action[1] = _stick.y
	action[2] = 0.0
	action[3] = 0.0
	_rest -= 1
	if absf(off) > OFF and _rest <= 0:
		_rest = REST
		action[2] = signf(off)
	elif absf(off) < 0.2 and away.length() > 4.0:
		action[3] = float(decisions % 2)


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = stick.x
	action[1] = stick.y
	action[2] = RLHuman.right_stick().x
	action[3] = 1.0 if RLHuman.button(0) else 0.0


## The left stick that leads to a waypoint `off` rad to the right of ahead, round what stands ahead.
func _wanted(off: float, distance: float) -> Vector2:
	var ahead := course_sensor.free_share(course_sensor.ahead)
	var left := course_sensor.free_share(course_sensor.left)
	var right := course_sensor.free_share(course_sensor.right)
	var wanted := Vector2(sin(off), cos(off)) * PACE * minf(1.0, 0.3 + distance / 3.0)
	if ahead < 1.0:
		wanted = Vector2(PACE if right >= left else -PACE, PACE * (ahead - 0.5))
	elif left < 1.0 or right < 1.0:
		wanted.x = clampf(right - left, -1.0, 1.0) * PACE
	return wanted


func _purpose() -> String:
	return "Go from waypoint to waypoint, comfortably."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: snap turn",
		"space, pad A: teleport",
	]


func _readout() -> PackedStringArray:
	return ["distance to the next waypoint: %.1f m" % (arena as LocomotionArena).distance()]
