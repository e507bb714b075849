class_name Motorcycle
extends RigidBody2D
## The frame, driven by its rider: engine, brakes, springs, the rider's lean, and what of it touches the ground.
##
## Wheels slide along grooves of the frame, which are joints of the engine. The springs are forces of this script: the
## springs of the engine are too soft for a motorcycle. Ahead is +x; a rotation above 0 is nose down.

const PX := MotorcycleTrack.PX
## Newtons and newton metres in the engine's units: kg px/s² and kg px²/s².
const NEWTON := PX
const NEWTON_METRE := PX * PX
const WHEEL_RADIUS := 32.0
## Places in the frame: the axles when nothing presses on the springs, and where the rider sits.
const REAR_AXLE := Vector2(-66.0, 30.0)
const FRONT_AXLE := Vector2(66.0, 30.0)
const SEAT := Vector2(-16.0, -22.0)
## What a spring does: N/m, and N s/m. It can be pressed together by TRAVEL pixels.
const SPRING := 16000.0
const DAMPER := 950.0
const TRAVEL := 20.0
## Lean of a rider who sits at ease, in rad to the front.
const AT_EASE := 0.35
## What the rider's hips do: N m/rad, and N m s/rad.
const HIPS := 1100.0
const HIPS_DAMPER := 130.0
## Share of the braking force that is the front brake's.
const FRONT_BRAKE := 0.55
## Height above the frame's middle at which the air pushes, in pixels.
const PRESSURE_POINT := Vector2(0.0, -30.0)

@export var agent: RLAgent
@export var rear: RigidBody2D
@export var front: RigidBody2D
@export var rider: RigidBody2D
@export var controls: MotorcycleControls

var arena: MotorcycleArena


func _physics_process(_delta: float) -> void:
	if not arena.core.is_running():
		return
	_spring(rear, REAR_AXLE)
	_spring(front, FRONT_AXLE)
	_lean(controls.lean() if agent.active else 0.0)
	_drive(controls.drive() if agent.active else 0.0)
	_meet_the_air()


## Stand at a place of the track, at rest.
func stand(x: float, y: float) -> void:
	# A little pressed together, as it stands.
	var place := Transform2D(0.0, Vector2(x, y - WHEEL_RADIUS - REAR_AXLE.y + 4.0))
	RLPhysics2D.reset_body(self, place)
	RLPhysics2D.reset_body(rear, place.translated_local(REAR_AXLE))
	RLPhysics2D.reset_body(front, place.translated_local(FRONT_AXLE))
	RLPhysics2D.reset_body(rider, place.translated_local(SEAT).rotated_local(AT_EASE))


## How far the nose is up, in rad.
func pitch() -> float:
	return -global_rotation


## Speed, in metres a second; y is up.
func speed() -> Vector2:
	return Vector2(linear_velocity.x, -linear_velocity.y) / PX


## How far the rider leans to the front, from how one sits at ease, in rad.
func leaning() -> float:
	return angle_difference(global_rotation + AT_EASE, rider.global_rotation)


## How far a spring is pressed together, in pixels; below 0 the wheel hangs.
func pressed(wheel: RigidBody2D, axle: Vector2) -> float:
	return axle.y - to_local(wheel.global_position).y


## Whether a part of the motorcycle touches the ground, as of the last tick.
func touches(body: RigidBody2D) -> bool:
	# At first the engine still knows what the body touched in the last episode.
	return arena.ticks > 1 and body.get_contact_count() > 0


func _spring(wheel: RigidBody2D, axle: Vector2) -> void:
	var up := -global_transform.y
	var hub := wheel.global_position - global_position
	var at_hub := linear_velocity + angular_velocity * hub.orthogonal() * -1.0
	var closing := (wheel.linear_velocity - at_hub).dot(up)
	var force := (SPRING * pressed(wheel, axle) + DAMPER * closing) * up
	apply_force(force, hub)
	wheel.apply_central_force(-force)


func _lean(to: float) -> void:
	var settings := arena.settings
	var off := to * deg_to_rad(settings.lean_deg) - leaning()
	var torque := (HIPS * off - HIPS_DAMPER * (rider.angular_velocity - angular_velocity)) * NEWTON_METRE
	rider.apply_torque(torque)
	apply_torque(to * settings.lean_torque * NEWTON_METRE - torque)


func _drive(to: float) -> void:
	var settings := arena.settings
	if to >= 0.0:
		var rolling := rear.angular_velocity * WHEEL_RADIUS / PX
		var force := to * settings.engine_n * clampf(1.0 - rolling / settings.top_speed, 0.0, 1.0)
		_turn(rear, force * NEWTON * WHEEL_RADIUS)
		return
	var braking := -to * settings.brake_n * NEWTON * WHEEL_RADIUS
	_brake(rear, braking * (1.0 - FRONT_BRAKE))
	_brake(front, braking * FRONT_BRAKE)


func _brake(wheel: RigidBody2D, torque: float) -> void:
	var spin := wheel.angular_velocity - angular_velocity
	# No more than stops it within the tick.
	var stopping := absf(spin) * wheel.inertia * RLGameTime.ticks_per_second()
	_turn(wheel, -signf(spin) * minf(torque, stopping))


# What turns a wheel turns the frame the other way.
func _turn(wheel: RigidBody2D, torque: float) -> void:
	wheel.apply_torque(torque)
	apply_torque(-torque)


func _meet_the_air() -> void:
	var against := Vector2(arena.wind.speed, 0.0) - linear_velocity / PX
	apply_force(arena.settings.drag * against * against.length() * NEWTON, PRESSURE_POINT.rotated(global_rotation))
