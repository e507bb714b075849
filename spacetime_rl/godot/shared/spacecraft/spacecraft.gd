class_name Spacecraft
extends RigidBody3D
## A 6-DOF lander: a main engine along its up axis, sideways and attitude thrusters, fuel, and what the ground said.

enum Thruster { LATERAL_X, MAIN, LATERAL_Z, PITCH, YAW, ROLL, NONE }

## From the centre of mass down to the feet, in metres.
const FEET := 1.5
## Newton seconds that a unit of fuel gives.
const IMPULSE_OF_FUEL := 100.0
## Lever of the attitude thrusters, in metres: their fuel follows from it.
const RCS_ARM := 1.5
## Moment of inertia about every axis for each kg: a block 3 m wide and high.
const INERTIA_OF_MASS := 1.5
## Where the wind pushes, above the centre of mass, in metres.
const WIND_ARM := 0.3
const CONTACTS := 4

@export var agent: RLAgent
## What is there to be seen; goes where nobody sees it, as moving it along takes time.
@export var looks: Node3D
@export var lateral: RLContinuousAction
@export var main: RLContinuousAction
@export var rcs: RLContinuousAction

## The arena's wind; the same for all its craft.
var wind: CraftWind
var ground: LandingGround
var settings: SpacecraftParams
## Where it is to land.
var pad: LandingPad
## Where it has to wait before it may, seen from the pad; zero for a craft that is cleared to land.
var hold := Vector3.ZERO
## Units of fuel left.
var fuel := 0.0
## Share of its strength that each thruster still has.
var health := PackedFloat32Array()
## What it touched first since the start: the ground, a pad, another craft; null in flight.
var touched: Node3D
## Velocity just before it touched.
var touchdown_velocity := Vector3.ZERO

# Present controls: newtons and newton metres in the craft's own frame, and what they burn in a second.
var _thrust := Vector3.ZERO
var _torque := Vector3.ZERO
var _burn := 0.0
var _decision := -1
var _velocity := Vector3.ZERO


func _ready() -> void:
	if DisplayServer.get_name() == "headless":
		looks.free()
	contact_monitor = true
	max_contacts_reported = CONTACTS
	can_sleep = false
	health.resize(Thruster.NONE)


func _integrate_forces(state: PhysicsDirectBodyState3D) -> void:
	if touched == null and state.get_contact_count() > 0:
		touched = state.get_contact_collider_object(0) as Node3D
		touchdown_velocity = _velocity
	_velocity = state.linear_velocity
	if not agent.active:
		return
	if agent.decisions != _decision:
		_take_controls()
	var force := Vector3.ZERO
	var torque := Vector3.ZERO
	var axes := state.transform.basis
	if fuel > 0.0:
		fuel = maxf(fuel - _burn * state.step, 0.0)
		force = axes * _thrust
		torque = axes * _torque
	if wind.blows:
		var push := settings.drag_n_s_m * (wind.velocity - _velocity)
		push.y = 0.0
		force += push
		torque += (WIND_ARM * axes.y).cross(push)
	state.apply_central_force(force)
	state.apply_torque(torque)


## Begin an episode at `place` (arena coordinates) with these velocities and a full tank.
func start(place: Transform3D, velocity: Vector3, spin: Vector3) -> void:
	mass = settings.mass_kg
	inertia = Vector3.ONE * (INERTIA_OF_MASS * settings.mass_kg)
	var common: float = ProjectSettings.get_setting("physics/3d/default_gravity")
	gravity_scale = settings.gravity_m_s2 / common
	RLPhysics.reset_body(self, place)
	linear_velocity = velocity
	angular_velocity = spin
	_velocity = velocity
	fuel = settings.fuel
	health.fill(1.0)
	touched = null
	hold = Vector3.ZERO
	_decision = -1
	_thrust = Vector3.ZERO
	_torque = Vector3.ZERO
	_burn = 0.0


## Which way a level craft with the same nose would look: the frame of what it sees and of its pilot's plans.
func heading() -> Basis:
	return Basis(Vector3.UP, atan2(global_basis.z.x, global_basis.z.z))


## Angle between the craft's up axis and the vertical, in radians.
func tilt() -> float:
	return acos(clampf(global_basis.y.y, -1.0, 1.0))


## The point between the feet, in arena coordinates.
func feet() -> Vector3:
	return global_position - global_basis.y * FEET


## From the feet to the middle of the pad.
func to_pad() -> Vector3:
	return pad.global_position - feet()


## From the feet to where it has to go now: the pad, or the place where it waits.
func to_target() -> Vector3:
	return to_pad() + hold


## Whether it may land now.
func is_cleared() -> bool:
	return hold == Vector3.ZERO


## Units of fuel burned since the start.
func fuel_used() -> float:
	return settings.fuel - fuel


func _take_controls() -> void:
	_decision = agent.decisions
	var side := lateral.values
	var turn := rcs.values
	var throttle := 0.5 * (main.values[0] + 1.0)
	_thrust = Vector3(
		side[0] * settings.lateral_thrust_n * health[Thruster.LATERAL_X],
		throttle * settings.main_thrust_n * health[Thruster.MAIN],
		side[1] * settings.lateral_thrust_n * health[Thruster.LATERAL_Z]
	)
	if settings.joint_thrust:
		_thrust /= maxf(1.0, Vector3(side[0], throttle, side[1]).length())
	_torque = (
		Vector3(
			turn[0] * health[Thruster.PITCH],
			turn[1] * health[Thruster.YAW],
			turn[2] * health[Thruster.ROLL],
		)
		* settings.rcs_torque_nm
	)
	var newtons := absf(_thrust.x) + _thrust.y + absf(_thrust.z)
	newtons += (absf(_torque.x) + absf(_torque.y) + absf(_torque.z)) / RCS_ARM
	_burn = newtons / IMPULSE_OF_FUEL
