class_name ChildGame
extends RefCounted
## A real game in a process of its own, driven over the wire as the Python side would. One for each test that needs it.

const SCENE := "res://tests/fixtures/touch/touch.tscn"
const TOKEN := "secret"

const _DEADLINE_MS := 20000
const _ENDED := RLRoster.TERMINATED | RLRoster.TRUNCATED

## The last state received, taken apart.
var observations: Array[PackedFloat32Array] = []
var rewards := PackedFloat32Array()
var flags: Array[int] = []
## Agent index to its final observation followed by its metrics.
var endings: Dictionary[int, PackedFloat32Array] = {}
var images := PackedByteArray()
var busy_s := 0.0
## The answer to env_info, or {} when the game closed.
var info: Dictionary = {}
## What the process printed, complete after `stop`.
var log_text := ""

var _server := TCPServer.new()
var _peer := StreamPeerTCP.new()
var _process: Dictionary = {}
# For each agent in global order: [floats of its observation, number of metrics].
var _sizes: Array[Vector2i] = []


## Start a game and shake hands; a `wire` of "" makes it a stock client.
func _init(
	params: Dictionary = {},
	arguments: PackedStringArray = [],
	scene: String = SCENE,
	wire: String = RLBinarySession.WIRE
) -> void:
	_server.listen(0, "127.0.0.1")
	_process = OS.execute_with_pipe(OS.get_executable_path(), _command(params, arguments, scene), false)
	if not _accept():
		return
	_peer.set_no_delay(true)
	var greeting := {"type": "handshake", "major_version": "0", "minor_version": "7"}
	if wire != "":
		greeting["wire"] = wire
	send_json(greeting)
	send_json({"type": "env_info"})
	info = receive_json()
	if info.has("spec"):
		_read_sizes(info["spec"] as Dictionary)


## Send one JSON message.
func send_json(message: Dictionary) -> void:
	_peer.put_utf8_string(JSON.stringify(message))


## Wait for one JSON message; {} when the game closed.
func receive_json() -> Dictionary:
	var header := _receive(4)
	if header.is_empty():
		return {}
	var message: Variant = JSON.parse_string(_receive(header.decode_u32(0)).get_string_from_utf8())
	return message if message is Dictionary else {}


## Send one frame.
func send_frame(kind: int, body: PackedByteArray = PackedByteArray()) -> void:
	_peer.put_u32(body.size() + 1)
	_peer.put_u8(kind)
	_peer.put_data(body)


## Send bytes that follow no rule.
func send_raw(bytes: PackedByteArray) -> void:
	_peer.put_data(bytes)


## Wait for one frame: its kind, then its body. Empty when the game closed.
func receive_frame() -> PackedByteArray:
	var header := _receive(4)
	return PackedByteArray() if header.is_empty() else _receive(header.decode_u32(0))


## RESET, and read the state. A seed of -1 goes on counting.
func reset(seed_value: int, first_episode: int = 0, stride: int = 0) -> void:
	var body := PackedByteArray()
	body.resize(16)
	body.encode_s64(0, seed_value)
	body.encode_u32(8, first_episode)
	body.encode_u32(12, stride)
	send_frame(RLBinarySession.Request.RESET, body)
	_read_state(receive_frame())


## STEP with the actions of all agents, and read the state.
func step(actions: PackedFloat32Array) -> void:
	send_frame(RLBinarySession.Request.STEP, actions.to_byte_array())
	_read_state(receive_frame())


## TRACE: the recorded episodes so far, and which to record from now on.
func traces(below: int, wanted: int = 0) -> Dictionary:
	var body := PackedByteArray()
	body.resize(5 if wanted != 0 else 4)
	body.encode_u32(0, below)
	if wanted != 0:
		body[4] = wanted
	send_frame(RLBinarySession.Request.TRACE, body)
	var frame := receive_frame()
	if frame.is_empty() or frame[0] != RLBinarySession.Reply.TRACES:
		push_error("expected TRACES, got: %s" % frame.slice(1).get_string_from_utf8())
		return {"episodes": []}
	return JSON.parse_string(frame.slice(1).get_string_from_utf8())


## CONFIGURE. Returns the error, or "" when the game agreed.
func configure(params: Dictionary) -> String:
	send_frame(RLBinarySession.Request.CONFIGURE, JSON.stringify({"params": params}).to_utf8_buffer())
	var frame := receive_frame()
	return "" if frame[0] == RLBinarySession.Reply.OK else frame.slice(1).get_string_from_utf8()


## Floats of one action of all agents.
func action_size() -> int:
	var size := 0
	for group: Dictionary in info["spec"]["groups"]:
		var agents: Array = group["agents"]
		var arenas: int = info["spec"]["arenas"]
		for action: Dictionary in group["layout"]["actions"]:
			var width: int = action["size"] if action["kind"] == "continuous" else 1
			size += width * agents.size() * arenas
	return size


## Close the connection and wait for the process. Returns its exit code, or -1 when it had to be killed.
func stop() -> int:
	_peer.disconnect_from_host()
	return wait()


## Wait for the process to end by itself. Returns its exit code, or -1 when it had to be killed.
func wait() -> int:
	var pid: int = _process["pid"]
	var code := -1
	if _await(func() -> bool: return not OS.is_process_running(pid)):
		code = OS.get_process_exit_code(pid)
	else:
		OS.kill(pid)
	log_text = _drain("stdio") + _drain("stderr")
	return code


func _command(params: Dictionary, arguments: PackedStringArray, scene: String) -> PackedStringArray:
	var command: PackedStringArray = ["--headless", "--path", ProjectSettings.globalize_path("res://"), scene]
	command.append_array(["--fixed-fps", "90", "--disable-render-loop", "--xr-mode", "off", "--"])
	command.append("--port=%d" % _server.get_local_port())
	command.append("--token=%s" % TOKEN)
	command.append("--params=%s" % JSON.stringify(params))
	return command + arguments


func _accept() -> bool:
	var pid: int = _process["pid"]
	_await(func() -> bool: return _server.is_connection_available() or not OS.is_process_running(pid))
	if not _server.is_connection_available():
		return false
	_peer = _server.take_connection()
	return true


func _read_sizes(spec: Dictionary) -> void:
	for group: Dictionary in spec["groups"]:
		var size := 0
		for field: Dictionary in group["layout"]["fields"]:
			var floats: int = field["size"]
			size += floats
		var metrics: Array = group["metrics"]
		var agents: Array = group["agents"]
		var arenas: int = spec["arenas"]
		for i: int in agents.size() * arenas:
			_sizes.append(Vector2i(size, metrics.size()))


func _read_state(frame: PackedByteArray) -> void:
	if frame.is_empty() or frame[0] != RLBinarySession.Reply.STATE:
		push_error("expected a STATE, got: %s" % frame.slice(1).get_string_from_utf8())
		return
	var floats := frame.slice(1, 1 + ((frame.size() - 1) & ~3)).to_float32_array()
	busy_s = floats[0]
	observations.clear()
	var at := 1
	for size: Vector2i in _sizes:
		observations.append(floats.slice(at, at + size.x))
		at += size.x
	rewards = floats.slice(at, at + _sizes.size())
	at += _sizes.size()
	flags.assign(Array(floats.slice(at, at + _sizes.size())))
	at += _sizes.size()
	endings.clear()
	for i: int in _sizes.size():
		if flags[i] & _ENDED:
			endings[i] = floats.slice(at, at + _sizes[i].x + _sizes[i].y)
			at += _sizes[i].x + _sizes[i].y
	images = frame.slice(1 + 4 * at)


func _receive(count: int) -> PackedByteArray:
	if not _await(func() -> bool: return _available() >= count or not _is_open()) or _available() < count:
		return PackedByteArray()
	return _peer.get_data(count)[1]


func _available() -> int:
	return _peer.get_available_bytes() if _peer.get_status() == StreamPeerTCP.STATUS_CONNECTED else 0


func _is_open() -> bool:
	_peer.poll()
	return _peer.get_status() == StreamPeerTCP.STATUS_CONNECTED


func _await(condition: Callable) -> bool:
	var deadline := Time.get_ticks_msec() + _DEADLINE_MS
	while Time.get_ticks_msec() < deadline:
		var holds: bool = condition.call()
		if holds:
			return true
		OS.delay_usec(200)
	return false


func _drain(pipe: String) -> String:
	var file: FileAccess = _process[pipe]
	var bytes := PackedByteArray()
	var chunk := file.get_buffer(65536)
	while not chunk.is_empty():
		bytes.append_array(chunk)
		chunk = file.get_buffer(65536)
	return bytes.get_string_from_utf8()
