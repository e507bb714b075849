class_name TagPlayer
extends CharacterBody3D
## One player: walks, turns, jumps, and shows who is it.

const BODY_RADIUS := 0.4
## Physics layer of those who play.
const PLAYERS := 2
const _IT := Color(0.9, 0.22, 0.2)
const _OTHER := Color(0.25, 0.55, 0.95)
const _IMMUNE := Color(0.75, 0.8, 0.85)

@export var agent: RLAgent
@export var move: RLContinuousAction
@export var jump: RLDiscreteAction
@export var rays: RLRaySensor
@export var high_rays: RLRaySensor
@export var ways: TagWaysSensor
@export var mesh: MeshInstance3D
## Shows the tag area of somebody who is it.
@export var area: MeshInstance3D

var arena: TagArena
## Whether this player is it.
var is_it := false
## Whether it was when the round began.
var began_as_it := false
## Tick of the round until which nobody can tag it.
var immune_until := 0
## False for somebody who is out of the round.
var present := true
## On the ground, as of the last tick.
var grounded := false

var _colour := StandardMaterial3D.new()


func _ready() -> void:
	mesh.material_override = _colour
	(area.mesh as TorusMesh).outer_radius = arena.settings.tag_radius
	(area.mesh as TorusMesh).inner_radius = arena.settings.tag_radius - 0.08


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var settings := arena.settings
	var stick := move.vector3()
	rotate_y(-stick.z * deg_to_rad(settings.max_turn_deg) * delta)
	var wished := basis * Vector3(stick.x, 0.0, -stick.y).limit_length(1.0) * top_speed()
	var rate := settings.acceleration * (1.0 if grounded else settings.air_control) * delta
	var flat := Vector3(velocity.x, 0.0, velocity.z).move_toward(wished, rate)
	var rise := velocity.y - settings.gravity * delta
	if jump.value == 1 and grounded:
		rise = sqrt(2.0 * settings.gravity * settings.jump_height)
		agent.add_metric(&"jumps", 1.0)
	velocity = Vector3(flat.x, rise, flat.z)
	move_and_slide()
	grounded = is_on_floor()
	if is_it:
		agent.add_metric(&"it_seconds", delta)


## Stand somewhere for a new round.
func stand(at: Vector3, yaw: float, as_it: bool) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), at))
	began_as_it = as_it
	immune_until = 0
	grounded = true
	_set_present(true)
	become(as_it)


## Take a role.
func become(it: bool) -> void:
	is_it = it
	show_role()


## Let the colour show the role, and whether one can be tagged.
func show_role() -> void:
	_colour.albedo_color = _IT if is_it else (_IMMUNE if is_immune() else _OTHER)
	area.visible = is_it


## Whether nobody can tag it for now.
func is_immune() -> bool:
	return arena.ticks < immune_until


## Metres a second that it can run in its role.
func top_speed() -> float:
	return arena.settings.seeker_speed if is_it else arena.settings.hider_speed


## Be out for the rest of the round: nobody sees it any more.
func leave() -> void:
	_set_present(false)


## A direction of the arena as this player sees it: x right, y up, -z ahead.
func to_own_frame(vector: Vector3) -> Vector3:
	return vector * basis


func _set_present(to: bool) -> void:
	present = to
	visible = to
	collision_layer = PLAYERS if to else 0
