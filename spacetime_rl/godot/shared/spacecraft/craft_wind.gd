class_name CraftWind
extends RefCounted
## The air over the landing zone: a mean wind drawn every episode, and gusts that come and go.

## Gusts forget themselves over this time, in seconds.
const GUST_S := 2.0

## Horizontal, in m/s.
var velocity := Vector3.ZERO
var blows := false

var _mean := Vector3.ZERO
var _gust := Vector3.ZERO
var _strength := 0.0


## Draw the wind of an episode.
func begin(rng: RandomNumberGenerator, strongest: float, gusts: float) -> void:
	var speed := strongest * rng.randf()
	_mean = Vector3(speed, 0.0, 0.0).rotated(Vector3.UP, rng.randf_range(-PI, PI))
	_strength = speed * gusts
	_gust = Vector3.ZERO
	velocity = _mean
	blows = speed > 0.0


## Some ticks' time: an Ornstein-Uhlenbeck step of the gusts.
func tick(delta: float, rng: RandomNumberGenerator) -> void:
	if _strength <= 0.0:
		return
	var kick := _strength * sqrt(2.0 * delta / GUST_S)
	_gust += Vector3(kick * rng.randfn(), 0.0, kick * rng.randfn()) - _gust * (delta / GUST_S)
	velocity = _mean + _gust
