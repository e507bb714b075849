extends SceneTree
## Runs every `test_*` method of every `test_*.gd` in res://tests and res://scenarios; any engine error fails a test.
##
## `godot --headless --path . --xr-mode off --script res://tests/run_tests.gd -- [--filter=text] [--junit=out.xml]`

const ROOTS: Array[String] = ["res://tests", "res://scenarios"]


## Collects errors of all threads while a test runs.
class ErrorCatcher:
	extends Logger
	var _errors: PackedStringArray = []
	var _lock := Mutex.new()

	## The errors since the last call.
	func take() -> PackedStringArray:
		_lock.lock()
		var errors := _errors
		_errors = []
		_lock.unlock()
		return errors

	func _log_error(
		function: String,
		file: String,
		line: int,
		code: String,
		rationale: String,
		_editor_notify: bool,
		error_type: int,
		_backtraces: Array[ScriptBacktrace]
	) -> void:
		if error_type == ERROR_TYPE_WARNING:
			return
		_lock.lock()
		_errors.append("%s:%d %s: %s %s" % [file, line, function, code, rationale])
		_lock.unlock()


var _catcher := ErrorCatcher.new()
var _filter := ""
var _count := 0
var _failed := 0
var _report := ""


func _initialize() -> void:
	OS.add_logger(_catcher)
	_run.call_deferred()


func _run() -> void:
	_filter = _option("filter")
	for folder: String in ROOTS:
		for file: String in _test_files(folder):
			await _run_file(file)
	print("%d tests, %d failed" % [_count, _failed])
	if _option("junit") != "":
		_write_report(_option("junit"))
	quit(1 if _failed > 0 or _count == 0 else 0)


func _option(option: String) -> String:
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with("--%s=" % option):
			return argument.substr(option.length() + 3)
	return ""


func _test_files(folder: String) -> PackedStringArray:
	var files: PackedStringArray = []
	for file: String in DirAccess.get_files_at(folder):
		if file.begins_with("test_") and file.ends_with(".gd"):
			files.append(folder.path_join(file))
	for inner: String in DirAccess.get_directories_at(folder):
		files.append_array(_test_files(folder.path_join(inner)))
	return files


func _run_file(file: String) -> void:
	if _filter.begins_with("res://") and not _filter.begins_with(file):
		return
	_catcher.take()
	var script: GDScript = load(file)
	var errors := _catcher.take()  # a script that a test needs and that does not load is one, too
	if script == null or not script.can_instantiate():
		errors.append("the script does not load")
	if not errors.is_empty():
		_note(file, "loads", 0.0, errors)
		return
	for method: Dictionary in script.get_script_method_list():
		var test: String = method["name"]
		if test.begins_with("test_") and (_filter == "" or _filter in "%s:%s" % [file, test]):
			await _run_test(script, file, test)


func _run_test(script: GDScript, file: String, test: String) -> void:
	_catcher.take()
	var node: Node = script.new()
	root.add_child(node)
	var started := Time.get_ticks_usec()
	await node.call(test)
	node.free()
	_note(file, test, (Time.get_ticks_usec() - started) * 1e-6, _catcher.take())


func _note(file: String, test: String, seconds: float, errors: PackedStringArray) -> void:
	_count += 1
	_failed += int(not errors.is_empty())
	print("%s %s:%s (%.3f s)" % ["FAIL" if not errors.is_empty() else "ok  ", file, test, seconds])
	_report += '<testcase classname="%s" name="%s" time="%.3f">' % [file, test, seconds]
	for error: String in errors:
		print("     ", error)
		_report += "<failure>%s</failure>" % error.xml_escape()
	_report += "</testcase>"


func _write_report(path: String) -> void:
	var file := FileAccess.open(path, FileAccess.WRITE)
	file.store_string('<testsuite name="godot" tests="%d" failures="%d">%s</testsuite>' % [_count, _failed, _report])
