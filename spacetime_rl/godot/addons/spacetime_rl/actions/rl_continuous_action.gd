@tool
@icon("res://addons/spacetime_rl/icons/action_continuous.svg")
class_name RLContinuousAction
extends RLAction
## An action of `count` numbers, each in [-1, 1]; what lies outside is clamped.

## How many numbers.
@export_range(1, 64) var count := 1

## The present values, `count` long. Read them; they are overwritten at every decision.
var values := PackedFloat32Array()


func kind() -> String:
	return "continuous"


## The first two values.
func vector2() -> Vector2:
	return Vector2(values[0], values[1])


## The first three values.
func vector3() -> Vector3:
	return Vector3(values[0], values[1], values[2])


func read(buffer: PackedFloat32Array, offset: int) -> void:
	for i: int in count:
		values[i] = clampf(buffer[offset + i], -1.0, 1.0)


func clear() -> void:
	values.resize(count)
	values.fill(0.0)


func _get_size() -> int:
	return count


func _get_width() -> int:
	return count
