@icon("res://addons/spacetime_rl/icons/arena.svg")
class_name RLArena
extends Node3D
## Root of an arena scene: one copy of the world with its agents, playing one episode after another.
##
## Override `_build`, `_begin_episode`, `_tick` and `_end_decision`. Every arena has its own physics world at the
## origin: arenas cannot touch each other, and the same episode gives the same floats in all of them.

## The scenario's parameters; each arena gets its own copy, complete before `_build`.
@export var params: RLParams

## The only source of randomness; seeded anew for every episode from (seed, episode).
var rng := RandomNumberGenerator.new()
## Number of the running episode.
var episode := -1
## Physics ticks since the episode began.
var ticks := 0
## Ticks after which the agents still playing are truncated; 0 is no limit. Usually set from a parameter when an episode
## begins; a run's own limit (`--episode_steps`) takes its place.
var max_ticks := 0
## Place among the arenas of the process. Never let it influence the game.
var index := 0
## Number of the task that this arena plays, where there are several.
var task := 0
## The agents found below this node after `_build`.
var agents: Array[RLAgent] = []
## What the core needs to know of three dimensions.
var space: RLSpace = RLSpace3D.new()

var _schedule: RLSchedule
var _revision := 0
var _playing := 0
var _ending: Array[RLAgent] = []
# The agents with reward terms.
var _paid_by_tick: Array[RLAgent] = []


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Called once, in the tree, when `params` is known: spawn the players. Agents and their spaces are fixed after it.
func _build() -> void:
	pass


## Called at the start of every episode: put everything in its place, using `rng` alone. Free no physics body here.
func _begin_episode() -> void:
	pass


## Called every physics tick after all players have moved: rules, rewards, endings.
func _tick(_delta: float) -> void:
	pass


## Called once a decision, after its ticks and before the observations are read: rewards counted per decision.
func _end_decision() -> void:
	pass


## Override: places that a picture of the episode marks, by name (goal, pads, waypoints), relative to the arena. Asked
## once an episode after `_begin_episode`, and only where traces are recorded.
func _landmarks() -> Dictionary[StringName, Vector3]:
	return {}


## Override: how near to a landmark counts as being there, in metres, for those landmarks that have such a distance.
func _landmark_radii() -> Dictionary[StringName, float]:
	return {}


## Override where the world moves under its players (floating origin): what to add to a position in the arena to get the
## place that it stands for, so that a trace does not jump.
func _origin() -> Vector3:
	return Vector3.ZERO


## For the bridge: build the players and find the agents.
func build(arena_index: int, schedule: RLSchedule) -> void:
	index = arena_index
	_schedule = schedule
	_build()
	_limit_ticks()
	_find_agents(self)
	var counts: Dictionary[StringName, int] = {}
	for agent: RLAgent in agents:
		var number: int = counts.get(agent.policy_name, 0)
		counts[agent.policy_name] = number + 1
		if not schedule.task_names.is_empty():
			RLTask.show_to(agent, task, schedule.task_names)
		for script: RLRewardScript in schedule.reward_scripts:
			script.add_to(agent)
		agent.setup(self, number)
		if not agent.reward_terms.is_empty():
			_paid_by_tick.append(agent)


## True between the first `begin_episode` and the end of the process.
func is_running() -> bool:
	return episode >= 0


## True when every agent's episode ended.
func is_finished() -> bool:
	return _playing == 0


## For the stage: start an episode in place, by default the one after the last.
func begin_episode(number: int = episode + 1) -> void:
	episode = number
	var episode_seed := _schedule.episode_seed(episode)
	rng.seed = episode_seed
	ticks = 0
	_playing = agents.size()
	_ending.clear()
	if params != null:
		_settle_params(episode_seed)
	for agent: RLAgent in agents:
		agent.clear_episode()
	_begin_episode()
	_limit_ticks()
	for agent: RLAgent in agents:
		agent.begin_episode()


## For the bridge: one physics tick, after the players' own.
func advance(delta: float) -> void:
	if not is_running():
		return
	ticks += 1
	for agent: RLAgent in _paid_by_tick:
		if agent.active:
			agent.ledger.pay_terms(delta)
	_tick(delta)
	if max_ticks > 0 and ticks >= max_ticks:
		for agent: RLAgent in agents:
			agent.truncate()
	_capture_endings()


## For the bridge: the decision's ticks are over.
func end_decision() -> void:
	_end_decision()
	_capture_endings()


## For the agent: it plays no more. Its final observation is read when the tick is complete.
func note_ending(agent: RLAgent) -> void:
	_playing -= 1
	_ending.append(agent)


func _limit_ticks() -> void:
	if _schedule.max_ticks > 0:
		max_ticks = _schedule.max_ticks


# Take over what the Python side has set since the last episode, and draw what is drawn for each.
func _settle_params(episode_seed: int) -> void:
	if _revision != _schedule.revision:
		_revision = _schedule.revision
		params.apply(_schedule.params)
	for problem: String in params.draw(episode_seed):
		push_error("the parameters drawn for episode %d do not go together: %s" % [episode, problem])


func _capture_endings() -> void:
	if _ending.is_empty():
		return
	for agent: RLAgent in _ending:
		agent.capture_final()
	_ending.clear()


func _find_agents(node: Node) -> void:
	for child: Node in node.get_children():
		if child is RLAgent:
			agents.append(child as RLAgent)
		_find_agents(child)
