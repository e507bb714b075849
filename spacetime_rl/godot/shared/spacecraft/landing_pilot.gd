class_name LandingPilot
## The scripted pilot, a PD controller: falls, then brakes late along a speed-over-height profile, upright over the pad.

## Share of the main engine that the braking profile uses.
const BRAKE_THRUST := 0.75
const TOUCHDOWN_M_S := 1.0
## The profile ends this much above the pad, in metres; the rest is done at touchdown speed.
const FLARE_M := 2.0
const SPEED_GAIN := 1.5
## Sideways: m/s for each metre to go, at most so many m/s, and the answer to a wrong speed in 1/s.
const SLIDE_GAIN := 0.2
const SLIDE_M_S := 6.0
const DRIFT_GAIN := 0.75
## A craft farther to the side than this stays above a cone around the pad, `CONE` metres high for each metre.
const MISS_M := 1.5
const CONE := 0.5
const TILT_GAIN := 4.0
const SPIN_GAIN := 8.0


## Write the action [lateral x, z, main, pitch, yaw, roll] that brings a craft down on its pad, or to where it waits.
static func fly(craft: Spacecraft, action: PackedFloat32Array) -> void:
	var settings := craft.settings
	var inverse := craft.heading().transposed()
	var offset := inverse * craft.to_target()
	var velocity := inverse * craft.linear_velocity
	var spin := inverse * craft.angular_velocity
	var up := inverse * craft.global_basis.y
	var strength := settings.lateral_thrust_n / settings.mass_kg
	var slide := Vector2(offset.x, offset.z).limit_length(SLIDE_M_S / SLIDE_GAIN) * SLIDE_GAIN
	action[0] = clampf(DRIFT_GAIN * (slide.x - velocity.x) / strength, -1.0, 1.0)
	action[1] = clampf(DRIFT_GAIN * (slide.y - velocity.z) / strength, -1.0, 1.0)
	var miss := Vector2(offset.x, offset.z).length()
	var may_land := craft.is_cleared() and miss < MISS_M
	var lowest := FLARE_M if may_land else (CONE * miss if craft.is_cleared() else 0.0)
	action[2] = 2.0 * _throttle(settings, -offset.y - lowest, TOUCHDOWN_M_S if may_land else 0.0, velocity.y) - 1.0
	action[3] = clampf(-TILT_GAIN * atan2(up.z, up.y) - SPIN_GAIN * spin.x, -1.0, 1.0)
	action[4] = clampf(-SPIN_GAIN * spin.y, -1.0, 1.0)
	action[5] = clampf(-TILT_GAIN * atan2(-up.x, up.y) - SPIN_GAIN * spin.z, -1.0, 1.0)


## Share of the main engine that follows v = -sqrt(2 a h) down to `last` m/s at height 0, and below keeps that speed; or
## climbs back, where the craft is not to land.
static func _throttle(settings: SpacecraftParams, above: float, last: float, velocity: float) -> float:
	var engine := settings.main_thrust_n / settings.mass_kg
	var braking := BRAKE_THRUST * engine - settings.gravity_m_s2
	var wanted := -last if last > 0.0 else minf(-above, 2.0)
	if above > 0.0:
		wanted = -sqrt(last * last + 2.0 * braking * above)
	var hold := braking if above > 0.0 else 0.0
	return clampf((settings.gravity_m_s2 + hold + SPEED_GAIN * (wanted - velocity)) / engine, 0.0, 1.0)
