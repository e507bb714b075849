class_name RLGameTime
## Ticks and seconds of the game's own time, which passes as fast in every tick, whatever the speed of the game.
##
## `Engine.physics_ticks_per_second` counts by the wall clock: a game that runs at eight times its speed has eight times
## as many ticks in a second.


## Physics ticks in a second of game time.
static func ticks_per_second() -> float:
	return Engine.physics_ticks_per_second / Engine.time_scale


## Physics ticks in a number of seconds of game time.
static func ticks_in(seconds: float) -> int:
	return roundi(seconds * ticks_per_second())


## Seconds of game time that a number of physics ticks take.
static func seconds_in(ticks: int) -> float:
	return ticks / ticks_per_second()
