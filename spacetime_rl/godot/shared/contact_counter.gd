class_name ContactCounter
extends RefCounted
## Counts what a character newly bumps into: sliding along one and the same obstacle is a single contact.

## A touch of the same thing counts anew after this many ticks without.
var pause_ticks := 45

var _tick := 0
var _fresh := 0
# By collider, the tick of its last touch.
var _touched: Dictionary[int, int] = {}


## Forget the last episode.
func reset(pause: int) -> void:
	pause_ticks = pause
	_tick = 0
	_fresh = 0
	_touched.clear()


## Take in one tick; `touching` is what `move_and_slide` returned.
func tick(character: CharacterBody3D, touching: bool) -> void:
	_tick += 1
	if not touching:
		return
	for i: int in character.get_slide_collision_count():
		var other := character.get_slide_collision(i).get_collider_id()
		var last: int = _touched.get(other, -pause_ticks - 1)
		_fresh += int(_tick - last > pause_ticks)
		_touched[other] = _tick


## New contacts since the last call.
func take() -> int:
	var count := _fresh
	_fresh = 0
	return count
