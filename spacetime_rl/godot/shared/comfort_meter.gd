class_name ComfortMeter
extends RefCounted
## Comfort proxies of a VR player, from its motion alone: they stand for comfort, they do not measure a person.

const TURN_SHARE := 0.7
const SPEED_SHARE := 0.8
const TURN_COST := 0.3
const SPEED_COST := 0.2

var _max_speed := 1.0
var _max_turn := 1.0
var _velocity := Vector3.ZERO
var _score := 1.0
var _score_sum := 0.0
var _dose_square := 0.0
var _ticks := 0


## Start an episode; limits in m/s and rad/s.
func reset(max_speed: float, max_turn: float) -> void:
	_max_speed = max_speed
	_max_turn = max_turn
	_velocity = Vector3.ZERO
	_score = 1.0
	_score_sum = 0.0
	_dose_square = 0.0
	_ticks = 0


## Take in one tick's motion.
func tick(velocity: Vector3, yaw_rate: float, delta: float) -> void:
	_score = 1.0
	if absf(yaw_rate) > TURN_SHARE * _max_turn:
		_score -= TURN_COST
	if velocity.length_squared() > SPEED_SHARE * SPEED_SHARE * _max_speed * _max_speed:
		_score -= SPEED_COST
	_dose_square += (velocity - _velocity).length_squared() / delta
	_velocity = velocity
	_score_sum += _score
	_ticks += 1


## The last tick's comfort, 1 is best.
func score() -> float:
	return _score


## The episode's mean comfort.
func mean_score() -> float:
	return _score_sum / maxf(_ticks, 1.0)


## sqrt of the integral of squared acceleration over time, as motion sickness doses are built.
func dose() -> float:
	return sqrt(_dose_square)
