class_name ComfortVignette
extends RefCounted
## Narrows the view when motion gets rough: too fast, too much acceleration, or too many snap turns in a row.
##
## Each has a limit; the strain is the largest share of a limit. Intensity grows from 0 at half of it to 1 at the limit,
## where the vignette fires. It fires anew after the intensity fell below one half.

const ACCELERATION_S := 0.25
const TURN_S := 0.5
const REARMED := 0.5

## 0 to 1.
var intensity := 0.0
## Times it fired since the episode began.
var fired := 0

var _params: LocomotionParams
var _velocity := Vector3.ZERO
var _acceleration := Vector3.ZERO
var _turn := 0.0
var _armed := true


## Start an episode at rest.
func reset(params: LocomotionParams) -> void:
	_params = params
	intensity = 0.0
	fired = 0
	_velocity = Vector3.ZERO
	_acceleration = Vector3.ZERO
	_turn = 0.0
	_armed = true


## A snap turn happened, in rad.
func snap(angle: float) -> void:
	_turn += absf(angle) / TURN_S


## Take in one tick's motion as the player sees it: velocity in its own frame, in m/s.
func tick(velocity: Vector3, delta: float) -> void:
	var pull := (velocity - _velocity) / delta
	_velocity = velocity
	_acceleration = _acceleration.lerp(pull, minf(1.0, delta / ACCELERATION_S))
	_turn *= 1.0 - delta / TURN_S
	var strain := velocity.length() / _params.vignette_speed
	strain = maxf(strain, _acceleration.length() / _params.vignette_acceleration)
	strain = maxf(strain, _turn / deg_to_rad(_params.vignette_turn_deg))
	intensity = clampf(2.0 * strain - 1.0, 0.0, 1.0)
	if intensity < REARMED:
		_armed = true
	elif intensity >= 1.0 and _armed:
		_armed = false
		fired += 1


## Whether the view is narrowed as far as it goes.
func is_on() -> bool:
	return not _armed
