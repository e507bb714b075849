class_name StressTester
extends Node3D
## Drops and throws bodies, and sets off the particles, once at the beginning of each decision.

const EFFECT_TICKS := 90
## Bodies fall from above this half of an edge, in metres.
const DROP_HALF_M := 1.5

@export var agent: RLAgent
@export var spawn: RLDiscreteAction
@export var throw: RLContinuousAction
@export var effect: RLDiscreteAction
@export var particles: CPUParticles3D

var room: StressArena

var _decided := 0
var _effect_left := 0


func _physics_process(_delta: float) -> void:
	_effect_left = maxi(0, _effect_left - 1)
	if not agent.active or agent.decisions == _decided:
		return
	_decided = agent.decisions
	var fresh := room.bodies.drop(spawn.value, DROP_HALF_M, room.rng)
	agent.add_metric(&"spawned", fresh)
	var force := throw.vector3()
	if force.length() > 0.1:
		var thrown := room.bodies.throw_latest(fresh, force * room.settings.throw_speed)
		room.note_throw(thrown)
		agent.add_metric(&"thrown", thrown)
	if effect.value == 1 and _effect_left == 0:
		_effect_left = EFFECT_TICKS
		agent.add_metric(&"effects", 1.0)
		particles.restart()


## A new episode.
func begin() -> void:
	_decided = 0
	_effect_left = 0
	particles.emitting = false


## Whether particles of an effect are in the air.
func effect_runs() -> bool:
	return _effect_left > 0
