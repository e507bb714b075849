@tool
class_name RLChildProcess
extends RefCounted
## A program that runs beside the editor: its output is read line by line, without ever waiting for it.

const _STARTED := 'cd "$0" && exec "$@" 2>&1'
const _PIECE := 65536

## Its exit code, once it has ended; -1 before.
var exit_code := -1

var _pid := 0
var _output: FileAccess
# What came after the last line break.
var _rest := PackedByteArray()


## Start a program in a folder. False if it cannot be started.
func start(folder: String, command: PackedStringArray) -> bool:
	exit_code = -1
	_rest.clear()
	var started := OS.execute_with_pipe("/bin/sh", PackedStringArray(["-c", _STARTED, folder]) + command, false)
	_pid = started.get("pid", 0)
	_output = started.get("stdio")
	return _pid > 0


func is_running() -> bool:
	return _pid > 0


## The lines that it has written since the last call. Its end is noticed here, after its last line.
func read_lines() -> PackedStringArray:
	if not is_running():
		return []
	var has_ended := not OS.is_process_running(_pid)
	while true:
		var piece := _output.get_buffer(_PIECE)
		if piece.is_empty():
			break
		_rest.append_array(piece)
	var end := _rest.rfind("\n".to_ascii_buffer()[0]) + 1
	if has_ended:
		end = _rest.size()
		exit_code = OS.get_process_exit_code(_pid)
		_pid = 0
	var text := _rest.slice(0, end).get_string_from_utf8()
	_rest = _rest.slice(end)
	return text.strip_edges(false).split("\n", false)


## Ask it to end, as Ctrl-C does. It saves what it has and ends a little later.
func stop() -> void:
	if is_running():
		OS.execute("kill", ["-INT", str(_pid)])
