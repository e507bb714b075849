class_name RideCamera
extends Camera2D
## Follows the motorcycle and looks ahead of it, further the faster it is.

const _ZOOM := 0.72
## Pixels that it looks ahead, at rest and for each metre a second.
const _AHEAD := 190.0
const _AHEAD_FOR_SPEED := 14.0
const _ABOVE := 70.0
const _FOLLOW := 6.0

var _bike: Motorcycle


func _init(bike: Motorcycle) -> void:
	_bike = bike
	name = "RideCamera"
	zoom = Vector2.ONE * _ZOOM


func _ready() -> void:
	_bike.agent.episode_began.connect(_jump)
	_jump()


func _process(delta: float) -> void:
	position = position.lerp(_wanted(), 1.0 - exp(-_FOLLOW * delta))


func _jump() -> void:
	position = _wanted()
	reset_smoothing()


func _wanted() -> Vector2:
	return _bike.position + Vector2(_AHEAD + _AHEAD_FOR_SPEED * _bike.speed().x, -_ABOVE)
