class_name TrackSensor
extends RLSensor
## What the rider sees of the track: the ground ahead, oil, the finish, the wind and the time that is left.

## Where the rider looks, in metres ahead of the frame's middle. The first two are under the wheels.
const LOOKS_M: Array[float] = [-0.7, 0.7, 1.5, 2.5, 4.0, 6.0, 8.5, 12.0]
const STEEP := PI / 3.0
const HIGH_M := 5.0
const WINDY_M_S := 20.0


func _init() -> void:
	label = &"track"


func fields() -> Array[RLField]:
	var looks := LOOKS_M.size()
	var places := ", ".join(LOOKS_M.map(func(metres: float) -> String: return "%.1f" % metres))
	return [
		RLField.new("track/slope", looks, "rad/(pi/3), uphill positive, at %s m" % places),
		RLField.new("track/height", looks, "m/5 above the ground below the motorcycle, at the same places"),
		RLField.new("track/oil", looks, "1 on oil, at the same places"),
		RLField.new("finish", 1, "distance, of the track's length"),
		RLField.new("wind", 1, "m/s/20, from behind positive"),
		RLField.new("time_left", 1, "of the time limit"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var arena := agent.arena_2d as MotorcycleArena
	var track := arena.track
	var x := body_2d.global_position.x
	var below := track.y_at(x)
	var looks := LOOKS_M.size()
	for i: int in looks:
		var there := x + LOOKS_M[i] * MotorcycleTrack.PX
		buffer[offset + i] = track.slope_at(there) / STEEP
		buffer[offset + looks + i] = clampf((below - track.y_at(there)) / (HIGH_M * MotorcycleTrack.PX), -1.0, 1.0)
		buffer[offset + 2 * looks + i] = 1.0 if track.is_oily(there) else 0.0
	offset += 3 * looks
	buffer[offset] = clampf(arena.distance() / arena.settings.track_m, -1.0, 1.0)
	buffer[offset + 1] = clampf(arena.wind.speed / WINDY_M_S, -1.0, 1.0)
	buffer[offset + 2] = 1.0 - float(arena.ticks) / maxf(arena.max_ticks, 1.0)
