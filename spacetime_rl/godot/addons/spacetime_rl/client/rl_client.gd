@icon("res://addons/spacetime_rl/icons/bridge.svg")
class_name RLClient
extends Node
## Connects a game to `spacetime-rl serve`, which decides for its agents; for any game, with or without this addon's
## arenas. It connects by itself, and again, with growing pauses, whenever the server is gone.
##
## Messages are those of docs/websocket.md. Arrays of numbers are packed, and travel in binary frames.

## The server knows this game; `welcome` describes its policies.
signal welcomed(welcome: Dictionary)
## The connection was lost, or could not be made.
signal lost(reason: String)
## An answer that nobody waits for has come.
signal answered(answer: Dictionary)

## The version of the contract that this client speaks.
const PROTOCOL := 1
## The environment variable with the token, where `token` is empty.
const TOKEN_VARIABLE := "SPACETIME_SERVE_TOKEN"

const _BUFFER_BYTES := 16 << 20
const _MOST_PACKETS := 4096
const _POLL_USEC := 50

## Address of the server; `wss://` is encrypted.
@export var url := "ws://127.0.0.1:8765"
## What the server printed when it started, if it demands a token. It is better kept in the environment variable
## SPACETIME_SERVE_TOKEN than in a scene.
@export var token := ""
## A certificate (`.crt`) to trust beside those of the system, for a server that signed its own.
@export var certificate: X509Certificate
## Connect as soon as the scene runs, and again whenever the connection is lost.
@export var auto_connect := true
## Seconds until the second attempt to connect. The pause doubles with every attempt, up to `longest_pause_s`.
@export_range(0.05, 60.0) var first_pause_s := 0.5
## Longest pause between two attempts, in seconds.
@export_range(0.05, 600.0) var longest_pause_s := 15.0
## Say hello, which tells the server this game's name and spaces. Servers of other makers may not know the message.
@export var says_hello := true

## The name of the game, for the server's page.
var game_name: String = ProjectSettings.get_setting("application/config/name", "")
## What the server is told of each policy: `{"seeker": {"layout": {…}, "agents": ["seeker_0"]}}`.
var policies: Dictionary = {}
## The server's answer to hello; empty until it has come.
var welcome: Dictionary = {}
## Why the last connection ended, or why the server refuses this game.
var problem := ""

var _peer: WebSocketPeer
var _is_open := false
var _last_id := 0
var _hello_id := 0
var _pause_s := 0.0
var _next_attempt_msec := 0
var _wanted := false
# Answers by id, for whoever waits for them.
var _answers: Dictionary[int, Dictionary] = {}
var _awaited := 0
# Ids of messages that were sent without one, in their order.
var _without_id: Array[int] = []


func _ready() -> void:
	process_mode = Node.PROCESS_MODE_ALWAYS
	_pause_s = first_pause_s
	if auto_connect:
		open()


func _process(_delta: float) -> void:
	poll()


func _exit_tree() -> void:
	close()


## Connect now, and again whenever the connection is lost.
func open() -> void:
	_wanted = true
	_next_attempt_msec = 0
	poll()


## Close the connection, and stay without one.
func close() -> void:
	_wanted = false
	if _peer != null:
		_peer.close()
		_peer.poll()
		_forget("closed")


## Tell the server of these policies, now and whenever it is connected again; see `policies`.
func declare(of_policies: Dictionary) -> void:
	policies = of_policies
	if _is_open and says_hello:
		_say_hello()


## Whether the server answers: the connection stands, and it has welcomed this game.
func is_ready() -> bool:
	return _is_open and (not says_hello or not welcome.is_empty())


## Ask for the actions of agents of one policy: `observations` one after the other in one array. `begins` says whose
## episode begins with this decision. Returns the id of the answer, or -1 without a connection.
func act_batch(
	policy: String, agents: PackedStringArray, observations: PackedFloat32Array, begins: Array[bool] = []
) -> int:
	var message := {"type": "act_batch", "agents": agents}
	if policy != "":
		message["policy"] = policy
	if not begins.is_empty():
		message["begins"] = begins
	return send(message, {"obs": observations}, agents.size())


## Ask for the action of one agent, in JSON: what servers of every age understand. Returns the id of the answer.
func act(policy: String, agent: String, observation: PackedFloat32Array, begins := false) -> int:
	var message := {"type": "act", "agent": agent, "obs": Array(observation), "begins": begins}
	if policy != "":
		message["policy"] = policy
	return send(message)


## Send a message. `arrays` of numbers have a row for each of `rows`; those of `flat` have one number for each. Returns
## the id of the answer, or -1 without a connection.
func send(message: Dictionary, arrays: Dictionary = {}, rows := 0, flat: Dictionary = {}) -> int:
	if not _is_open:
		return -1
	_last_id += 1
	message["id"] = _last_id
	_without_id.append(_last_id)
	var sent := OK
	if arrays.is_empty():
		sent = _peer.send_text(JSON.stringify(message))
	else:
		sent = _peer.send(RLMessageFrame.pack(message, arrays, rows, flat))
	if sent != OK:
		_drop("a message could not be sent (%s)" % error_string(sent))
		return -1
	return _last_id


## Wait for an answer, and give it; empty if it has not come within `timeout_ms`, or the connection was lost.
func wait_for(id: int, timeout_ms := 1000) -> Dictionary:
	var deadline := Time.get_ticks_msec() + timeout_ms
	_awaited = id
	poll()
	while _is_open and not _answers.has(id) and Time.get_ticks_msec() < deadline:
		OS.delay_usec(_POLL_USEC)
		poll()
	_awaited = 0
	var found: Dictionary = _answers.get(id, {})
	_answers.clear()
	return found


## Read what has come, and keep the connection. Called in every frame.
func poll() -> void:
	if _peer == null:
		if _wanted and Time.get_ticks_msec() >= _next_attempt_msec:
			_connect()
		return
	_peer.poll()
	match _peer.get_ready_state():
		WebSocketPeer.STATE_OPEN:
			if not _is_open:
				_begin()
			while _is_open and _peer.get_available_packet_count() > 0:
				_read(_peer.get_packet())
		WebSocketPeer.STATE_CLOSED:
			var code := _peer.get_close_code()
			var reason := _peer.get_close_reason()
			_forget("no server answers at %s" % url if code == -1 else "closed by the server (%d %s)" % [code, reason])


func _connect() -> void:
	_peer = WebSocketPeer.new()
	_peer.inbound_buffer_size = _BUFFER_BYTES
	_peer.outbound_buffer_size = _BUFFER_BYTES
	_peer.max_queued_packets = _MOST_PACKETS
	var secret := token if token != "" else OS.get_environment(TOKEN_VARIABLE)
	if secret != "":
		_peer.handshake_headers = PackedStringArray(["Authorization: Bearer " + secret])
	var tls: TLSOptions = TLSOptions.client(certificate) if url.begins_with("wss://") else null
	var begun := _peer.connect_to_url(url, tls)
	if begun != OK:
		_forget("cannot connect to %s (%s)" % [url, error_string(begun)])


func _begin() -> void:
	_is_open = true
	_peer.set_no_delay(true)
	_pause_s = first_pause_s
	problem = ""
	if says_hello:
		_say_hello()


func _say_hello() -> void:
	welcome = {}
	_hello_id = send({"type": "hello", "protocol": PROTOCOL, "game": game_name, "policies": policies})


func _drop(reason: String) -> void:
	_peer.close()
	_forget(reason)


func _forget(reason: String) -> void:
	_peer = null
	_is_open = false
	welcome = {}
	_answers.clear()
	_without_id.clear()
	if problem == "":
		problem = reason
	_next_attempt_msec = Time.get_ticks_msec() + roundi(_pause_s * 1000.0)
	_pause_s = minf(_pause_s * 2.0, longest_pause_s)
	lost.emit(reason)


func _read(packet: PackedByteArray) -> void:
	var answer := RLMessageFrame.unpack(packet, _peer.was_string_packet())
	if answer.is_empty():
		push_warning("RLClient: %s sent what is no message" % url)
		return
	var given: Variant = answer.get("id")
	# Servers that know no ids answer in order.
	var id := int(given as float) if given is float or given is int else (_without_id[0] if _without_id else 0)
	_without_id.erase(id)
	if id == _hello_id:
		_be_welcomed(answer)
	elif id == _awaited and id > 0:
		_answers[id] = answer
	else:
		answered.emit(answer)
	if answer.get("type") == "error":
		var before := problem
		problem = str(answer.get("message", ""))
		if problem != before:
			push_warning("RLClient: %s refuses a message: %s" % [url, problem])


func _be_welcomed(answer: Dictionary) -> void:
	if answer.get("type") == "welcome":
		welcome = answer
		welcomed.emit(welcome)
