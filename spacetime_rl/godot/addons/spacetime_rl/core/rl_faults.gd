class_name RLFaults
extends Logger
## Turns the first script or engine error into one line on stderr and exit code 70; warnings pass.
##
## An error in a training process would otherwise go on silently with half-executed functions. Warnings are kept for
## those who watch for them, and so are the errors of an unchanged game, which goes on as it does for its players.

## Exit code of a process that ended by a script or engine error.
const EXIT_CODE := 70

const _MOST_WARNINGS := 64
# What a game without a window does not have, such as a clipboard, is no mistake of an unchanged game.
const _NO_SCREEN := "display_server.cpp"
const _OURS := "res://addons/spacetime_rl/"

static var _installed: RLFaults
static var _message := ""
static var _watches_warnings := false
# Each as place and text.
static var _warnings: Array[PackedStringArray] = []
static var _forgotten := 0
static var _keeps_errors := false
# What the first error at each place said.
static var _errors: Dictionary[String, String] = {}
static var _lock := Mutex.new()


## Start watching; does nothing when already watching.
static func install() -> void:
	if _installed == null:
		_installed = RLFaults.new()
		OS.add_logger(_installed)


## Watch no longer.
static func remove() -> void:
	if _installed != null:
		OS.remove_logger(_installed)
		_installed = null


## The first error as "file:line in function: what", or "" while there was none.
static func message() -> String:
	_lock.lock()
	var text := _message
	_lock.unlock()
	return text


## Keep warnings from now on.
static func watch_warnings() -> void:
	install()
	_watches_warnings = true


## Keep errors from now on, and go on after them. Those of our own scripts, and of scripts from outside the project,
## end the process nevertheless.
static func keep_errors() -> void:
	install()
	_keeps_errors = true


## The places where errors were, "file:line", from the one with this number on, with what the first one there said.
static func errors_from(first: int) -> Array[PackedStringArray]:
	_lock.lock()
	var found: Array[PackedStringArray] = []
	for place: String in _errors.keys().slice(first):
		found.append(PackedStringArray([place, _errors[place]]))
	_lock.unlock()
	return found


## How many warnings there have been.
static func warning_count() -> int:
	_lock.lock()
	var count := _forgotten + _warnings.size()
	_lock.unlock()
	return count


## The warnings from the one with this number on, each as its place, "file:line", and what it says. The oldest of many
## are forgotten.
static func warnings_from(first: int) -> Array[PackedStringArray]:
	_lock.lock()
	var found := _warnings.slice(maxi(0, first - _forgotten))
	_lock.unlock()
	return found


func _log_error(
	function: String,
	file: String,
	line: int,
	code: String,
	rationale: String,
	_editor_notify: bool,
	error_type: int,
	backtraces: Array[ScriptBacktrace]
) -> void:
	if error_type == ERROR_TYPE_WARNING and not _watches_warnings:
		return
	if _keeps_errors and file.ends_with(_NO_SCREEN):
		return
	var where := "%s:%d in %s" % [file, line, function]
	# A script's own error names its place; what the engine or push_error complains of was caused by a script's line.
	for trace: ScriptBacktrace in backtraces:
		if error_type != ERROR_TYPE_SCRIPT and trace.get_frame_count() > 0 and not _is_device(trace.get_frame_file(0)):
			where = "%s:%d in %s" % [trace.get_frame_file(0), trace.get_frame_line(0), trace.get_frame_function(0)]
	var what := code if rationale == "" else rationale
	if error_type == ERROR_TYPE_WARNING:
		_keep_warning(where.get_slice(" in ", 0), what)
	elif _keeps_errors and not (error_type == ERROR_TYPE_SCRIPT and _is_of_others(file)):
		_keep_error(where.get_slice(" in ", 0), what)
	else:
		_record("%s: %s" % [where, what])


# Our hands in an unchanged game: what they press is the cause of nothing.
static func _is_device(file: String) -> bool:
	return _keeps_errors and file.begins_with(_OURS)


static func _is_of_others(file: String) -> bool:
	return file.begins_with(_OURS) or file.is_absolute_path() and not file.begins_with("res://")


func _keep_error(where: String, what: String) -> void:
	_lock.lock()
	if not _errors.has(where):
		_errors[where] = what
	_lock.unlock()


func _keep_warning(where: String, what: String) -> void:
	_lock.lock()
	if _warnings.size() == _MOST_WARNINGS:
		_warnings.remove_at(0)
		_forgotten += 1
	_warnings.append(PackedStringArray([where, what]))
	_lock.unlock()


func _record(text: String) -> void:
	_lock.lock()
	var first := _message == ""
	if first:
		_message = text
	_lock.unlock()
	if not first:
		return
	printerr("SPACETIME-ERROR: ", text)
	_quit_unless_bridged.call_deferred()


# A bridge tells its peer first, and quits then.
static func _quit_unless_bridged() -> void:
	var tree := Engine.get_main_loop() as SceneTree
	if tree != null and tree.get_first_node_in_group(RLOptions.BRIDGE_GROUP) == null:
		tree.quit(EXIT_CODE)
