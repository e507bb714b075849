class_name RLErrorOracle
extends RLOracle
## In a game that goes on after them, a script or the engine reported an error; its script and line are the key.

# Of the next error that is looked at. A process plays one episode, and its start belongs to that.
var _number := 0


func _tick(_delta: float) -> void:
	_take()


func _end_decision() -> void:
	_take()


func _take() -> void:
	for error: PackedStringArray in RLFaults.errors_from(_number):
		report(error[0], "a script or the engine reported an error: %s: %s" % [error[0], error[1]])
		_number += 1
