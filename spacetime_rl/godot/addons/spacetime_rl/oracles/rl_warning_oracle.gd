class_name RLWarningOracle
extends RLOracle
## A script or the engine warned of something.
##
## Some warnings of the engine depend on how its threads come along, and not on what is played: their causes begin with
## `RLMonitor.PREFIX`, so that nobody expects them of a replay.

# The physics engine's queue of jobs was full.
const _OF_THREADS: PackedStringArray = ["jolt_job_system.cpp"]

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
		report(_cause(warning[0]), "a warning: %s" % warning[1])
	_number = count


func _cause(place: String) -> String:
	return RLMonitor.PREFIX + place if place.get_file().get_slice(":", 0) in _OF_THREADS else place
