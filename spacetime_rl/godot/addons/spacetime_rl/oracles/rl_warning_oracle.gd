class_name RLWarningOracle
extends RLOracle
## A script or the engine warned of something.

# Of the next warning that is looked at.
var _number := 0


func _init() -> void:
	severity = "warning"
	RLFaults.watch_warnings()


func _begin() -> void:
	_number = arena.warnings_before


func _tick(_delta: float) -> void:
	_take()


func _end_decision() -> void:
	_take()


func _take() -> void:
	var count := RLFaults.warning_count()
	if count == _number:
		return
	for warning: PackedStringArray in RLFaults.warnings_from(_number):
		report(warning[0], "a warning: %s" % warning[1])
	_number = count
