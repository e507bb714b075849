class_name RLRoster
extends RefCounted
## All agents of a process in their global order, their spaces, and the one packed vector that holds their state.
##
## Global order: groups (policies) as first met, inside a group arena by arena. Vector: [busy_s], observations, rewards,
## flags, then for each agent that ended its final observation and its metrics. Float32 throughout.

## Other agents play than before: another task's, in one of the arenas.
signal agents_changed

## Flag bits of an agent in a state.
const TERMINATED := 1
const TRUNCATED := 2
const ACTIVE := 4

## Agents of one policy, in global order, as the leading arenas have them.
var groups: Dictionary[StringName, Array] = {}
## The agents that play, in global order; with tasks, others in each episode.
var agents: Array[RLAgent] = []
var stages: Array[RLStage] = []
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
# For each agent of a leading arena its place in the global order.
var _places: Dictionary[RLAgent, int] = {}
# What each group reports, and the group's name by its agents' place.
var _metrics: Dictionary[StringName, RLMetricUnion] = {}
var _policies: Array[StringName] = []


func _init(of_stages: Array[RLStage], tasks: PackedStringArray = []) -> void:
	stages = of_stages
	for stage: RLStage in stages:
		for agent: RLAgent in stage.lead().agents:
			var members: Array = groups.get_or_add(agent.policy_name, [])
			members.append(agent)
	_rewards_at = 1
	for members: Array in groups.values():
		problems.append_array(RLLayout.problems_of(members[0] as RLAgent))
		for agent: RLAgent in members:
			_check_alike(members[0] as RLAgent, agent)
			_places[agent] = agents.size()
			_policies.append(agent.policy_name)
			agents.append(agent)
			_observation_at.append(_rewards_at)
			_rewards_at += agent.observation_size
			action_size += agent.action_size
	_find_images()
	if not stages.is_empty():
		problems.append_array(RLTaskCheck.problems_of(stages[0], tasks))
		_join_metrics(stages[0], not tasks.is_empty())
	if agents.is_empty():
		problems.append("the arena has no RLAgent")
	_flags_at = _rewards_at + agents.size()
	state.resize(_flags_at + agents.size())


## Start the next episode in every arena, finished or not; rewards and endings so far are dropped.
func begin_all() -> void:
	for stage: RLStage in stages:
		_begin(stage)


## True once the first episodes began.
func has_begun() -> bool:
	return not stages.is_empty() and stages[0].present.is_running()


## Write the first observations of episodes that have just begun: no rewards, nobody ended. With `before`, those of
## another roster, whose scene this one's replaces, and which was cut off.
func observe_begun(before: RLRoster = null) -> void:
	for i: int in agents.size():
		state[_rewards_at + i] = before.reward_of(i) if before != null else 0.0
		state[_flags_at + i] = before.flags_of(i) if before != null else 0
	endings.clear()
	images.clear()
	if before != null:
		endings = before.endings
		images = before.images
	_write_observations()


## Finish a decision, and with it every episode: time is up for all who still play. No other episodes begin.
func cut_off() -> void:
	for agent: RLAgent in agents:
		agent.truncate()
	for stage: RLStage in stages:
		stage.present.end_decision()
	_write_outcomes()


## Finish a decision: write `state`, `endings` and `images`, and begin the next episode of finished arenas in between.
func update_state() -> void:
	if profile != null:
		profile.start()
	for stage: RLStage in stages:
		stage.present.end_decision()
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
	for stage: RLStage in stages:
		stage.present.end_decision()
	for agent: RLAgent in agents:
		agent.ledger.take_reward()
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


## Policy of agent `i`.
func policy_at(i: int) -> StringName:
	return _policies[i]


## Name of agent `i`, which no other agent of the process has: `seeker_0`, or `a3/seeker_0` with several arenas.
func name_at(i: int) -> String:
	var own := String(agents[i].agent_name)
	return own if stages.size() == 1 else "a%d/%s" % [agents[i].arena_core.index, own]


## `GameSpec.groups` of the Python side.
func describe() -> Array[Dictionary]:
	var result: Array[Dictionary] = []
	for policy: StringName in groups:
		var members: Array = groups[policy]
		var first: RLAgent = members[0]
		var names: Array[String] = []
		for agent: RLAgent in members:
			if agent.arena_core == first.arena_core:
				names.append(String(agent.agent_name))
		result.append(
			{"name": policy, "agents": names, "layout": RLLayout.of(first), "metrics": _metrics[policy].names}
		)
	return result


## What the agents of a task report, by the policy that they are played by.
func metrics_of_task(task: int) -> Dictionary:
	var result := {}
	for policy: StringName in _metrics:
		result[policy] = _metrics[policy].names_of(task)
	return result


func _write_outcomes() -> void:
	endings.clear()
	images.clear()
	for i: int in agents.size():
		var agent := agents[i]
		state[_rewards_at + i] = agent.ledger.take_reward()
		var ending := agent.take_ending()
		state[_flags_at + i] = ending
		if ending != 0:
			endings.append_array(agent.final_observation)
			agent.final_metrics = agent.metrics_vector()
			endings.append_array(_metrics[_policies[i]].spread(agent, agent.final_metrics))
			images.append_array(agent.final_images)


func _begin_finished() -> void:
	for stage: RLStage in stages:
		if stage.present.is_finished():
			_begin(stage)


func _begin(stage: RLStage) -> void:
	if stage.begin_episode():
		_seat(stage)
	if trace != null:
		trace.begin(stage.present)


# The agents of the arena that plays now take the places of the others.
func _seat(stage: RLStage) -> void:
	var cast := stage.cast_of(stage.present)
	for i: int in cast.size():
		agents[_places[stage.lead().agents[i]]] = cast[i]
	if not _image_sensors.is_empty():
		_find_images()
	agents_changed.emit()


func _find_images() -> void:
	_image_sensors.clear()
	for agent: RLAgent in agents:
		_image_sensors.append_array(agent.image_sensors)


func _join_metrics(stage: RLStage, with_tasks: bool) -> void:
	for i: int in stage.lead().agents.size():
		var policy := stage.lead().agents[i].policy_name
		if not _metrics.has(policy):
			var alike: Array[RLAgent] = []
			for arena: RLArenaCore in stage.played_arenas():
				var cast := stage.cast_of(arena)
				if i < cast.size():
					alike.append(cast[i])
			_metrics[policy] = RLMetricUnion.new(alike, with_tasks)


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
	if trace != null:
		trace.note_observations(self)


func _check_alike(first: RLAgent, agent: RLAgent) -> void:
	if RLLayout.of(first) != RLLayout.of(agent) or first.all_metric_names() != agent.all_metric_names():
		problems.append(
			(
				"agents '%s' and '%s' share the policy '%s' but differ in sensors, actions or metrics"
				% [first.agent_name, agent.agent_name, agent.policy_name]
			)
		)
