class_name JitterWatch
extends RefCounted
## Finds bodies that jitter: they turn back again and again, and get nowhere, though nobody throws them.

## Ticks in which turns are counted: a third of a second.
const WINDOW := 30
## Slower than this is rest, in metres a second.
const SLOWEST := 0.02

var _bodies: StressBodies
var _velocities := PackedVector3Array()
var _anchors := PackedVector3Array()
var _turns := PackedInt32Array()
var _ticks := 0


func _init(of_bodies: StressBodies) -> void:
	_bodies = of_bodies


## Forget all bodies.
func clear() -> void:
	_ticks = 0
	_velocities.clear()
	_anchors.clear()
	_turns.clear()


## The latest bodies, this many, were thrown: what they do in this window is not of themselves.
func excuse_latest(count: int) -> void:
	_take_new_ones()
	for i: int in range(_anchors.size() - count, _anchors.size()):
		_anchors[i] = Vector3.INF


## Look at all bodies after a tick. Returns how many were found to jitter now.
func tick(least_turns: int, within_m: float) -> int:
	_take_new_ones()
	for i: int in _turns.size():
		var now := _bodies.body_at(i).linear_velocity
		if now.length_squared() < SLOWEST * SLOWEST:
			continue
		if now.dot(_velocities[i]) < 0.0:
			_turns[i] += 1
		_velocities[i] = now
	_ticks += 1
	if _ticks < WINDOW:
		return 0
	_ticks = 0
	return _end_window(least_turns, within_m)


func _take_new_ones() -> void:
	while _turns.size() < _bodies.used:
		_anchors.append(_bodies.body_at(_turns.size()).position)
		_velocities.append(Vector3.ZERO)
		_turns.append(0)


func _end_window(least_turns: int, within_m: float) -> int:
	var found := 0
	for i: int in _turns.size():
		var at := _bodies.body_at(i).position
		if _turns[i] >= least_turns and at.distance_to(_anchors[i]) <= within_m:
			found += 1
		_turns[i] = 0
		_anchors[i] = at
	return found
