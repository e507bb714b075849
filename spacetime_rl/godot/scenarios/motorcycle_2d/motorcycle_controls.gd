class_name MotorcycleControls
extends Node
## What the rider does, read from whichever action the agent has: two numbers, or one of nine choices.

## Choices are numbered 3 x drive + lean; the first one is to do nothing.
const DRIVES: Array[float] = [0.0, 1.0, -1.0]
const LEANS: Array[float] = [0.0, 1.0, -1.0]

@export var numbers: RLContinuousAction
@export var choice: RLDiscreteAction


## Keep one of the two actions; before the agent is set up.
func keep(actions: String) -> void:
	if actions == "discrete":
		numbers.free()
	else:
		choice.free()


## Full throttle is 1, full brakes are -1.
func drive() -> float:
	@warning_ignore("integer_division")
	return numbers.values[0] if numbers != null else DRIVES[choice.value / LEANS.size()]


## Far to the front is 1, far to the back is -1.
func lean() -> float:
	return numbers.values[1] if numbers != null else LEANS[choice.value % LEANS.size()]


## Write an action that is nearest to these two.
func write(action: PackedFloat32Array, drive_to: float, lean_to: float) -> void:
	if numbers != null:
		action[0] = drive_to
		action[1] = lean_to
	else:
		action[0] = LEANS.size() * _nearest(DRIVES, drive_to) + _nearest(LEANS, lean_to)


func _nearest(levels: Array[float], value: float) -> int:
	return levels.find(roundf(clampf(value, -1.0, 1.0)))
