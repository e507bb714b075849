class_name RLBinarySession
extends RLSession
## Speaks "spacetime/1": binary frames, one STATE for every STEP or RESET.

## Frames to the game.
enum Request { STEP = 1, RESET = 2, CONFIGURE = 3, CLOSE = 4, RUN = 5, TRACE = 6 }
## Frames to the Python side.
enum Reply { STATE = 1, OK = 2, ERROR = 3, REPORT = 4, TRACES = 5 }

## The name of this wire, as the handshake has it.
const WIRE := "spacetime/1"
## Exit code after a request that cannot be served.
const REFUSED := 4

const _RESET_BYTES := 16
const _RUN_BYTES := 5
# The last two came later: a client may leave them out.
const _TRACE_BYTES: Array[int] = [4, 5, 9]
const _TRACE_OBSERVATIONS := 1
const _TRACE_BODIES := 2
const _TRACE_UNFINISHED := 4
const _TRACE_SHORT := 8

var _peer: RLPeer
var _bridge: RLBridge
var _roster: RLRoster
var _owes_state := false
var _received_usec := 0
var _alone: RLAloneRun


func _init(peer: RLPeer, bridge: RLBridge) -> void:
	_peer = peer
	_bridge = bridge
	_roster = bridge.roster


func exchange() -> void:
	if _alone != null:
		if _alone.go_on():
			return
		_send_report()
	elif _owes_state:
		_roster.update_state()
		_send_state()
	while not over and _alone == null:
		var kind := _peer.read_frame()
		_received_usec = Time.get_ticks_usec()
		if _peer.closed or RLFaults.message() != "":
			over = true
		elif kind == Request.STEP:
			_step()
			return
		else:
			_serve(kind)


func go_on_with(bridge: RLBridge) -> void:
	_bridge = bridge
	_roster = bridge.roster
	_owes_state = false
	_send_state()


func owes_state() -> bool:
	return _owes_state and _alone == null


func fail(message: String) -> void:
	over = true
	exit_code = REFUSED
	_peer.send_frame(Reply.ERROR, message.to_utf8_buffer())


func _serve(kind: int) -> void:
	match kind:
		Request.RESET:
			_reset()
		Request.CONFIGURE:
			_configure()
		Request.CLOSE:
			over = true
		Request.RUN:
			_run()
		Request.TRACE:
			_trace()
		_:
			fail(_peer.problem if _peer.problem != "" else "unknown frame kind %d" % kind)


func _step() -> void:
	if _peer.body.size() != 4 * _roster.action_size:
		fail("a STEP frame needs %d floats, got %d bytes" % [_roster.action_size, _peer.body.size()])
		return
	if _has_begun("STEP"):
		_owes_state = true
		_bridge.assignment.peer.received = _peer.body.to_float32_array()
		_bridge.assignment.act()


func _reset() -> void:
	if _peer.body.size() != _RESET_BYTES:
		fail("a RESET frame needs %d bytes, got %d" % [_RESET_BYTES, _peer.body.size()])
		return
	var seed_value := _peer.body.decode_s64(0)
	if seed_value >= 0:
		_bridge.renumber(seed_value, _peer.body.decode_u32(8), _peer.body.decode_u32(12))
	_roster.begin_all()
	_roster.observe_begun()
	_send_state()


func _run() -> void:
	if _peer.body.size() != _RUN_BYTES or _peer.body.decode_u32(0) == 0:
		fail("a RUN frame needs %d bytes and at least one decision, got %d bytes" % [_RUN_BYTES, _peer.body.size()])
	elif _has_begun("RUN"):
		_owes_state = false
		_alone = RLAloneRun.new(_bridge, _peer.body.decode_u32(0), _peer.body[4])


## The recorded episodes that are over; those to be recorded from now on are given by number.
func _trace() -> void:
	var size := _peer.body.size()
	if size not in _TRACE_BYTES:
		fail(
			"a TRACE frame needs %d, %d or %d bytes, got %d" % [_TRACE_BYTES[0], _TRACE_BYTES[1], _TRACE_BYTES[2], size]
		)
		return
	if _roster.trace == null:
		_roster.trace = RLTrace.new(_roster.agents, _bridge.options.oracles, _bridge.oracle_scripts)
	_roster.trace.below = _peer.body.decode_u32(0)
	_roster.trace.every = maxi(1, _peer.body.decode_u32(5)) if size >= 9 else 1
	var flags := _peer.body[4] if size >= 5 else 0
	_roster.trace.with_observations = bool(flags & _TRACE_OBSERVATIONS)
	_roster.trace.with_bodies = bool(flags & _TRACE_BODIES)
	_roster.trace.short = bool(flags & _TRACE_SHORT)
	_peer.send_frame(Reply.TRACES, _roster.trace.take(bool(flags & _TRACE_UNFINISHED)))


func _has_begun(request: String) -> bool:
	if not _roster.has_begun():
		fail("%s before the first RESET" % request)
	return _roster.has_begun()


func _configure() -> void:
	var json := JSON.new()
	var params: Variant = null
	if json.parse(_peer.body.get_string_from_utf8()) == OK and json.data is Dictionary:
		params = (json.data as Dictionary).get("params")
	if params is not Dictionary:
		fail('a CONFIGURE frame needs {"params": {...}}')
		return
	var problems := _bridge.configure(params as Dictionary)
	if problems.is_empty():
		_peer.send_frame(Reply.OK, PackedByteArray())
	else:
		fail("; ".join(problems))


func _send_state() -> void:
	# A fault during this decision is reported instead of its half-computed state.
	if RLFaults.message() != "":
		over = true
		return
	_roster.state[0] = (Time.get_ticks_usec() - _received_usec) * 1e-6
	var content := _roster.state.to_byte_array()
	if not _roster.endings.is_empty():
		content.append_array(_roster.endings.to_byte_array())
	content.append_array(_roster.images)
	_peer.send_frame(Reply.STATE, content)


func _send_report() -> void:
	over = RLFaults.message() != ""
	if not over:
		_peer.send_frame(Reply.REPORT, JSON.stringify(_alone.report()).to_utf8_buffer())
	_alone = null
