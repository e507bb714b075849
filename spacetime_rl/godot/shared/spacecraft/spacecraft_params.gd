class_name SpacecraftParams
extends RLParams
## Every number of a landing that a run may override as `scenario.params.<name>`.

## Gravity, in m/s². That of the Moon: from 1 km up the best descent reaches 47 m/s, which is what velocity / 50 is for.
@export_range(0.5, 10.0) var gravity_m_s2: float = 1.62
## Mass of the craft, in kg; its fuel weighs little beside it, so that it stays the same.
@export_range(500.0, 6000.0) var mass_kg: float = 2000.0
## The main engine at full thrust, along the craft's own up axis, in newtons.
@export_range(1000.0, 50000.0) var main_thrust_n: float = 10000.0
## The sideways thrusters at full thrust, in newtons.
@export_range(0.0, 10000.0) var lateral_thrust_n: float = 2000.0
## Whether main engine and sideways thrusters share a limit, as in the guide: the vector of their three shares of full
## thrust is at most 1 long. With `lateral_thrust_n` 10000 the direction of the thrust is then free.
@export var joint_thrust: bool = false
## The attitude thrusters (RCS) at full torque about each axis, in newton metres.
@export_range(10.0, 5000.0) var rcs_torque_nm: float = 500.0
## Fuel aboard, in units: one unit gives an impulse of 100 N s, so the main engine burns 100 units a second.
@export_range(100.0, 20000.0) var fuel: float = 4000.0

## Lowest start of the feet above the pads, in metres.
@export_range(5.0, 1000.0) var start_height_min_m: float = 500.0
## Highest start of the feet above the pads, in metres.
@export_range(5.0, 1000.0) var start_height_max_m: float = 1000.0
## The start is at most this far to the side of the pad, along x and along z, in metres.
@export_range(0.0, 200.0) var start_offset_m: float = 200.0
## Speed at the start along x and along z, to either side, in m/s.
@export_range(0.0, 20.0) var start_sideways_m_s: float = 10.0
## Highest speed downwards at the start, in m/s.
@export_range(0.0, 40.0) var start_descent_m_s: float = 20.0
## Highest tilt at the start, in radians.
@export_range(0.0, 0.5) var start_tilt_rad: float = 0.1

## Highest mean wind; strength and direction are drawn every episode. In m/s.
@export_range(0.0, 30.0) var wind_m_s: float = 8.0
## Standard deviation of the gusts, as a share of the mean wind.
@export_range(0.0, 1.0) var gusts: float = 0.3
## Force of the wind on the craft's side, in newtons for each m/s between craft and air. Falling has no drag.
@export_range(0.0, 200.0) var drag_n_s_m: float = 20.0
## Share of its strength that one thruster (drawn every episode: main, a sideways or an attitude axis) has lost.
@export_range(0.0, 0.6) var thruster_damage: float = 0.0
## Height of the hills around the pads, in metres.
@export_range(0.0, 60.0) var terrain_m: float = 15.0

## Whether a pilot observes how far the ground is below its craft, as in the guide: by a ray of 100 m along the craft's
## own down axis. Without it a pilot observes the height of the ground from the pads' level.
@export var terrain_ray: bool = false

## Where in the world the arena lies, along x and z, in metres; nothing else may depend on it.
@export_range(-1.0e9, 1.0e9) var world_offset_m: float = 0.0
## A craft this far from the origin of the local coordinates moves that origin to itself, in metres.
@export_range(50.0, 10000.0) var rebase_m: float = 2000.0
## Game time after which an episode is truncated, in seconds (9000 ticks).
@export_range(1.0, 600.0) var time_limit_s: float = 100.0

## A touchdown slower than this is soft, in m/s.
@export_range(0.1, 10.0) var soft_m_s: float = 2.0
## A touchdown slower than this is survived, in m/s.
@export_range(0.1, 20.0) var hard_m_s: float = 5.0
## A craft tilted less than this is upright, in radians.
@export_range(0.01, 1.0) var upright_rad: float = 0.2
## A craft whose centre is this near to the pad's centre is on the pad, in metres.
@export_range(0.5, 5.0) var on_pad_m: float = 2.0

## The right speed sideways, for `reward_drift`: this for each metre to go, in 1/s.
@export_range(0.01, 1.0) var slide_rate: float = 0.12
## And at most this, in m/s.
@export_range(1.0, 50.0) var slide_m_s: float = 8.0
## And so many times as fast as the quickest descent needs it to arrive with it: saves fuel; 0 does not ask for it.
@export_range(0.0, 5.0) var slide_haste: float = 0.0

## An upright touchdown below `soft_m_s`.
@export var reward_soft: float = 50.0
## An upright touchdown below `hard_m_s`.
@export var reward_hard: float = 10.0
## Any other touchdown, a collision, or flying out of the zone.
@export var reward_crash: float = -50.0
## An upright touchdown below `hard_m_s` within `on_pad_m` of the pad.
@export var reward_pad: float = 20.0
## An upright touchdown below `hard_m_s` anywhere else. For who otherwise sits down wherever it is as soon as it may.
@export var reward_astray: float = 0.0
## Every unit of fuel.
@export var reward_fuel: float = -0.01
## Every unit of fuel that did not lessen the least fuel for the rest of the way: hovering, braking early. Over a flight
## that is all but the least. For who can land already: before, it only teaches to fall.
@export var reward_waste: float = 0.0
## Time is up.
@export var reward_timeout: float = -20.0
## A metre nearer to the pad. This and the next six are differences of a potential: going back costs what coming paid,
## so hovering and circling earn nothing.
@export var reward_approach: float = 0.02
## Each halving of the sideways distance to the pad (plus 1 m).
@export var reward_aim: float = 2.0
## Each halving of the height above the pad (plus 1 m): the last metres count as much as the first hundreds.
@export var reward_sink: float = 2.0
## Each m/s less above the fastest descent that `SAFE_THRUST` of the main engine can still stop from this height.
@export var reward_descent: float = 0.5
## Each m/s less below that descent: who comes down slowly hovers, and burns fuel for nothing.
@export var reward_pace: float = 0.3
## Each m/s less between the sideways velocity and the one that leads to the pad and ends there.
@export var reward_drift: float = 0.5
## A radian less of tilt.
@export var reward_upright: float = 10.0

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["terrain_ray"]


func _check() -> PackedStringArray:
	var problems: PackedStringArray = []
	if start_height_min_m > start_height_max_m:
		problems.append(
			"start_height_min_m: %s is above start_height_max_m %s" % [start_height_min_m, start_height_max_m]
		)
	if main_thrust_n < 1.2 * mass_kg * gravity_m_s2:
		problems.append("main_thrust_n: %s N cannot brake %s kg" % [main_thrust_n, mass_kg])
	return problems
