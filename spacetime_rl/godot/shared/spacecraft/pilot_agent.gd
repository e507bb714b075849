class_name PilotAgent
extends RLAgent
## Lands a spacecraft.


func _heuristic(action: PackedFloat32Array) -> void:
	LandingPilot.fly(body as Spacecraft, action)


## Left stick: sideways thrusters. E / Q: more or less thrust than hovering. Right stick: pitch and roll, Z / C: yaw.
## Nobody can hold six axes by hand: where a person does not turn it, the craft keeps itself level.
func _human(action: PackedFloat32Array) -> void:
	var craft := body as Spacecraft
	var settings := craft.settings
	var slide := RLHuman.left_stick()
	var lean := RLHuman.right_stick()
	var hover := 2.0 * settings.mass_kg * settings.gravity_m_s2 / settings.main_thrust_n - 1.0
	LandingPilot.fly(craft, action)
	action[0] = slide.x
	action[1] = -slide.y
	action[2] = clampf(hover + RLHuman.lift(), -1.0, 1.0)
	action[3] = action[3] if lean.y == 0.0 else -lean.y
	action[4] = action[4] if RLHuman.roll() == 0.0 else -RLHuman.roll()
	action[5] = action[5] if lean.x == 0.0 else -lean.x


func _purpose() -> String:
	return "Land on your pad: softly, upright and near its middle."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: thrust sideways",
		"Q / E, triggers: less / more thrust than hovering",
		"arrows, right stick: pitch and roll",
		"Z / C, shoulder buttons: yaw",
	]


func _readout() -> PackedStringArray:
	var craft := body as Spacecraft
	var feet := craft.global_position - Vector3.UP * Spacecraft.FEET
	var to_pad := craft.pad.global_position - feet
	var flat := Vector2(to_pad.x, to_pad.z)
	var velocity := craft.linear_velocity
	var sideways := Vector2(velocity.x, velocity.z).length()
	var ahead := craft.global_basis.inverse() * Vector3(to_pad.x, 0.0, to_pad.z)
	return [
		"altitude over the pad %.0f m   vertical speed %+.1f m/s" % [-to_pad.y, velocity.y],
		"speed sideways %.1f m/s   fuel %.0f" % [sideways, craft.fuel],
		"pad %.0f m away, %s" % [flat.length(), _direction(ahead)],
	]


## Where something lies, seen by the pilot: "ahead", "right", "behind" or "left".
func _direction(own: Vector3) -> String:
	const WORDS: Array[String] = ["ahead", "right", "behind", "left"]
	return WORDS[posmod(roundi(atan2(own.x, -own.z) / (0.5 * PI)), 4)]
