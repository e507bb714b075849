class_name BugPlayer
extends RLXRPlayer
## The VR player: walks, turns, dashes and presses a button that is near.

enum Deed { NOTHING, DASH, PRESS }

const _BLEND := 0.05

@export var agent: RLAgent
@export var move: RLContinuousAction
@export var deed: RLDiscreteAction

var settings: BugParams
var panel: ButtonPanel
## In rad/s.
var yaw_rate := 0.0

var _body_language := BodyLanguage.new()
var _sticks := Vector3.ZERO
var _dash_s := 0.0
var _pause_s := 0.0
var _pressed := false


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	_sticks = _sticks.lerp(move.vector3(), _BLEND)
	yaw_rate = -_sticks.z * deg_to_rad(settings.max_turn_deg)
	rotate_y(yaw_rate * delta)
	_dash(delta)
	_press()
	if is_dashing():
		velocity = -basis.z * settings.dash_speed
	else:
		velocity = basis * Vector3(_sticks.x, 0.0, -_sticks.y).limit_length(1.0) * settings.max_speed
	move_and_slide()
	_body_language.tick(velocity * basis, delta)


## Stand at a place for a new episode.
func stand(at: Vector2, yaw: float) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), Vector3(at.x, 0.0, at.y)))
	_sticks = Vector3.ZERO
	yaw_rate = 0.0
	_dash_s = 0.0
	_pause_s = 0.0
	_pressed = false
	_body_language.reset()
	pose()


## Bring head and hands to where they are by now.
func pose() -> void:
	_body_language.pose(self)


## Whether a dash goes on.
func is_dashing() -> bool:
	return _dash_s > 0.0


## Whether the button is near enough.
func reaches_panel() -> bool:
	return position.distance_to(panel.position * Vector3(1.0, 0.0, 1.0)) < settings.reach_m


func _dash(delta: float) -> void:
	_dash_s -= delta
	_pause_s -= delta
	if deed.value == Deed.DASH and _pause_s <= 0.0:
		_dash_s = settings.dash_s
		_pause_s = settings.dash_s + settings.dash_pause_s


func _press() -> void:
	var presses := deed.value == Deed.PRESS
	if presses and not _pressed and reaches_panel():
		panel.press()
		agent.add_metric(&"presses", 1.0)
	_pressed = presses
