class_name RiderAgent
extends RLAgent
## Rides to the finish. Scripted: keeps a speed that suits the hills ahead, and leans so that the frame follows them.

## Speed on flat ground, and what steepness ahead takes of it, in metres a second and for a rad.
const PACE := 10.5
const CARE := 7.0
## How far ahead the script looks, in metres.
const LOOK_M := 3.5
## Drive for each metre a second that is lacking.
const EAGER := 0.5
## Lean for each rad off the ground's slope, and for each rad a second of turning.
const STRAIGHTEN := 2.2
const CALM := 0.7


func _heuristic(action: PackedFloat32Array) -> void:
	var bike := body_2d as Motorcycle
	var place := arena_2d as MotorcycleArena
	var here := bike.global_position.x
	var ahead := place.track.slope_at(here + LOOK_M * MotorcycleTrack.PX)
	var below := place.track.slope_at(here + 0.5 * MotorcycleTrack.PX)
	var drive := EAGER * (PACE - CARE * maxf(0.0, below - ahead) - bike.speed().x)
	var nose_up := bike.pitch() - below
	# A nose that rises is brought down by less throttle, too.
	drive -= maxf(0.0, 1.5 * nose_up - 0.3 * bike.angular_velocity)
	var lean := STRAIGHTEN * nose_up - CALM * bike.angular_velocity
	bike.controls.write(action, clampf(drive, -0.6, 1.0), clampf(lean, -1.0, 1.0))


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	var drive := clampf(stick.y + RLHuman.right_stick().y + RLHuman.lift(), -1.0, 1.0)
	var lean := clampf(stick.x + RLHuman.right_stick().x, -1.0, 1.0)
	(body_2d as Motorcycle).controls.write(action, drive, lean)


func _purpose() -> String:
	return "Ride to the finish in time, on two wheels."


func _controls() -> PackedStringArray:
	return [
		"W / S, up / down, triggers: throttle / brakes",
		"A / D, left / right, left stick: lean back / to the front",
	]


func _readout() -> PackedStringArray:
	var place := arena_2d as MotorcycleArena
	var left_s := place.settings.time_limit_s - RLGameTime.seconds_in(place.ticks)
	return [
		"to the finish: %.0f m   time left: %.0f s" % [place.distance(), left_s],
		"speed: %.0f km/h   wind: %+.0f m/s" % [place.bike.speed().x * 3.6, place.wind.speed],
	]
