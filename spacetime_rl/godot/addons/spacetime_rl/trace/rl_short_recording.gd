class_name RLShortRecording
extends RLRecording
## An episode for a client that keeps what it has sent and received: places, reward sums and the state of the bodies.
##
## It is made for speed, because every decision of all arenas passes through it: everything is written for all agents in
## every state, and the client picks the rows of those that played.

var _state: RLStateHash
var _bodies: Array[Node] = []
var _ledgers: Array[RLLedger] = []
# Of agents whose episode ended: tick, place and velocity of that moment.
var _ends: Dictionary[RLAgent, PackedFloat32Array] = {}
# Of every agent its place in the global order.
var _places_in_order := PackedInt32Array()
var _ticks := PackedInt32Array()
# Of every agent in every state: place and velocity; what each of its rewards has paid so far.
var _places := PackedVector3Array()
var _sums := PackedFloat32Array()
# Of agents for which a script or a person decides, by decision.
var _actions: Dictionary[RLAgent, PackedFloat32Array] = {}
# Of every state its hash and those of its parts,
var _hashes := PackedInt64Array()
var _parts: Array[int] = []
# or, because the client hashes faster, the random generator's number and the bytes of all moving bodies.
var _client_hashes := true
var _dice := PackedInt64Array()
var _moving := PackedByteArray()
var _episode := {}


func _init(of_arena: RLArenaCore, watching: RLOracles) -> void:
	super(of_arena, watching)
	_state = arena.make_hash.call(arena)
	for agent: RLAgent in arena.agents:
		_bodies.append(agent.get_parent())
		_state.reader.follow(agent.get_parent())
		_ledgers.append(agent.ledger)
		agent.episode_ended.connect(_on_agent_ended.bind(agent))


func begin(trace: RLTrace) -> void:
	_episode = surroundings()
	_places_in_order.clear()
	for agent: RLAgent in arena.agents:
		_places_in_order.append(trace.place_of(agent))
	_ends.clear()
	_actions.clear()
	_ticks.clear()
	_places.clear()
	_sums.clear()
	_hashes.clear()
	_parts.clear()
	_dice.clear()
	_moving.clear()
	_state.begin()
	_client_hashes = _state.can_be_given_away()
	note_decision()


func note_action(agent: RLAgent, action: PackedFloat32Array) -> void:
	if not _actions.has(agent):
		_actions[agent] = PackedFloat32Array()
	_actions[agent].append_array(action)


func note_decision() -> void:
	_ticks.append(arena.ticks)
	for ledger: RLLedger in _ledgers:
		_sums.append_array(ledger.sums)
	if _client_hashes:
		_dice.append(arena.rng.state)
		_moving.append_array(_state.moving_now())
	else:
		_hashes.append(_state.now_with_parts(_parts))
	_state.reader.append_places(arena, _places)


func to_dict(tables: RLTables) -> Dictionary:
	_episode["ticks"] = tables.add(_ticks.to_byte_array())
	_episode["places"] = tables.add(_places.to_byte_array())
	_episode["sums"] = tables.add(_sums.to_byte_array())
	_episode["agents"] = _describe_agents(tables)
	_episode["parts"] = _state.part_names()
	if _client_hashes:
		_episode["sizes"] = _state.sizes()
		_episode["still"] = tables.add(_state.still)
		_episode["dice"] = tables.add(_dice.to_byte_array())
		_episode["moving"] = tables.add(_moving)
	else:
		_episode["hashes"] = tables.add(_hashes.to_byte_array())
		_episode["part_hashes"] = tables.add(PackedInt32Array(_parts).to_byte_array())
	return _episode


func _describe_agents(tables: RLTables) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	for i: int in arena.agents.size():
		var agent := arena.agents[i]
		var entry := {
			"name": String(agent.agent_name),
			"policy": String(agent.policy_name),
			"place": _places_in_order[i],
			"rewards": agent.ledger.reward_names(),
			"moves": arena.space.moves(_bodies[i]),
			"ending": "running",
		}
		if _ends.has(agent):
			entry["ending"] = "success" if agent.success else ("truncated" if agent.truncated else "terminated")
			entry["end"] = tables.add(_ends[agent].to_byte_array())
		if _actions.has(agent):
			entry["actions"] = tables.add(_actions[agent].to_byte_array())
		found.append(entry)
	return found


func _on_agent_ended(_success: bool, agent: RLAgent) -> void:
	var body := agent.get_parent()
	var at := arena.space.place_of(body, arena.root)
	var moving := arena.space.velocity_of(body)
	_ends[agent] = [arena.ticks, at.x, at.y, at.z, moving.x, moving.y, moving.z]
