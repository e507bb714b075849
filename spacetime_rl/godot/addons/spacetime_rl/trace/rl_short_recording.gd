class_name RLShortRecording
extends RLRecording
## An episode for a client that keeps what it has sent and received: places, reward sums and the state of the bodies.
##
## It is made for speed, because every decision of all arenas passes through it: everything is written for all agents in
## every state, and the client picks the rows of those that played. Values of many states are turned into bytes at once.

# States whose bodies are turned into bytes at once.
const _AT_ONCE := 64

var _state: RLStateHash
var _bodies: Array[Node] = []
# Of every agent the sums of its ledger.
var _ledger_sums: Array[PackedFloat32Array] = []
# Of agents whose episode ended: tick, place and velocity of that moment.
var _ends: Dictionary[RLAgent, PackedFloat32Array] = {}
# Of every agent its place in the global order.
var _places_in_order := PackedInt32Array()
var _ticks := PackedInt32Array()
# Bodies of agents whose places do not follow from the state,
var _apart: Array[Node] = []
# and of each in every state place and velocity.
var _places := PackedVector3Array()
# Of every agent in every state what each of its rewards has paid so far.
var _sums := PackedFloat32Array()
# Of agents for which a script or a person decides, by decision.
var _actions: Dictionary[RLAgent, PackedFloat32Array] = {}
# Of every state its hash and those of its parts,
var _hashes := PackedInt64Array()
var _parts: Array[int] = []
# or, because the client hashes faster, the random generator's number, and the values of all moving bodies and of the
# arena's frame: first as they are, then as bytes.
var _client_hashes := true
var _dice := PackedInt64Array()
var _values: Array = []
var _states_in_values := 0
var _moving := PackedByteArray()
# The bytes of the moving bodies in the first state, as they are hashed.
var _pattern := PackedByteArray()
var _episode := {}


func _init(of_arena: RLArenaCore, watching: RLOracles) -> void:
	super(of_arena, watching)
	_state = arena.make_hash.call(arena)
	for agent: RLAgent in arena.agents:
		_bodies.append(agent.get_parent())
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
	_values.clear()
	_states_in_values = 0
	_moving.clear()
	_state.begin()
	_pattern = _state.moving_now()
	_client_hashes = _state.can_be_given_away()
	_apart.clear()
	for body: Node in _bodies:
		if not _follows(body):
			_apart.append(body)
	_ledger_sums.clear()
	for agent: RLAgent in arena.agents:
		_ledger_sums.append(agent.ledger.sums)  # the array itself, and no copy
	note_decision()


func note_action(agent: RLAgent, action: PackedFloat32Array) -> void:
	if not _actions.has(agent):
		_actions[agent] = PackedFloat32Array()
	_actions[agent].append_array(action)


func note_decision() -> void:
	_ticks.append(arena.ticks)
	for sums: PackedFloat32Array in _ledger_sums:
		_sums.append_array(sums)
	for body: Node in _apart:
		_places.append(arena.space.place_of(body, arena.root))
		_places.append(arena.space.velocity_of(body))
	if not _client_hashes:
		_hashes.append(_state.now_with_parts(_parts))
		return
	_dice.append(arena.rng.state)
	_state.reader.append_to(_values)
	_state.reader.append_frame(arena, _values)
	_states_in_values += 1
	if _states_in_values == _AT_ONCE:
		_turn_into_bytes()


func to_dict(tables: RLTables) -> Dictionary:
	_episode["ticks"] = tables.add(_ticks.to_byte_array())
	_episode["places"] = tables.add(_places.to_byte_array())
	_episode["sums"] = tables.add(_sums.to_byte_array())
	_episode["agents"] = _describe_agents(tables)
	_episode["parts"] = _state.part_names()
	if _client_hashes:
		_turn_into_bytes()
		_episode["sizes"] = _state.sizes()
		_episode["order"] = _state.reader.order()
		_episode["pattern"] = tables.add(_pattern)
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
		if _follows(_bodies[i]):
			entry["body"] = _state.index_of(_bodies[i])
		if _ends.has(agent):
			entry["ending"] = "success" if agent.success else ("truncated" if agent.truncated else "terminated")
			entry["end"] = tables.add(_ends[agent].to_byte_array())
		if _actions.has(agent):
			entry["actions"] = tables.add(_actions[agent].to_byte_array())
		found.append(entry)
	return found


# Whether a client learns the body's place from the state.
func _follows(body: Node) -> bool:
	return _client_hashes and _state.reader.knows(body)


func _turn_into_bytes() -> void:
	_moving.append_array(var_to_bytes(_values).slice(RLStateHash.HEADER_BYTES))
	_values.clear()
	_states_in_values = 0


func _on_agent_ended(_success: bool, agent: RLAgent) -> void:
	var body := agent.get_parent()
	var at := arena.space.place_of(body, arena.root)
	var moving := arena.space.velocity_of(body)
	_ends[agent] = [arena.ticks, at.x, at.y, at.z, moving.x, moving.y, moving.z]
