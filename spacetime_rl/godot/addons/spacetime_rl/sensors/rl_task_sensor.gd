class_name RLTaskSensor
extends RLSensor
## Tells the policy which of several tasks it plays: 1 in the task's place, 0 in the others'. The run adds it.

## The number of the task that the arena plays.
var task := 0
## The names of all tasks, in order.
var names: PackedStringArray = []


func fields() -> Array[RLField]:
	return [RLField.new(RLTask.FIELD, names.size(), "1 for the one of: %s" % ", ".join(names))]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	for i: int in names.size():
		buffer[offset + i] = 1.0 if i == task else 0.0
