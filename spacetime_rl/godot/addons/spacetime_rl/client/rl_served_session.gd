class_name RLServedSession
extends RLSession
## A server decides, over a WebSocket that an RLClient keeps: one request for each policy and decision.

var _bridge: RLBridge
var _roster: RLRoster
var _env: RLEnv
var _client: RLClient
# Who plays each agent while no server answers.
var _own: Dictionary[RLAgent, RLController] = {}
# By place in the roster, whether the server plays the agent.
var _is_served: Array[bool] = []
var _is_seated := false
# By place what the agent saw and did in the last decision; an agent that did nothing has no entry.
var _seen: Dictionary[int, PackedFloat32Array] = {}
var _done: Dictionary[int, PackedFloat32Array] = {}
var _logps: Dictionary[int, float] = {}
var _actions := PackedFloat32Array()
var _action_at := PackedInt32Array()
var _batches: Dictionary[StringName, RLTransitions] = {}
var _decisions := 0
# What was said of agents that saw or were paid what is no number.
var _named: Dictionary[RLAgent, String] = {}
# Requests that nobody waits for, by the answer's id: the agents' places.
var _asked: Dictionary[int, PackedInt32Array] = {}


func _init(bridge: RLBridge, env: RLEnv) -> void:
	_bridge = bridge
	_roster = bridge.roster
	_env = env
	_client = env.client
	_actions.resize(_roster.action_size)
	var at := 0
	for i: int in _roster.agents.size():
		var agent := _roster.agents[i]
		_action_at.append(at)
		at += agent.action_size
		_is_served.append(env.control_all_agents or agent.controller is RLHeuristicController)
	_client.declare(_declare())
	_client.answered.connect(_hear)


func exchange() -> void:
	if _roster.has_begun():
		_roster.update_state()
		_note_outcomes()
	else:
		_roster.begin_all()
		_roster.observe_begun()
	_client.poll()
	_seat(_client.is_ready())
	if _is_seated:
		_send_transitions()
		_decide()
	_bridge.assignment.peer.received = _actions
	_bridge.assignment.act()


# With a server its agents are the peer's; without one they are played as if there were none.
func _seat(ready: bool) -> void:
	if ready == _is_seated:
		return
	_is_seated = ready
	for i: int in _roster.agents.size():
		if not _is_served[i]:
			continue
		var agent := _roster.agents[i]
		if ready:
			_own[agent] = agent.controller
			agent.controller = _bridge.assignment.peer
		else:
			agent.controller = _own[agent]
	_bridge.assignment.regroup()
	_forget()


func _forget() -> void:
	_seen.clear()
	_done.clear()
	_logps.clear()
	_batches.clear()
	_asked.clear()
	_actions.fill(0.0)


func _decide() -> void:
	_seen.clear()
	_done.clear()
	_logps.clear()
	for policy: StringName in _roster.groups:
		var places := _acting(policy)
		if places.is_empty():
			continue
		if _env.legacy_act_fallback:
			_ask_one_by_one(policy, places)
		else:
			_ask(policy, places)


# The agents that the server is asked about, and what they see.
func _acting(policy: StringName) -> PackedInt32Array:
	var places := PackedInt32Array()
	for i: int in _roster.agents.size():
		if _is_served[i] and _policy_at(i) == policy and _roster.flags_of(i) & RLRoster.ACTIVE:
			_seen[i] = _roster.observation_of(i)
			if _is_sound(i, RLLayout.not_finite(_roster.agents[i], _seen[i])):
				places.append(i)
			else:
				_take(i, PackedFloat32Array())
	return places


# A server would refuse the whole message for one number that is none: without the agent, the others play on.
func _is_sound(place: int, wrong: String) -> bool:
	var agent := _roster.agents[place]
	if wrong != "" and not _named.has(agent):
		_named[agent] = wrong
		RLLayout.warn_of(agent, wrong)
	return wrong == ""


func _ask(policy: StringName, places: PackedInt32Array) -> void:
	var names := PackedStringArray()
	var observations := PackedFloat32Array()
	var begins: Array[bool] = []
	for i: int in places:
		names.append(_name_at(i))
		begins.append(_roster.agents[i].decisions == 0)
		observations.append_array(_seen[i])
	if _waits():
		var id := _client.act_batch(policy, names, observations, begins)
		_take_all(places, _client.wait_for(id, _env.answer_timeout_ms) if id > 0 else {})
	elif places not in _asked.values():
		_asked[_client.act_batch(policy, names, observations, begins)] = places


func _waits() -> bool:
	return _env.waits_for_answers or _env.training_mode


# An answer that nobody waits for: its actions are taken from the next decision on.
func _hear(answer: Dictionary) -> void:
	var given: Variant = answer.get("id")
	if given is float and _asked.has(int(given as float)):
		var places := _asked[int(given as float)]
		_asked.erase(int(given as float))
		_take_all(places, answer)


func _take_all(places: PackedInt32Array, answer: Dictionary) -> void:
	var numbers := PackedFloat32Array()
	if answer.get("actions") is PackedFloat32Array:
		numbers = answer["actions"]
	var size := _roster.agents[places[0]].action_size
	var logps: Variant = answer.get("logp")
	for row: int in places.size():
		_take(places[row], numbers.slice(row * size, (row + 1) * size))
		if logps is PackedFloat32Array:
			_logps[places[row]] = (logps as PackedFloat32Array)[row]


func _ask_one_by_one(policy: StringName, places: PackedInt32Array) -> void:
	for i: int in places:
		var id := _client.act(policy, _name_at(i), _seen[i], _roster.agents[i].decisions == 0)
		var answer := _client.wait_for(id, _env.answer_timeout_ms) if id > 0 else {}
		var found: Variant = answer.get("action")
		_take(i, PackedFloat32Array(found as Array) if found is Array else PackedFloat32Array())
		if answer.get("logp") is float:
			_logps[i] = answer["logp"]


# An agent without an answer does nothing, and this decision of it is not learned from.
func _take(place: int, action: PackedFloat32Array) -> void:
	var size := _roster.agents[place].action_size
	var sound := action.size() == size
	for k: int in size:
		_actions[_action_at[place] + k] = action[k] if sound else 0.0
	if sound:
		_done[place] = action
	else:
		_seen.erase(place)


func _note_outcomes() -> void:
	if not _env.training_mode:
		return
	for i: int in _done:
		var flags := _roster.flags_of(i)
		var ending := flags & (RLRoster.TERMINATED | RLRoster.TRUNCATED)
		var after := _roster.agents[i].final_observation if ending else _roster.observation_of(i)
		if not _is_sound(i, _wrong_with(i, after)):
			continue
		var batch: RLTransitions = _batches.get_or_add(_policy_at(i), RLTransitions.new())
		batch.add(_name_at(i), _seen[i], _done[i], _roster.reward_of(i), after, flags)
		if ending:
			batch.end(_roster.agents[i])
		if _logps.has(i):
			batch.logps.append(_logps[i])


func _wrong_with(place: int, after: PackedFloat32Array) -> String:
	var reward := _roster.reward_of(place)
	return RLLayout.not_finite(_roster.agents[place], after) if is_finite(reward) else "reward is %s" % reward


func _send_transitions() -> void:
	_decisions += 1
	if _batches.is_empty() or _decisions % _env.decisions_per_message != 0:
		return
	for policy: StringName in _batches:
		_batches[policy].send(_client, policy)
	_batches.clear()


func _declare() -> Dictionary:
	var declared := {}
	for i: int in _roster.agents.size():
		if _is_served[i]:
			var own: Dictionary = declared.get_or_add(
				String(_policy_at(i)), {"layout": RLLayout.of(_roster.agents[i]), "agents": []}
			)
			(own["agents"] as Array).append(_name_at(i))
	return declared


func _policy_at(place: int) -> StringName:
	return _roster.policy_at(place)


func _name_at(place: int) -> String:
	return _roster.name_at(place)
