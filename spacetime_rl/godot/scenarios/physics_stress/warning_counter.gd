class_name WarningCounter
extends Logger
## Counts the warnings of engine and scripts in this process.

static var _shared: WarningCounter

var _count := 0
var _lock := Mutex.new()


## How many there were since this was first asked.
static func count() -> int:
	if _shared == null:
		_shared = WarningCounter.new()
		OS.add_logger(_shared)
	_shared._lock.lock()
	var found := _shared._count
	_shared._lock.unlock()
	return found


func _log_error(
	_function: String,
	_file: String,
	_line: int,
	_code: String,
	_rationale: String,
	_editor_notify: bool,
	error_type: int,
	_backtraces: Array[ScriptBacktrace]
) -> void:
	if error_type == ERROR_TYPE_WARNING:
		_lock.lock()
		_count += 1
		_lock.unlock()
