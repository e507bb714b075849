class_name RLWarningOracle
extends RLOracle
## A script or the engine warned of something.


func _init() -> void:
	severity = "warning"
	RLFaults.watch_warnings()


func _tick(_delta: float) -> void:
	_take()


func _end_decision() -> void:
	_take()


func _take() -> void:
	for warning: PackedStringArray in RLFaults.take_warnings():
		report(warning[0], "a warning: %s" % warning[1])
