class_name NavigationPlayer
extends RLXRPlayer
## The VR player: strafes, walks and turns by smoothed sticks, and falls where there is no floor.

const BODY_RADIUS := 0.25
## Ticks within which `smoothing` is taken over: a decision of the scenario.
const SMOOTHING_TICKS := 8.0
const GRAVITY := Vector3(0.0, -9.81, 0.0)

@export var agent: RLAgent
@export var move: RLContinuousAction
## Finds the floor under the feet.
@export var floor_probe: RayCast3D

var settings: NavigationParams
var comfort := ComfortMeter.new()
var contacts := ContactCounter.new()
## Angular velocity of the head in its own frame, in rad/s.
var angular_velocity := Vector3.ZERO
## Metres walked in this episode.
var walked := 0.0

var _body_language := BodyLanguage.new()
var _sticks := Vector3.ZERO
var _blend := 0.3
var _max_turn := 0.0
var _falling := false
var _last_place := Vector3.ZERO
var _jumps := 0


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	_notice_jump(delta)
	_sticks = _sticks.lerp(move.vector3(), _blend)
	var yaw_rate := -_sticks.z * _max_turn
	rotate_y(yaw_rate * delta)
	_walk(delta)
	_body_language.tick(velocity * basis, delta)
	angular_velocity = Vector3(0.0, yaw_rate, _body_language.roll_rate)
	comfort.tick(velocity, yaw_rate, delta, _body_language.roll)


## Stand at a place for a new episode.
func stand(at: Vector2, yaw: float) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), Vector3(at.x, 0.0, at.y)))
	_blend = 1.0 - pow(1.0 - settings.smoothing, 1.0 / SMOOTHING_TICKS)
	_max_turn = deg_to_rad(settings.max_turn_deg)
	_sticks = Vector3.ZERO
	_falling = false
	_last_place = position
	angular_velocity = Vector3.ZERO
	_jumps = 0
	walked = 0.0
	contacts.reset(RLGameTime.ticks_in(settings.contact_pause_s))
	_set_comfort()
	_body_language.reset()
	pose()


## Bring head and hands to where they are by now.
func pose() -> void:
	_body_language.pose(self)


## Whether there is no floor under the feet any more.
func is_falling() -> bool:
	return _falling


## Jumps of the body since the last call that no walking explains.
func take_jumps() -> int:
	var count := _jumps
	_jumps = 0
	return count


func _walk(delta: float) -> void:
	_falling = _falling or not _has_floor()
	if _falling:
		velocity += GRAVITY * delta
	else:
		velocity = basis * Vector3(_sticks.x, 0.0, -_sticks.y).limit_length(1.0) * settings.max_speed
	contacts.tick(self, move_and_slide())
	walked += position.distance_to(_last_place)
	_last_place = position


func _has_floor() -> bool:
	floor_probe.force_raycast_update()
	return floor_probe.is_colliding()


func _notice_jump(delta: float) -> void:
	var jump := position.distance_to(_last_place)
	if jump > settings.teleport_excess * settings.max_speed * delta:
		_jumps += 1
		_last_place = position


func _set_comfort() -> void:
	comfort.turn_share = settings.comfort_turn_share
	comfort.turn_cost = settings.comfort_turn_cost
	comfort.speed_share = settings.comfort_speed_share
	comfort.speed_cost = settings.comfort_speed_cost
	comfort.roll_limit = settings.comfort_roll_limit
	comfort.roll_cost = settings.comfort_roll_cost
	comfort.reset(settings.max_speed, _max_turn)
