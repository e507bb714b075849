class_name RLRoster
extends RefCounted
## All agents of a process in their global order, their spaces, and the one packed vector that holds their state.
##
## Global order: groups (policies) as first met, inside a group arena by arena. Vector: [busy_s], observations, rewards,
## flags, then for each agent that ended its final observation and its metrics. Float32 throughout.

## Flag bits of an agent in a state.
const TERMINATED := 1
const TRUNCATED := 2
const ACTIVE := 4

## Agents of one policy, in global order.
var groups: Dictionary[StringName, Array] = {}
var agents: Array[RLAgent] = []
var arenas: Array[RLArena] = []
## Floats of one action of all agents.
var action_size := 0
## What disagrees between agents that should be alike, one sentence each.
var problems: PackedStringArray = []
## The fixed part of the state vector, rewritten in place every decision.
var state := PackedFloat32Array()
## Final observations and metrics of the agents that ended in this decision.
var endings := PackedFloat32Array()
## Images of all agents, then the final images of the ended ones.
var images := PackedByteArray()
## Where the time goes; null unless somebody asked.
var profile: RLProfile
## Records episodes; null unless somebody asked.
var trace: RLTrace

var _observation_at := PackedInt32Array()
var _rewards_at := 0
var _flags_at := 0
var _image_sensors: Array[RLImageSensor] = []


func _init(of_arenas: Array[RLArena]) -> void:
	arenas = of_arenas
	for arena: RLArena in arenas:
		for agent: RLAgent in arena.agents:
			var members: Array = groups.get_or_add(agent.policy_name, [])
			members.append(agent)
	_rewards_at = 1
	for members: Array in groups.values():
		problems.append_array(RLLayout.problems_of(members[0] as RLAgent))
		for agent: RLAgent in members:
			_check_alike(members[0] as RLAgent, agent)
			agents.append(agent)
			_observation_at.append(_rewards_at)
			_rewards_at += agent.observation_size
			action_size += agent.action_size
			_image_sensors.append_array(agent.image_sensors)
	if agents.is_empty():
		problems.append("the arena has no RLAgent")
	_flags_at = _rewards_at + agents.size()
	state.resize(_flags_at + agents.size())


## Start the next episode in every arena, finished or not; rewards and endings so far are dropped.
func begin_all() -> void:
	for arena: RLArena in arenas:
		_begin(arena)


## Hand every active agent its part of the actions of all.
func act(actions: PackedFloat32Array) -> void:
	var offset := 0
	for agent: RLAgent in agents:
		agent.act(actions, offset)
		offset += agent.action_size


## Let every active agent act by its heuristic, or by a person's hand where one plays it.
func act_by_themselves() -> void:
	for agent: RLAgent in agents:
		agent.act_by_itself()


## True once the first episodes began.
func has_begun() -> bool:
	return not arenas.is_empty() and arenas[0].is_running()


## Write the first observations of episodes that have just begun: no rewards, nobody ended.
func observe_begun() -> void:
	for i: int in agents.size():
		state[_rewards_at + i] = 0.0
		state[_flags_at + i] = 0.0
	endings.clear()
	images.clear()
	_write_observations()


## Finish a decision: write `state`, `endings` and `images`, and begin the next episode of finished arenas in between.
func update_state() -> void:
	if profile != null:
		profile.start()
	for arena: RLArena in arenas:
		arena.end_decision()
	if trace != null:
		trace.note_decision()
	_write_outcomes()
	if profile != null:
		profile.stop(&"rewards")
	_begin_finished()
	if profile != null:
		profile.start()
	_write_observations()
	if profile != null:
		profile.stop(&"observations")


## Finish a decision that nobody wants to know of: no sensor is read, rewards and endings are dropped.
func skip_state() -> void:
	for arena: RLArena in arenas:
		arena.end_decision()
	for agent: RLAgent in agents:
		agent.take_reward()
		agent.take_ending()
	_begin_finished()


## Flag bits of agent `i` in the present state.
func flags_of(i: int) -> int:
	return int(state[_flags_at + i])


## Reward of agent `i` in the present state.
func reward_of(i: int) -> float:
	return state[_rewards_at + i]


## Observation vector of agent `i` in the present state.
func observation_of(i: int) -> PackedFloat32Array:
	return state.slice(_observation_at[i], _observation_at[i] + agents[i].observation_size)


## `GameSpec.groups` of the Python side.
func describe() -> Array[Dictionary]:
	var result: Array[Dictionary] = []
	for policy: StringName in groups:
		var members: Array = groups[policy]
		var first: RLAgent = members[0]
		var names: Array[String] = []
		for agent: RLAgent in members:
			if agent.arena == first.arena:
				names.append(String(agent.agent_name))
		result.append(
			{"name": policy, "agents": names, "layout": RLLayout.of(first), "metrics": first.all_metric_names()}
		)
	return result


func _write_outcomes() -> void:
	endings.clear()
	images.clear()
	for i: int in agents.size():
		var agent := agents[i]
		state[_rewards_at + i] = agent.take_reward()
		var ending := agent.take_ending()
		state[_flags_at + i] = ending
		if ending != 0:
			endings.append_array(agent.final_observation)
			agent.final_metrics = agent.metrics_vector()
			endings.append_array(agent.final_metrics)
			images.append_array(agent.final_images)


func _begin_finished() -> void:
	for arena: RLArena in arenas:
		if arena.is_finished():
			_begin(arena)


func _begin(arena: RLArena) -> void:
	arena.begin_episode()
	if trace != null:
		trace.begin(arena)


func _write_observations() -> void:
	var offset := 1
	for i: int in agents.size():
		var agent := agents[i]
		if agent.active:
			if profile == null:
				agent.observe(state, offset)
			else:
				profile.observe(agent, state, offset)
			state[_flags_at + i] += ACTIVE
		else:
			for k: int in agent.observation_size:
				state[offset + k] = 0.0
		offset += agent.observation_size
	if not _image_sensors.is_empty():
		images = RLImageSensor.images_of(_image_sensors) + images


func _check_alike(first: RLAgent, agent: RLAgent) -> void:
	if RLLayout.of(first) != RLLayout.of(agent) or first.all_metric_names() != agent.all_metric_names():
		problems.append(
			(
				"agents '%s' and '%s' share the policy '%s' but differ in sensors, actions or metrics"
				% [first.agent_name, agent.agent_name, agent.policy_name]
			)
		)
