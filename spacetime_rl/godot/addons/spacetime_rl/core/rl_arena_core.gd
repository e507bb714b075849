class_name RLArenaCore
extends RefCounted
## What an arena is in any number of dimensions: it finds its agents, and plays one episode after another.
##
## The arena is the root node of a scene. Its script has the hooks `_build`, `_begin_episode`, `_tick`, `_end_decision`
## and `_landmark_radii`, and an RLArenaCore by the name of `core`; see RLArena.

## Bodies or buttons have come or gone, in an arena in which they may.
signal nodes_changed

## The root of the arena.
var root: Node
## The node below which everything of the arena is: the root, unless an arena is elsewhere than its game.
var scope: Node
## What differs between dimensions.
var space: RLSpace
var params: RLParams
var rng := RandomNumberGenerator.new()
var episode := -1
var ticks := 0
var max_ticks := 0
var index := 0
var task := 0
var agents: Array[RLAgent] = []
## Makes an RLStateHash of the arena that it is called with; set it only where bodies come and go. A function that
## captures this arena would keep it, and its physics world, for good.
var make_hash: Callable = RLStateHash.new
## What the running episode costs; null unless the run asked for it, or the scene, in its `_build`.
var cost: RLEpisodeCost
## Warnings that there had been when the episode began, where somebody watches for them.
var warnings_before := 0

var _schedule: RLSchedule
var _revision := 0
var _playing := 0
var _ending: Array[RLAgent] = []
# The agents with reward terms.
var _paid_by_tick: Array[RLAgent] = []


func _init(of_root: Node, in_space: RLSpace) -> void:
	root = of_root
	scope = of_root
	space = in_space


## The core of an arena's root; null where the node is none.
static func of(node: Node) -> RLArenaCore:
	return node.get(&"core") as RLArenaCore


## Build the players and find the agents.
func build(arena_index: int, schedule: RLSchedule) -> void:
	index = arena_index
	_schedule = schedule
	root.call(&"_build")
	_limit_ticks()
	_find_agents(root)
	if schedule.monitor and cost == null:
		cost = RLEpisodeCost.new(root)
	var counts: Dictionary[StringName, int] = {}
	for agent: RLAgent in agents:
		var number: int = counts.get(agent.policy_name, 0)
		counts[agent.policy_name] = number + 1
		if not schedule.task_names.is_empty():
			RLTask.show_to(agent, task, schedule.task_names)
		for script: RLRewardScript in schedule.reward_scripts:
			script.add_to(agent)
		if schedule.observe_performance and not RLPerformanceSensor.is_in(agent):
			agent.add_child(RLPerformanceSensor.new())
		if schedule.penalise_performance:
			agent.reward_terms = agent.reward_terms + ([RLBudgetReward.new()] as Array[RLRewardTerm])
		if not schedule.novelty.is_empty():
			_pay_for_places(agent, schedule.novelty)
		agent.setup(self, number)
		if not agent.reward_terms.is_empty():
			_paid_by_tick.append(agent)


## True between the first `begin_episode` and the end of the process.
func is_running() -> bool:
	return episode >= 0


## True when every agent's episode ended.
func is_finished() -> bool:
	return _playing == 0


## The seed of an episode, by default of the running one; for an arena that lays out several episodes alike.
func episode_seed(number: int = episode) -> int:
	return _schedule.episode_seed(number)


## Start an episode in place, by default the one after the last.
func begin_episode(number: int = episode + 1) -> void:
	episode = number
	warnings_before = RLFaults.warning_count()
	rng.seed = episode_seed()
	ticks = 0
	_playing = agents.size()
	_ending.clear()
	if params != null:
		_settle_params()
	for agent: RLAgent in agents:
		agent.clear_episode()
	root.call(&"_begin_episode")
	space.forget_contacts(root)
	_limit_ticks()
	if cost != null:
		cost.begin()
	for agent: RLAgent in agents:
		agent.begin_episode()


## One physics tick, after the players' own.
func advance(delta: float) -> void:
	if not is_running():
		return
	ticks += 1
	if cost != null:
		cost.note_tick()
	for agent: RLAgent in _paid_by_tick:
		if agent.active:
			agent.ledger.pay_terms(delta)
	root.call(&"_tick", delta)
	if max_ticks > 0 and ticks >= max_ticks:
		for agent: RLAgent in agents:
			agent.truncate()
	_capture_endings()


## The decision's ticks are over.
func end_decision() -> void:
	root.call(&"_end_decision")
	_capture_endings()


## For the arena: bodies or buttons have come or gone.
func note_change() -> void:
	nodes_changed.emit()


## For the agent: it plays no more. Its final observation is read when the tick is complete.
func note_ending(agent: RLAgent) -> void:
	_playing -= 1
	_ending.append(agent)


func _limit_ticks() -> void:
	if _schedule.max_ticks > 0:
		max_ticks = _schedule.max_ticks


# Take over what the Python side has set since the last episode, and draw what is drawn for each.
func _settle_params() -> void:
	if _revision != _schedule.revision:
		_revision = _schedule.revision
		params.apply(_schedule.params)
	for problem: String in params.draw(episode_seed()):
		push_error("the parameters drawn for episode %d do not go together: %s" % [episode, problem])


func _pay_for_places(agent: RLAgent, settings: Dictionary) -> void:
	var cell: float = settings.get("cell", 2.0)
	var weight: float = settings.get("weight", 1.0)
	var term := RLNoveltyReward.new(cell, weight)
	agent.reward_terms = agent.reward_terms + ([term] as Array[RLRewardTerm])
	if settings.get("alone", false) as bool:
		agent.ledger.only = term


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
