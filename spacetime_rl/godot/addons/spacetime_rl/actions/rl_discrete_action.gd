@tool
@icon("res://addons/spacetime_rl/icons/action_discrete.svg")
class_name RLDiscreteAction
extends RLAction
## An action that is one choice out of `choices`; choice 0 is the one before the first decision.

## How many choices there are.
@export_range(2, 1024) var choices := 2

## The present choice, 0 to choices - 1.
var value := 0


func kind() -> String:
	return "discrete"


func read(buffer: PackedFloat32Array, offset: int) -> void:
	value = clampi(roundi(buffer[offset]), 0, choices - 1)


func clear() -> void:
	value = 0


func _get_size() -> int:
	return choices


func _get_width() -> int:
	return 1
