class_name LandingPilot
## The scripted pilot, a PD controller: falls, then brakes late along a speed-over-height profile, upright over the pad.

## Share of the main engine that the braking profile uses.
const BRAKE_THRUST := 0.75
const TOUCHDOWN_M_S := 1.0
## The profile ends this much above the pad, in metres; the rest is done at touchdown speed.
const FLARE_M := 2.0
const SPEED_GAIN := 1.5
const PLACE_GAIN := 0.15
const DRIFT_GAIN := 0.75
## A craft farther to the side than this stays above a cone around the pad, `CONE` metres high for each metre.
const MISS_M := 1.5
const CONE := 0.5
const TILT_GAIN := 4.0
const SPIN_GAIN := 8.0


## Write the action [lateral x, z, main, pitch, yaw, roll] that brings a craft's feet to `target` (arena coordinates)
## at a speed that the engine can still stop there.
static func fly_to(craft: Spacecraft, target: Vector3, action: PackedFloat32Array) -> void:
	var settings := craft.settings
	var inverse := craft.heading().transposed()
	var offset := inverse * (target - craft.feet())
	var velocity := inverse * craft.linear_velocity
	var spin := inverse * craft.angular_velocity
	var up := inverse * craft.global_basis.y
	var strength := settings.lateral_thrust_n / settings.mass_kg
	action[0] = clampf((PLACE_GAIN * offset.x - DRIFT_GAIN * velocity.x) / strength, -1.0, 1.0)
	action[1] = clampf((PLACE_GAIN * offset.z - DRIFT_GAIN * velocity.z) / strength, -1.0, 1.0)
	action[2] = 2.0 * _throttle(settings, -offset.y, Vector2(offset.x, offset.z).length(), velocity.y) - 1.0
	action[3] = clampf(-TILT_GAIN * atan2(up.z, up.y) - SPIN_GAIN * spin.x, -1.0, 1.0)
	action[4] = clampf(-SPIN_GAIN * spin.y, -1.0, 1.0)
	action[5] = clampf(-TILT_GAIN * atan2(-up.x, up.y) - SPIN_GAIN * spin.z, -1.0, 1.0)


## Share of the main engine: follow v = -sqrt(2 a h) down to the pad, or to a cone around it while to the side of it.
static func _throttle(settings: SpacecraftParams, height: float, miss: float, velocity: float) -> float:
	var engine := settings.main_thrust_n / settings.mass_kg
	var braking := BRAKE_THRUST * engine - settings.gravity_m_s2
	var over_pad := miss < MISS_M
	var above := height - (FLARE_M if over_pad else CONE * miss)
	var last := TOUCHDOWN_M_S if over_pad else 0.0
	var wanted := -last if over_pad else minf(-above, 2.0)
	if above > 0.0:
		wanted = -sqrt(last * last + 2.0 * braking * above)
	var hold := braking if above > 0.0 else 0.0
	return clampf((settings.gravity_m_s2 + hold + SPEED_GAIN * (wanted - velocity)) / engine, 0.0, 1.0)
