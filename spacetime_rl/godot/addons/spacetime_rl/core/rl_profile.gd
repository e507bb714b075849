class_name RLProfile
extends RefCounted
## A stopwatch for the parts of a game's work. It exists only while somebody asked for it.

## Microseconds by section: `rays` are the RLRaySensors, `observations` the other sensors, `rewards` the reward terms
## and the arenas' rules.
var usec: Dictionary[StringName, int] = {&"rays": 0, &"observations": 0, &"rewards": 0, &"actions": 0}

var _from := 0


## Begin to measure.
func start() -> void:
	_from = Time.get_ticks_usec()


## What was done since the last `start` or `stop` belongs to this section.
func stop(section: StringName) -> void:
	var now := Time.get_ticks_usec()
	usec[section] += now - _from
	_from = now


## Write an agent's observation vector, sensor by sensor. Measure from a `start`.
func observe(agent: RLAgent, buffer: PackedFloat32Array, offset: int) -> void:
	for sensor: RLSensor in agent.sensors:
		sensor.write(buffer, offset)
		offset += sensor.size
		stop(&"rays" if sensor is RLRaySensor else &"observations")
	if agent.masks != null:
		agent.masks.write(buffer, offset)
		stop(&"observations")


## Seconds by section; of `all_usec`, `physics` is what no other section has: engine, physics, the players' scripts.
func to_seconds(all_usec: int) -> Dictionary[StringName, float]:
	var seconds: Dictionary[StringName, float] = {&"physics": all_usec * 1e-6}
	for section: StringName in usec:
		seconds[section] = usec[section] * 1e-6
		seconds[&"physics"] -= seconds[section]
	return seconds
