class_name MotorcycleWind
extends RefCounted
## Wind along the track: a mean and two waves, drawn once an episode, so that its gusts come and go.

const _SLOW_S := Vector2(5.0, 9.0)
const _FAST_S := Vector2(1.2, 2.5)

## Speed of the air, in metres a second; from behind is positive.
var speed := 0.0

var _mean := 0.0
var _slow := 0.0
var _fast := 0.0
var _periods := Vector2.ONE
var _phases := Vector2.ZERO
var _rng := RandomNumberGenerator.new()


## The wind of an episode.
func begin(with_seed: int, settings: MotorcycleParams) -> void:
	_rng.seed = with_seed
	var strength := settings.wind_m_s * _rng.randf() if settings.random_wind else 0.0
	# Together they are never more than the strength.
	_mean = 0.4 * strength * _rng.randf_range(-1.0, 1.0)
	_slow = 0.4 * strength
	_fast = 0.2 * strength
	_periods = Vector2(_rng.randf_range(_SLOW_S.x, _SLOW_S.y), _rng.randf_range(_FAST_S.x, _FAST_S.y))
	_phases = Vector2(_rng.randf_range(0.0, TAU), _rng.randf_range(0.0, TAU))
	blow(0.0)


## The wind at a time of the episode, in seconds.
func blow(time_s: float) -> void:
	speed = (
		_mean + _slow * sin(TAU * time_s / _periods.x + _phases.x) + _fast * sin(TAU * time_s / _periods.y + _phases.y)
	)
