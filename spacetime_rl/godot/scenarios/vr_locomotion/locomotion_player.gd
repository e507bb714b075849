class_name LocomotionPlayer
extends RLXRPlayer
## The VR player: walks by the left stick, snap-turns by the right one, teleports by the trigger.

const BODY_RADIUS := 0.25
## How far the head turns away from the body to look at the waypoint, in rad.
const GLANCE := 1.0
const EYES_M := 1.7

@export var agent: RLAgent
## Left stick x, y, right stick x.
@export var sticks: RLContinuousAction
@export var trigger: RLDiscreteAction
## Finds the floor where a teleport lands.
@export var landing_probe: RayCast3D

var settings: LocomotionParams
var comfort := ComfortMeter.new()
var contacts := ContactCounter.new()
var vignette := ComfortVignette.new()
## Velocity in the own frame, which a snap turn takes along, in m/s.
var walk := Vector3.ZERO
## What the head looks at, in the arena.
var gaze := Vector3.ZERO

var _body_language := BodyLanguage.new()
var _snap_pause_s := 0.0
var _teleport_pause_s := 0.0


func _ready() -> void:
	if DisplayServer.get_name() != "headless":
		add_child(VignetteView.new(vignette))


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	_snap_turn(sticks.values[2], delta)
	_teleport(trigger.value == 1, delta)
	_walk(sticks.values[0], sticks.values[1], delta)
	_body_language.tick(walk, delta)
	if settings.comfort:
		vignette.tick(walk, delta)
	comfort.tick(walk, 0.0, delta, _body_language.roll, vignette.is_on())


## Stand at a place for a new episode.
func stand(at: Vector2, yaw: float) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), Vector3(at.x, 0.0, at.y)))
	walk = Vector3.ZERO
	_snap_pause_s = 0.0
	_teleport_pause_s = 0.0
	contacts.reset(RLGameTime.ticks_in(settings.contact_pause_s))
	vignette.reset(settings)
	comfort.reset(settings.max_speed, PI)
	_body_language.reset()
	pose()


## Bring head and hands to where they are by now: the head looks where the way leads.
func pose() -> void:
	var away := (gaze - position) * basis
	_body_language.yaw = clampf(atan2(-away.x, -away.z), -GLANCE, GLANCE)
	_body_language.pitch = -atan2(EYES_M, away.length() + 1.0)
	_body_language.pose(self)


## Snaps while the stick is beyond the threshold, with a pause after each.
func _snap_turn(stick: float, delta: float) -> void:
	_snap_pause_s -= delta
	if absf(stick) <= settings.snap_threshold or _snap_pause_s > 0.0:
		return
	_snap_pause_s = settings.snap_pause_s
	var angle := -signf(stick) * deg_to_rad(settings.snap_deg)
	rotate_y(angle)
	vignette.snap(angle)
	agent.add_metric(&"snap_turns", 1.0)


## Teleports while the trigger is pulled, with a pause after each.
func _teleport(pulls: bool, delta: float) -> void:
	_teleport_pause_s -= delta
	if not pulls or _teleport_pause_s > 0.0:
		return
	_teleport_pause_s = settings.teleport_pause_s
	var jump := basis * Vector3(0.0, 0.0, -settings.teleport_m)
	if _can_land(jump):
		position += jump
		agent.add_metric(&"teleports", 1.0)
	else:
		agent.add_metric(&"blocked_teleports", 1.0)


func _can_land(jump: Vector3) -> bool:
	landing_probe.position = Vector3(0.0, 1.0, -settings.teleport_m)
	landing_probe.force_update_transform()
	landing_probe.force_raycast_update()
	return landing_probe.is_colliding() and not test_move(global_transform, jump)


func _walk(right: float, ahead: float, delta: float) -> void:
	var wanted := Vector3(right, 0.0, -ahead).limit_length(1.0) * settings.max_speed
	walk = walk.move_toward(wanted, settings.acceleration * delta)
	velocity = basis * walk
	var touching := move_and_slide()
	contacts.tick(self, touching)
	if touching:
		walk = velocity * basis
