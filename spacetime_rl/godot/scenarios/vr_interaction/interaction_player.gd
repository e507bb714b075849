class_name InteractionPlayer
extends RLXRPlayer
## One VR player of the room: walks, turns, reaches with the right hand, grips; measures its own comfort.

## The box a hand can reach, in the own frame, in metres: from the floor to over the head, in front of the body.
const REACH_CENTRE := Vector3(0.15, 0.95, -0.4)
const REACH_HALF := Vector3(0.45, 0.85, 0.35)
const REST := Vector3(0.25, 1.1, -0.3)
const BODY_RADIUS := 0.25
## Physics layer of those who are in the room.
const PLAYERS := 2

@export var agent: RLAgent
@export var move: RLContinuousAction
## Null for players whose hands rest.
@export var reach: RLContinuousAction
## Closes the hand at choice 1; for players that grip with a button.
@export var button: RLDiscreteAction
## Closes the hand above 0; for players that grip with an analog trigger.
@export var trigger: RLContinuousAction

var arena: InteractionArena
var hand_over: HandOver
## The right hand, in the arena's frame, as tracked.
var hand := Vector3.ZERO
## Whether the right hand is closed, as tracked.
var grip := false

## False for a player who has left the room before the episode's end.
var present := true

var _sticks := Vector3.ZERO
var _hand_place := REST
var _comfort := ComfortMeter.new()
var _touching := false


func _ready() -> void:
	agent.episode_ended.connect(_report_comfort)
	if DisplayServer.get_name() != "headless":
		_show_hands()


## Follow the sticks, move the hand, notice contacts.
func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var settings := arena.settings
	_sticks = _sticks.lerp(move.vector3(), settings.smoothing)
	var yaw_rate := -_sticks.z * deg_to_rad(settings.max_turn_deg)
	rotate_y(yaw_rate * delta)
	var walk := Vector3(_sticks.x, 0.0, -_sticks.y).limit_length(1.0) * settings.max_speed
	velocity = basis * walk
	if move_and_slide():
		_touching = true
	if reach != null:
		var target := REACH_CENTRE + REACH_HALF * reach.vector3()
		_hand_place = _hand_place.move_toward(target, settings.hand_speed * delta)
		_track(button.value == 1 if button != null else trigger.values[0] > 0.0)
	_comfort.tick(velocity, yaw_rate, delta)


## Stand at a place for a new episode.
func stand(at: Vector3, yaw: float) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), at))
	_sticks = Vector3.ZERO
	_hand_place = REST
	_touching = false
	_set_present(true)
	_comfort.reset(arena.settings.max_speed, deg_to_rad(arena.settings.max_turn_deg))
	rest()
	_track(false)


## Pay for the last decision's time, contacts and comfort.
func decide() -> void:
	var settings := arena.settings
	agent.add_reward(&"time", settings.reward_time)
	agent.add_reward(&"discomfort", settings.reward_discomfort * (1.0 - _comfort.score()))
	if _touching:
		agent.add_reward(&"contact", settings.reward_contact)
		agent.add_metric(&"contacts", 1.0)
	_touching = false


## Leave the room for the rest of the episode: nobody sees it or runs into it any more.
func leave() -> void:
	_set_present(false)


## Whether it touched a wall, a screen or another player since the last decision.
func is_touching() -> bool:
	return _touching


## A direction of the arena as this player sees it: x right, y up, -z ahead.
func to_own_frame(vector: Vector3) -> Vector3:
	return vector * basis


## Pose the right hand's tracker, and read the hand back as it would be read from a headset.
func _track(closed: bool) -> void:
	track_hand(Hand.RIGHT, Transform3D(Basis.IDENTITY, _hand_place))
	set_trigger(Hand.RIGHT, 1.0 if closed else 0.0)
	hand = hands[Hand.RIGHT].global_position
	grip = hands[Hand.RIGHT].get_float(&"trigger") > 0.5


func _report_comfort(_success: bool) -> void:
	_comfort.report(agent)


func _set_present(to: bool) -> void:
	if present == to:
		return
	present = to
	visible = to
	collision_layer = PLAYERS if to else 0


func _show_hands() -> void:
	var ball := SphereMesh.new()
	ball.radius = 0.08
	ball.height = 0.16
	for controller: XRController3D in hands:
		var mesh := MeshInstance3D.new()
		mesh.mesh = ball
		controller.add_child(mesh)
