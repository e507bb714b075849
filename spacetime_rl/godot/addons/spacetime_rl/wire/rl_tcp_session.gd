class_name RLTcpSession
extends RLSession
## The game as a TCP server: one client at a time steps it with lines of JSON, as docs/tcp.md describes.
##
## The game stands still until a client asks for a step, and between two clients.

## The version of the protocol, as `hello` has it.
const PROTOCOL := "spacetime-tcp/1"
## Exit code where the port cannot be opened.
const NOT_LISTENING := 5

# For a client that has connected, to say hello.
const _HELLO_MSEC := 5_000
# A client may think for long: then the game looks for its next request less often.
const _EAGER_MSEC := 50
const _PAUSE_USEC := 5_000
const _EAGER_PAUSE_USEC := 50
const _WINDOW_MSEC := 30
const _LARGEST_WHOLE := 1 << 53

var _server := RLLineServer.new()
var _bridge: RLBridge
var _roster: RLRoster
var _owes_state := false
# The number of the present client; 0 for none.
var _present := 0
var _knows_us := false
var _has_reset := false
var _request_id: Variant = null
var _since_msec := 0
var _window_msec := 0


## Listen as the bridge's options say. Null where that is not possible: then `problems` has the reason.
static func open(bridge: RLBridge, problems: PackedStringArray) -> RLTcpSession:
	var options := bridge.options
	if options.listen_address not in ["127.0.0.1", "::1", "localhost"] and options.token == "":
		problems.append("--listen_address=%s: from other machines clients need a --token" % options.listen_address)
		return null
	var session := RLTcpSession.new()
	session._bridge = bridge
	session._roster = bridge.roster
	var error := session._server.open(options.listen_address, options.listen)
	if error != OK:
		var where := [options.listen_address, options.listen, error_string(error)]
		problems.append("cannot listen on %s:%d (%s): is the port in use?" % where)
		return null
	print(
		"SpaceTime RL: waiting on %s:%d for a client, which steps the game" % [options.listen_address, options.listen]
	)
	if DisplayServer.get_name() != "headless":
		bridge.get_window().close_requested.connect(session._end)
	return session


func exchange() -> void:
	if _owes_state:
		_owes_state = false
		_roster.update_state()
		_send_state()
	while not over and not _owes_state and RLFaults.message() == "":
		var line: Variant = _server.take_line()
		if line is PackedByteArray:
			_serve_line(line as PackedByteArray)
		else:
			_wait_for_line()


func go_on_with(bridge: RLBridge) -> void:
	_bridge = bridge
	_roster = bridge.roster
	_owes_state = false
	_send_state()


func owes_state() -> bool:
	return _owes_state


func fail(message: String) -> void:
	over = true
	exit_code = RLBinarySession.REFUSED
	_refuse("fault", message)
	_server.close()


func _end() -> void:
	over = true
	_server.close()


func _wait_for_line() -> void:
	_server.poll(RLTcpMessages.error("busy", "another client steps this game; it takes one at a time", null))
	var now_msec := Time.get_ticks_msec()
	var present := _server.clients if _server.has_client() else 0
	if present != _present:
		var had_client := _present > 0
		_present = present
		_since_msec = now_msec
		_knows_us = false
		_has_reset = false
		if had_client:
			print("SpaceTime RL: the client is gone (%s); waiting for the next one" % _server.why_gone)
	elif _server.has_client() and not _knows_us and now_msec - _since_msec > _HELLO_MSEC:
		_server.drop("it did not say hello")
	elif _server.is_flooded():
		_refuse("too_long", "a line has at most %d bytes" % RLLineServer.MAX_LINE)
		_server.drop("its line was too long")
	if RLPeer.meanwhile.is_valid():
		RLPeer.meanwhile.call()
	if DisplayServer.get_name() != "headless" and now_msec - _window_msec > _WINDOW_MSEC:
		_window_msec = now_msec
		DisplayServer.process_events()
	OS.delay_usec(_EAGER_PAUSE_USEC if now_msec - _since_msec < _EAGER_MSEC else _PAUSE_USEC)


func _serve_line(line: PackedByteArray) -> void:
	_since_msec = Time.get_ticks_msec()
	_request_id = null
	var json := JSON.new()
	if json.parse(line.get_string_from_utf8()) != OK or json.data is not Dictionary:
		_refuse("bad_json", "expected a line with one JSON object")
		if not _knows_us:
			_server.drop("it speaks another protocol")
		return
	var message: Dictionary = json.data
	_request_id = RLTcpMessages.id_of(message)
	if not _knows_us:
		_greet(message)
		return
	match message.get("type"):
		"hello":
			_refuse("bad_hello", "it was said already")
		"spec":
			_send({"type": "spec", "protocol": PROTOCOL, "spec": _bridge.describe()})
		"reset":
			_reset(message)
		"step":
			_step(message)
		"configure":
			_configure(message)
		"ping":
			_send({"type": "pong"})
		"close":
			_send({"type": "bye"})
			_server.drop("it said goodbye")
		"quit":
			_send({"type": "bye"})
			_end()
		_:
			var known := "hello, spec, reset, step, configure, ping, close and quit"
			_refuse(
				"unknown_type",
				"no request has the type '%s'; there are %s" % [str(message.get("type")).left(40), known]
			)


func _greet(message: Dictionary) -> void:
	var told: Variant = message.get("token", "")
	var given: String = told if told is String else ""
	var token := _bridge.options.token
	if message.get("type") != "hello" or message.get("protocol") != PROTOCOL:
		_refuse("bad_hello", 'expected {"type": "hello", "protocol": "%s"} first' % PROTOCOL)
	elif token != "" and not Crypto.new().constant_time_compare(token.to_utf8_buffer(), given.to_utf8_buffer()):
		_refuse("bad_token", "hello needs the token that the game was started with")
	else:
		_knows_us = true
		_send({"type": "spec", "protocol": PROTOCOL, "spec": _bridge.describe()})
		return
	_server.drop("it was refused")


func _reset(message: Dictionary) -> void:
	var numbers := {"seed": -1, "episode": 0}
	for key: String in numbers:
		var given: Variant = message.get(key)
		if given == null:
			continue
		var number: float = given if given is float else -1.0
		if number < 0.0 or number != floorf(number) or number > _LARGEST_WHOLE:
			_refuse("bad_reset", "%s: expected a whole number from 0, got %s" % [key, str(given).left(40)])
			return
		numbers[key] = int(number)
	if message.get("episode") != null and message.get("seed") == null:
		_refuse("bad_reset", "episode: needs a seed, whose episodes are numbered")
		return
	var seed_value: int = numbers["seed"]
	var first: int = numbers["episode"]
	if seed_value >= 0:
		_bridge.renumber(seed_value, first, 0)
	_roster.begin_all()
	_roster.observe_begun()
	_has_reset = true
	_send_state()


func _step(message: Dictionary) -> void:
	if not _has_reset:
		_refuse("not_reset", "there is no episode of yours: send a reset first")
		return
	var read: Variant = RLTcpMessages.read_actions(_roster, message.get("actions"))
	if read is String:
		_refuse("bad_action", read as String)
		return
	_bridge.assignment.peer.received = read as PackedFloat32Array
	_owes_state = true
	_bridge.assignment.act()


func _configure(message: Dictionary) -> void:
	var params: Variant = message.get("params")
	if params is not Dictionary:
		_refuse("bad_params", 'expected {"params": {…}}')
		return
	var problems := _bridge.configure(params as Dictionary)
	if problems.is_empty():
		_send({"type": "ok"})
	else:
		_refuse("bad_params", "; ".join(problems))


func _send_state() -> void:
	if RLFaults.message() != "":
		return
	var agents: Variant = RLTcpMessages.agents_of(_roster)
	if agents is String:
		fail(agents as String)
	else:
		_send({"type": "state", "agents": agents})
	_since_msec = Time.get_ticks_msec()


func _send(message: Dictionary) -> void:
	if _request_id != null:
		message["id"] = _request_id
	_server.send_line(JSON.stringify(message))


func _refuse(code: String, text: String) -> void:
	_server.send_line(RLTcpMessages.error(code, text, _request_id))
