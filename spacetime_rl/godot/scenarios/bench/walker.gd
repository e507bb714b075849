class_name BenchWalker
extends CharacterBody3D
## Walks forward and sideways and turns, under gravity; knows its goal and its place in the crowd.

const FORWARD_M_S := 4.0
const SIDEWAYS_M_S := 3.0
const TURN_RAD_S := PI
const GRAVITY_M_S2 := 9.8

@export var agent: RLAgent
@export var move: RLContinuousAction
@export var goal: Marker3D
@export var target: RLTargetSensor

var crowd: BenchCrowd
## Its place among the walkers.
var number := 0

var _progress := RLProgressReward.new()
var _time := RLTimeReward.new()


func _physics_process(delta: float) -> void:
	if not agent.active:
		return
	var wish := move.vector3()
	rotate_y(-wish.z * TURN_RAD_S * delta)
	var walk := basis * Vector3(wish.y * SIDEWAYS_M_S, 0.0, -wish.x * FORWARD_M_S)
	velocity = Vector3(walk.x, velocity.y - GRAVITY_M_S2 * delta, walk.z)
	move_and_slide()


## Become a member of the crowd, before the agent is set up.
func join(of_crowd: BenchCrowd, as_number: int) -> void:
	crowd = of_crowd
	number = as_number
	target.target = goal
	_progress.target = goal
	agent.reward_terms = [_progress, _time]


## Take over what is paid for progress and time.
func set_prices(settings: BenchParams) -> void:
	_progress.weight = settings.reward_progress
	_time.weight = settings.reward_time


## Stand somewhere for a new episode.
func stand(at: Vector3, yaw: float) -> void:
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), at))


## Walk to another goal.
func pursue(place: Vector3) -> void:
	goal.position = place
	_progress.begin_episode()


## Metres to the goal.
func distance_to_goal() -> float:
	return position.distance_to(goal.position)
