class_name WindView
extends Node2D
## Shows the wind as streaks that drift through the picture, more and longer ones the stronger it is.

const _STREAKS := 46
const _AREA := Vector2(2000.0, 900.0)
const _STRONG_M_S := 18.0

var _arena: MotorcycleArena
var _places: PackedVector2Array = []
var _rng := RandomNumberGenerator.new()


func _init(arena: MotorcycleArena) -> void:
	_arena = arena
	name = "WindView"
	# Behind the ground, before the hills.
	z_index = -1
	for i: int in _STREAKS:
		_places.append(Vector2(_rng.randf(), _rng.randf()) * _AREA)


func _process(delta: float) -> void:
	# Over the ground, so that a rider sees the wind itself and not his own speed.
	position = _arena.bike.position - _AREA / 2.0
	for i: int in _STREAKS:
		_places[i].x += _arena.wind.speed * MotorcycleTrack.PX * delta * (0.6 + 0.8 * i / _STREAKS)
	queue_redraw()


func _draw() -> void:
	var strength := clampf(absf(_arena.wind.speed) / _STRONG_M_S, 0.0, 1.0)
	var along := Vector2(signf(_arena.wind.speed) * (40.0 + 180.0 * strength), 0.0)
	for i: int in roundi(_STREAKS * strength):
		var at := (_places[i] - position).posmodv(_AREA)
		draw_line(at, at + along, Color(1.0, 1.0, 1.0, 0.15 + 0.4 * strength), 2.5, true)
