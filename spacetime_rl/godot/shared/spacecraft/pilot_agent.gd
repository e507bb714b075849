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
