class_name RLHandshake
## Opens the conversation: decides between binary and stock JSON, and says what prevents a start.


## Play without a network.
static func local(bridge: RLBridge, problems: PackedStringArray) -> RLSession:
	if not problems.is_empty():
		return _refusal(problems, RLBinarySession.REFUSED)
	var env := RLEnv.of(bridge)
	if env != null:
		return RLServedSession.new(bridge, env)
	return RLLocalSession.new(bridge)


## Connect to the port of the command line and shake hands.
static func with_peer(bridge: RLBridge, problems: PackedStringArray) -> RLSession:
	var peer := bridge.peer
	var greeting := bridge.greeting
	if peer == null:
		peer = RLPeer.new()
		if not peer.open(bridge.options.port):
			return _refusal(["nobody listens on 127.0.0.1:%d" % bridge.options.port], RLBridge.NOT_CONNECTED)
		greeting = peer.read_json()
	if peer.closed:
		return _refusal([], 0)
	var wire: String = greeting.get("wire", "")
	if wire != "" and wire != RLBinarySession.WIRE:
		problems.append("the game speaks '%s', not '%s'" % [RLBinarySession.WIRE, wire])
	if peer.problem != "" or greeting.get("type") != "handshake":
		problems.append("expected a handshake; %s" % (peer.problem if peer.problem != "" else str(greeting)))
	# Read before any answer: a process that ends with something unread takes back what it said last.
	var request := peer.read_json() if wire != "" else {}
	if RLFaults.message() != "":
		problems.append(RLFaults.message())
	if not problems.is_empty():
		peer.send_json({"type": "error", "message": "; ".join(problems)})
		return _refusal(problems, RLBinarySession.REFUSED)
	if wire == "":
		return RLStockSession.new(peer, bridge)
	if request.get("type") != "env_info":
		return _refusal(["expected env_info, got %s" % request], RLBinarySession.REFUSED)
	peer.send_json(_env_info(bridge))
	return RLBinarySession.new(peer, bridge)


## Wait on the port of the command line for clients that step the game.
static func with_clients(bridge: RLBridge, problems: PackedStringArray) -> RLSession:
	if not problems.is_empty():
		return _refusal(problems, RLBinarySession.REFUSED)
	var session := RLTcpSession.open(bridge, problems)
	return session if session != null else _refusal(problems, RLTcpSession.NOT_LISTENING)


static func _env_info(bridge: RLBridge) -> Dictionary:
	var info := RLStockSpaces.env_info(bridge.roster)
	info["wire"] = RLBinarySession.WIRE
	info["token"] = bridge.options.token
	info["spec"] = bridge.describe()
	return info


static func _refusal(problems: PackedStringArray, exit_code: int) -> RLSession:
	var session := RLSession.new()
	session.over = true
	session.exit_code = exit_code
	for problem: String in problems:
		printerr("SPACETIME-ERROR: ", problem)
	return session
