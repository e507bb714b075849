class_name HatchbackCar
extends VehicleBody3D
## The car that parks: an engine on the front wheels, brakes on all four, and a steering wheel that takes time to turn.
##
## Its origin is on the ground below its middle, and its nose points to -Z.

const LENGTH := 3.8
const WIDTH := 1.7
## Between the axles, in metres; each is as far from the middle.
const WHEELBASE := 2.4
## The corners of what it covers of the ground, own frame.
const CORNERS: Array[Vector3] = [
	Vector3(-WIDTH / 2.0, 0.0, -LENGTH / 2.0),
	Vector3(WIDTH / 2.0, 0.0, -LENGTH / 2.0),
	Vector3(WIDTH / 2.0, 0.0, LENGTH / 2.0),
	Vector3(-WIDTH / 2.0, 0.0, LENGTH / 2.0),
]
## A pedal pressed less than this is not pressed.
const PEDAL_DEAD := 0.05
## Below this speed the car changes between ahead and back instead of braking, in metres a second.
const CHANGE_SPEED := 0.1

@export var agent: ParkerAgent
## Makes a wheel; see `start`.
@export var wheel_scene: PackedScene
## The visible parts of the chassis. They are removed in a headless game.
@export var looks: Node3D

var settings: ParkingParams
## Angle of the front wheels, in rad to the left.
var steer := 0.0
## Metres driven in this episode.
var driven := 0.0
## How often it changed between ahead and back in this episode.
var gear_changes := 0

# The places of the wheels at rest; the first two are in front.
var _wheel_places: Array[Transform3D] = []
var _wheels: Array[VehicleWheel3D] = []
var _last_direction := 0
var _touches := false


func _ready() -> void:
	for node: Node in find_children("*", "VehicleWheel3D", false, false):
		_wheels.append(node as VehicleWheel3D)
		_wheel_places.append((node as VehicleWheel3D).transform)
	if DisplayServer.get_name() == "headless":
		looks.free()
	contact_monitor = true
	max_contacts_reported = 4
	can_sleep = false


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var wish := agent.wish()
	var lock := deg_to_rad(settings.max_steer_deg)
	# The wheel to the right is positive, as on a gamepad; the angle to the left is.
	steer = move_toward(steer, -wish.x * lock, deg_to_rad(settings.steer_rate_deg) * delta)
	steering = steer
	_drive(wish.y, delta)
	_take_stock(delta)


# Not asked of the body itself, which remembers the contacts of the last episode until it moves again.
func _integrate_forces(state: PhysicsDirectBodyState3D) -> void:
	_touches = state.get_contact_count() > 0


## Once, before the first episode.
func build(params: ParkingParams) -> void:
	settings = params
	agent.keep_action(params.discrete)


## Begin an episode at rest at a place (arena coordinates), with the wheels straight.
##
## A wheel remembers how far it has turned, and the direction in which it grips depends on it in the last bits: new
## wheels for every episode are what makes an episode independent of those before it.
func start(at: Transform3D) -> void:
	_replace_wheels()
	RLPhysics.reset_body(self, at)
	steer = 0.0
	steering = 0.0
	engine_force = 0.0
	brake = 0.0
	driven = 0.0
	gear_changes = 0
	_last_direction = 0
	_touches = false


## Speed along the car's own nose, in metres a second; negative backwards.
func speed() -> float:
	return -linear_velocity.dot(global_basis.z)


## Radius of the circle on which the rear axle turns at full lock, in metres.
func turning_radius() -> float:
	return WHEELBASE / tan(deg_to_rad(settings.max_steer_deg))


## Whether the chassis touches anything.
func touches() -> bool:
	return _touches


# Ahead is positive. A pedal against the motion brakes; then the same pedal drives the other way.
func _drive(pedal: float, delta: float) -> void:
	var now := speed()
	engine_force = 0.0
	brake = 0.0
	if absf(pedal) < PEDAL_DEAD:
		_brake(settings.idle_braking, now, delta)
	elif absf(now) > CHANGE_SPEED and now * pedal < 0.0:
		_brake(settings.braking * absf(pedal), now, delta)
	else:
		var top := settings.max_speed if pedal > 0.0 else settings.max_reverse_speed
		# Full strength until half a metre a second below the top speed, and none from there on.
		var share := clampf((top - absf(now)) / 0.5, 0.0, 1.0)
		# Two wheels drive. Ahead is against Godot's own direction of a vehicle, which looks to +Z.
		engine_force = -0.5 * mass * settings.acceleration * pedal * share


# An impulse for each wheel and tick, not a force; more than the car's own would push it back.
func _brake(strength: float, now: float, delta: float) -> void:
	brake = 0.25 * mass * minf(strength * delta, absf(now))


func _take_stock(delta: float) -> void:
	var now := speed()
	driven += absf(now) * delta
	var direction := int(signf(now)) if absf(now) > CHANGE_SPEED else 0
	if direction != 0:
		if _last_direction == -direction:
			gear_changes += 1
		_last_direction = direction


func _replace_wheels() -> void:
	for i: int in _wheels.size():
		var named := _wheels[i].name
		_wheels[i].free()
		var wheel := wheel_scene.instantiate() as VehicleWheel3D
		wheel.name = named
		wheel.transform = _wheel_places[i]
		wheel.use_as_steering = i < 2
		wheel.use_as_traction = i < 2
		add_child(wheel)
		_wheels[i] = wheel
