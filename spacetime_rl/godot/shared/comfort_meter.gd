class_name ComfortMeter
extends RefCounted
## Comfort proxies of a VR player, from its motion alone: they stand for comfort, they do not measure a person.
##
## Give it the motion that a player sees: a snap turn or a teleport shows none, so leave those out.

## What `report` sets, of these what the agent declares in its `metric_names`: mean score (0 to 1), dose (m/s^1.5),
## acceleration (rms m/s²), yaw rate (rms rad/s), jerk (rms m/s³), share of the time with a vignette.
const METRICS: Array[StringName] = [
	&"comfort_score", &"comfort_dose", &"acceleration", &"yaw_rate", &"jerk", &"vignette"
]

## Share of the greatest turning speed above which comfort is lost, and how much.
var turn_share := 0.7
var turn_cost := 0.3
## Share of the greatest speed above which comfort is lost, and how much.
var speed_share := 0.8
var speed_cost := 0.2
## Roll of the head, in rad, above which comfort is lost, and how much.
var roll_limit := 0.3
var roll_cost := 0.2

var _max_speed := 1.0
var _max_turn := 1.0
var _velocity := Vector3.ZERO
var _acceleration := Vector3.ZERO
var _score := 1.0
var _seconds := 0.0
# Integrals over the episode's time.
var _scores := 0.0
var _accelerations_square := 0.0
var _yaw_rates_square := 0.0
var _jerks_square := 0.0
var _vignettes := 0.0


## Start an episode at rest; limits in m/s and rad/s.
func reset(max_speed: float, max_turn: float) -> void:
	_max_speed = max_speed
	_max_turn = max_turn
	_velocity = Vector3.ZERO
	_acceleration = Vector3.ZERO
	_score = 1.0
	_seconds = 0.0
	_scores = 0.0
	_accelerations_square = 0.0
	_yaw_rates_square = 0.0
	_jerks_square = 0.0
	_vignettes = 0.0


## Take in one tick's motion: m/s, rad/s, s, the head's roll in rad, and whether a vignette is shown.
func tick(velocity: Vector3, yaw_rate: float, delta: float, roll: float = 0.0, vignette: bool = false) -> void:
	_score = 1.0
	if absf(yaw_rate) > turn_share * _max_turn:
		_score -= turn_cost
	if velocity.length() > speed_share * _max_speed:
		_score -= speed_cost
	if absf(roll) > roll_limit:
		_score -= roll_cost
	var pull := (velocity - _velocity) / delta
	_jerks_square += (pull - _acceleration).length_squared() / delta
	_accelerations_square += pull.length_squared() * delta
	_yaw_rates_square += yaw_rate * yaw_rate * delta
	_scores += _score * delta
	_seconds += delta
	if vignette:
		_vignettes += delta
	_velocity = velocity
	_acceleration = pull


## The last tick's comfort, 1 is best.
func score() -> float:
	return _score


## The last tick's acceleration, in m/s².
func acceleration() -> float:
	return _acceleration.length()


## The episode's mean comfort.
func mean_score() -> float:
	return _mean(_scores)


## sqrt of the integral of squared acceleration over time, as motion sickness doses are built (ISO 2631-1).
func dose() -> float:
	return sqrt(_accelerations_square)


## Set those of METRICS that the agent declares.
func report(agent: RLAgent) -> void:
	var values: Array[float] = [
		mean_score(),
		dose(),
		sqrt(_mean(_accelerations_square)),
		sqrt(_mean(_yaw_rates_square)),
		sqrt(_mean(_jerks_square)),
		_mean(_vignettes),
	]
	for i: int in METRICS.size():
		if METRICS[i] in agent.metric_names:
			agent.set_metric(METRICS[i], values[i])


func _mean(integral: float) -> float:
	return integral / _seconds if _seconds > 0.0 else 0.0
