@icon("res://addons/spacetime_rl/icons/sensor.svg")
class_name RLSensor
extends Node
## Base of what an agent perceives: a few named floats, written in place every decision. A child of the RLAgent.
##
## Override `fields` and `write`. Write numbers roughly within [-1, 1], always finite.

## First part of the field names; two sensors of an agent need two labels.
@export var label := &"sensor"

var agent: RLAgent
## The player: the agent's parent. Null in a 2D game, which has `body_2d`.
var body: Node3D
## The player in a 2D game; null in 3D.
var body_2d: Node2D
## Floats this sensor writes.
var size := 0


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Override: the named parts of what `write` writes, in order. Must not change after the arena was built.
func fields() -> Array[RLField]:
	return []


## Override: write `size` floats into `buffer`, the first one at `offset`. Called for every decision: allocate nothing.
func write(_buffer: PackedFloat32Array, _offset: int) -> void:
	pass


## Override: the episode began and everything is in its place; forget the last one.
func begin_episode() -> void:
	pass


## Override for work to be done once, when `agent` and `body` are known.
func _setup() -> void:
	pass


## For the agent.
func setup(of_agent: RLAgent) -> void:
	agent = of_agent
	body = agent.body
	body_2d = agent.body_2d
	_setup()
	size = 0
	for field: RLField in fields():
		size += field.size
