class_name RLStockSession
extends RLSession
## Speaks the JSON protocol of stock Godot RL Agents 0.7 to a stock Python client.
##
## Stock clients know one `done`: it is true at both endings, and stays true while an agent waits for its arena. `info`
## tells them apart, and carries the final observation under the names that Stable-Baselines3 looks for.

var _peer: RLPeer
var _bridge: RLBridge
var _roster: RLRoster
var _owes_state := false


func _init(peer: RLPeer, bridge: RLBridge) -> void:
	_peer = peer
	_bridge = bridge
	_roster = bridge.roster


func exchange() -> void:
	if _owes_state:
		_owes_state = false
		_roster.update_state()
		_send_step()
	while not over:
		var message := _peer.read_json()
		if _peer.closed or RLFaults.message() != "":
			over = true
		elif message.get("type") == "action":
			_act(message)
			return
		else:
			_serve(message)


func go_on_with(bridge: RLBridge) -> void:
	_bridge = bridge
	_roster = bridge.roster
	_owes_state = false
	_send_step()


func owes_state() -> bool:
	return _owes_state


func fail(message: String) -> void:
	over = true
	exit_code = RLBinarySession.REFUSED
	printerr("SPACETIME-ERROR: ", message)
	_peer.close()


func _serve(message: Dictionary) -> void:
	match message.get("type"):
		"handshake":
			pass
		"env_info":
			_peer.send_json(RLStockSpaces.env_info(_roster))
		"reset":
			_roster.begin_all()
			_roster.observe_begun()
			_peer.send_json({"type": "reset", "obs": _observations()})
		"call":
			_call(str(message.get("method")))
		"close":
			over = true
		_:
			fail(_peer.problem if _peer.problem != "" else "unknown message type '%s'" % message.get("type"))


func _call(method: String) -> void:
	var returns: Array[Variant] = []
	for agent: RLAgent in _roster.agents:
		if not agent.has_method(method):
			fail("agent '%s' has no method '%s' to call" % [agent.agent_name, method])
			return
		returns.append(agent.call(method))
	_peer.send_json({"type": "call", "returns": returns})


func _act(message: Dictionary) -> void:
	if not _roster.has_begun():
		_roster.begin_all()
	_owes_state = true
	if _bridge.options.control == "policy":
		_take_actions(message.get("action"))
	if not over:
		_bridge.assignment.act()


func _take_actions(given: Variant) -> void:
	if given is not Array or (given as Array).size() != _roster.agents.size():
		fail("an action message needs one action for each of %d agents" % _roster.agents.size())
		return
	var received := PackedFloat32Array()
	for i: int in _roster.agents.size():
		var agent := _roster.agents[i]
		var action: Variant = (given as Array)[i]
		var flat := _flatten(agent, action)
		if flat.size() != agent.action_size:
			fail("agent '%s': the action %s does not fit its space" % [agent.agent_name, action])
			return
		received.append_array(flat)
	_bridge.assignment.peer.received = received


func _flatten(agent: RLAgent, given: Variant) -> PackedFloat32Array:
	var flat := PackedFloat32Array()
	if given is not Dictionary:
		return flat
	for action: RLAction in agent.actions:
		var value: Variant = (given as Dictionary).get(String(action.label))
		if value is Array:
			flat.append_array(PackedFloat32Array(value as Array))
		elif value is float:
			flat.append(value as float)
	return flat


func _send_step() -> void:
	if RLFaults.message() != "":
		over = true
		return
	var rewards: Array[float] = []
	var done: Array[bool] = []
	var info: Array[Dictionary] = []
	for i: int in _roster.agents.size():
		var agent := _roster.agents[i]
		var flags := _roster.flags_of(i)
		rewards.append(_roster.reward_of(i))
		done.append(flags != RLRoster.ACTIVE)
		info.append(_info(agent, flags))
	_peer.send_json({"type": "step", "obs": _observations(), "reward": rewards, "done": done, "info": info})


func _info(agent: RLAgent, flags: int) -> Dictionary:
	var info := {"active": bool(flags & RLRoster.ACTIVE)}
	if flags & (RLRoster.TERMINATED | RLRoster.TRUNCATED):
		info["TimeLimit.truncated"] = bool(flags & RLRoster.TRUNCATED)
		info["metrics"] = agent.measured()
		if agent.image_sensors.is_empty():
			info["terminal_observation"] = {"obs": Array(agent.final_observation)}
	return info


func _observations() -> Array[Dictionary]:
	var result: Array[Dictionary] = []
	var image_at := 0
	for i: int in _roster.agents.size():
		var agent := _roster.agents[i]
		var observation := {"obs": Array(_roster.observation_of(i))}
		for sensor: RLImageSensor in agent.image_sensors:
			var length := sensor.byte_count()
			observation[RLStockSpaces.image_key(sensor)] = (
				_roster.images.slice(image_at, image_at + length).hex_encode()
			)
			image_at += length
		result.append(observation)
	return result
