@icon("res://addons/spacetime_rl/icons/action.svg")
class_name RLAction
extends Node
## Base of one named part of an agent's action; see RLContinuousAction and RLDiscreteAction. A child of the RLAgent.

## Name of the action.
@export var label := &"action"

## Numbers of a continuous action, choices of a discrete one.
var size: int:
	get = _get_size
## Floats in the action vector.
var width: int:
	get = _get_width


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## "continuous" or "discrete".
func kind() -> String:
	return ""


## For the agent: take the value from the vector of all actions.
func read(_buffer: PackedFloat32Array, _offset: int) -> void:
	pass


## For the agent: back to doing nothing.
func clear() -> void:
	pass


func _get_size() -> int:
	return 0


func _get_width() -> int:
	return 0
