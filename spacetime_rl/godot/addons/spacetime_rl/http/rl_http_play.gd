class_name RLHttpPlay
extends RefCounted
## The agents of the running scene: what they see, what they do, and how their episode stands.
##
## A scene with an RLBridge needs nothing for it. Another one may have the methods `get_rl_observation`, `get_rl_state`,
## `set_rl_action` and `reset_rl` in its root's script.

const _NOTHING := "the scene has neither an RLBridge nor a method %s in its root's script"
const _OF_TRAINING := "a training plays this game: it alone acts and resets"
const _NO_ACTION := 'expected {"action": [0.5, 0.0]}, with "agent" where there are several, or {"actions": {"NAME": …}}'

var _server: RLHttpServer
# Of the bridge that it was made for.
var _controller: RLHttpController
var _bridge_id := 0


func _init(server: RLHttpServer) -> void:
	_server = server


## The bridge of the running scene, if it plays; null otherwise.
static func bridge_in(tree: SceneTree) -> RLBridge:
	return tree.get_first_node_in_group(RLOptions.BRIDGE_GROUP) as RLBridge


## `GET /rl/observation`.
func observation(_body: Dictionary) -> RLHttpReply:
	var bridge := _bridge()
	var scene := _scene_with(&"get_rl_observation")
	if bridge == null and scene == null:
		return RLHttpReply.error(404, _NOTHING % "get_rl_observation")
	var seen := {}
	if bridge != null:
		seen = RLHttpView.of(bridge.roster.agents[0], bridge.roster.observation_of(0))
		seen["agents"] = {}
		for i: int in bridge.roster.agents.size():
			seen["agents"][_name_of(bridge.roster.agents[i])] = RLHttpView.fields_of(
				bridge.roster.agents[i], bridge.roster.observation_of(i)
			)
	if scene != null:
		var own: Variant = scene.call(&"get_rl_observation")
		if own is not Dictionary:
			return RLHttpReply.error(500, "get_rl_observation() of the scene gave no Dictionary")
		seen.merge(own as Dictionary, true)
	return RLHttpReply.new(seen)


## `GET /rl/state`.
func state(_body: Dictionary) -> RLHttpReply:
	var bridge := _bridge()
	var scene := _scene_with(&"get_rl_state")
	if bridge == null and scene == null:
		return RLHttpReply.error(404, _NOTHING % "get_rl_state")
	var found := _state_of(bridge.roster) if bridge != null else {}
	if scene != null:
		var own: Variant = scene.call(&"get_rl_state")
		if own is not Dictionary:
			return RLHttpReply.error(500, "get_rl_state() of the scene gave no Dictionary")
		found.merge(own as Dictionary, true)
	return RLHttpReply.new(found)


## `POST /rl/action`.
func action(body: Dictionary) -> RLHttpReply:
	var bridge := _bridge()
	if bridge == null:
		return _scenes_own(&"set_rl_action", [body.get("action")])
	if bridge.options.port > 0:
		return RLHttpReply.error(409, _OF_TRAINING)
	var given: Variant = _actions_in(body, bridge.roster)
	if given is RLHttpReply:
		return given as RLHttpReply
	var read: Dictionary[RLAgent, PackedFloat32Array] = {}
	for name: String in given as Dictionary:
		var agent := _agent_named(name, bridge.roster)
		if agent == null:
			return RLHttpReply.error(404, "there is no agent '%s'; %s" % [name.left(60), _agents_in(bridge.roster)])
		var numbers: Variant = RLHttpAction.read(agent, (given as Dictionary)[name])
		if numbers is String:
			return RLHttpReply.error(400, "agent '%s': %s" % [name, numbers])
		read[agent] = numbers
	_take_over(bridge, read)
	return RLHttpReply.new({"status": "ok", "agents": read.keys().map(_name_of)})


## `POST /rl/reset`.
func reset(body: Dictionary) -> RLHttpReply:
	var bridge := _bridge()
	if bridge == null:
		return _scenes_own(&"reset_rl", [])
	if bridge.options.port > 0:
		return RLHttpReply.error(409, _OF_TRAINING)
	for field: String in body:
		var value: Variant = body[field]
		if value is not float or value < 0.0 or value >= 2.0 ** 31 or value != floorf(value as float):
			return RLHttpReply.error(400, "%s: expected a whole number from 0 to 2147483647" % field)
	if not body.is_empty():
		bridge.renumber(_whole(body, "seed", bridge.options.env_seed), _whole(body, "episode", 0), 0)
	if _controller != null:
		_controller.let_go()
	bridge.roster.begin_all()
	bridge.roster.observe_begun()
	return RLHttpReply.new({"status": "ok", "episode": bridge.roster.agents[0].arena_core.episode})


func _bridge() -> RLBridge:
	var bridge := bridge_in(_server.get_tree())
	return bridge if bridge != null and bridge.roster != null and not bridge.roster.agents.is_empty() else null


# The root of the scene, or of the arena that a bridge has built.
func _scene_with(method: StringName) -> Node:
	var scene := _server.get_tree().current_scene
	if scene != null and scene.has_method(method):
		return scene
	var bridge := _bridge()
	var arena := bridge.roster.agents[0].arena_core.root if bridge != null else null
	return arena if arena != null and arena.has_method(method) else null


# A scene without a bridge answers by a method; a text that it gives says what was wrong.
func _scenes_own(method: StringName, arguments: Array) -> RLHttpReply:
	var scene := _scene_with(method)
	if scene == null:
		return RLHttpReply.error(404, _NOTHING % method)
	if arguments == [null]:
		return RLHttpReply.error(400, _NO_ACTION)
	var problem: Variant = scene.callv(method, arguments)
	if problem is String and problem != "":
		return RLHttpReply.error(400, str(problem))
	return RLHttpReply.new({"status": "ok"})


func _state_of(roster: RLRoster) -> Dictionary:
	var agents := {}
	var ended := RLRoster.TERMINATED | RLRoster.TRUNCATED
	var done := true
	for i: int in roster.agents.size():
		var agent := roster.agents[i]
		var flags := roster.flags_of(i)
		done = done and flags & ended != 0
		var metrics := {}
		for metric: StringName in agent.metric_names:
			metrics[metric] = agent.get_metric(metric)
		agents[_name_of(agent)] = {
			"policy": agent.policy_name,
			"played_by": agent.controller.title if agent.controller != null else "",
			"active": agent.active,
			"terminated": flags & RLRoster.TERMINATED != 0,
			"truncated": flags & RLRoster.TRUNCATED != 0,
			"episode": agent.arena_core.episode,
			"return": agent.episode_return,
			"decisions": agent.decisions,
			"success": agent.success,
			"metrics": metrics,
		}
	var core := roster.agents[0].arena_core
	var info := {"episode": core.episode, "ticks": core.ticks, "arenas": roster.stages.size(), "agents": agents}
	return {"done": done, "info": info}


# By the agent's name the action that was sent for it; or what is wrong.
func _actions_in(body: Dictionary, roster: RLRoster) -> Variant:
	if body.has("actions") and not body.has("action") and not body.has("agent"):
		var actions: Variant = body["actions"]
		if actions is Dictionary and not (actions as Dictionary).is_empty():
			return actions
		return RLHttpReply.error(400, _NO_ACTION)
	if not body.has("action") or body.has("actions"):
		return RLHttpReply.error(400, _NO_ACTION)
	if not body.has("agent") and roster.agents.size() > 1:
		return RLHttpReply.error(400, "say which agent with the field 'agent'; %s" % _agents_in(roster))
	var name: Variant = body.get("agent", _name_of(roster.agents[0]))
	if name is not String:
		return RLHttpReply.error(400, "agent: expected a name")
	return {name: body["action"]}


func _take_over(bridge: RLBridge, actions: Dictionary[RLAgent, PackedFloat32Array]) -> void:
	if _bridge_id != bridge.get_instance_id():
		_bridge_id = bridge.get_instance_id()
		_controller = RLHttpController.new()
	for agent: RLAgent in actions:
		_controller.hold(agent, actions[agent])
		agent.controller = _controller
	bridge.assignment.regroup()


func _agent_named(name: String, roster: RLRoster) -> RLAgent:
	for agent: RLAgent in roster.agents:
		if _name_of(agent) == name:
			return agent
	return null


func _agents_in(roster: RLRoster) -> String:
	return "there are %s" % ", ".join(PackedStringArray(roster.agents.map(_name_of)))


# In further arenas, with the arena's number.
static func _name_of(agent: RLAgent) -> String:
	var arena := agent.arena_core.index
	return "%s@%d" % [agent.agent_name, arena] if arena > 0 else String(agent.agent_name)


static func _whole(body: Dictionary, field: String, otherwise: int) -> int:
	var value: float = body.get(field, otherwise)
	return int(value)
