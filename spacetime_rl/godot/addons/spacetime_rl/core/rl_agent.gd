@icon("res://addons/spacetime_rl/icons/agent.svg")
class_name RLAgent
extends Node
## Makes its parent (the player's body) an agent: gathers sensors, actions and rewards among its children.
##
## Sensors and actions are read in scene order, which fixes the order of the observation and action vectors.

## The agent's episode began; everything is in its place.
signal episode_began
## The agent's episode ended. It is inactive until the whole arena begins its next episode.
signal episode_ended(success: bool)

## Metrics that every agent reports, before its reward sums and its own.
const COMMON_METRICS: Array[StringName] = [&"episode", &"return", &"length", &"success"]

## The policy that plays this agent. Agents of one name must have the same sensors, actions and metrics.
@export var policy_name := &"player"
## Name inside the arena; empty becomes "<policy_name>_<number>". Configs map policies by patterns on it.
@export var agent_name := &""
## Names that `add_reward` may use; each is reported at the episode's end as `reward/<name>`.
@export var reward_names: Array[StringName] = []
## Reward terms evaluated every tick, in addition to `add_reward`. One instance for each agent.
@export var reward_terms: Array[RLRewardTerm] = []
## Names that `set_metric` and `add_metric` may use; each is reported at the episode's end.
@export var metric_names: Array[StringName] = []
@export_group("Played by a policy")
## A trained policy that plays this agent when no peer does; agents of one policy decide together.
@export var policy: RLPolicy
## Of how many of the game's decisions the policy takes one; during the others its action is held.
@export_range(1, 100) var policy_period := 1
## Continuous actions move evenly from each decision to the next, tick by tick. Without it they change at once.
@export var policy_interpolates := false
## Actions are drawn as in training, the same ones in the same episode. Without it they are the most probable ones.
@export var policy_stochastic := false

## The player: the agent's parent. Null in a 2D game, which has `body_2d`.
var body: Node3D
## The player in a 2D game; null in 3D.
var body_2d: Node2D
## The arena. Null in a 2D game, which has `arena_2d`.
var arena: RLArena
## The arena in a 2D game; null in 3D.
var arena_2d: RLArena2D
## The arena in any number of dimensions.
var arena_core: RLArenaCore
## False while the agent waits, and from its end until its arena's next episode: it neither acts nor collects rewards.
var active := false
## True from `wait` until `wake` or the episode's end: the agent's part of the episode has not begun.
var waiting := false
## Who decides for this agent.
var controller: RLController
## Rewards and metrics of the running episode.
var ledger := RLLedger.new(self)
var success := false
## True when the last episode ended because time was up.
var truncated := false
## Decisions acted in this episode.
var decisions := 0
var episode_return: float:
	get:
		return ledger.episode_return
var sensors: Array[RLSensor] = []
var image_sensors: Array[RLImageSensor] = []
var actions: Array[RLAction] = []
## Which choices of its masked actions are allowed; null if none is masked.
var masks: RLActionMasks
## Floats of the observation vector, images apart.
var observation_size := 0
## Floats of the action vector.
var action_size := 0
## The observation that ended the last episode.
var final_observation := PackedFloat32Array()
## What the last ended episode reported, in the order of `all_metric_names`.
var final_metrics := PackedFloat32Array()
## The images that ended the last episode, one after the other.
var final_images := PackedByteArray()

var _ending := 0


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Override: write this agent's next action, chosen by script. It is what a trained policy has to beat.
func _heuristic(action: PackedFloat32Array) -> void:
	action.fill(0.0)


## Override: write this agent's next action from keyboard, gamepad or headset. The heuristic plays where it is not.
func _human(action: PackedFloat32Array) -> void:
	_heuristic(action)


## Override: what the agent is there for, in one sentence, for a person who plays it or watches it.
func _purpose() -> String:
	return ""


## Override: what each key does for this agent, a line each, such as "W A S D, left stick: walk".
func _controls() -> PackedStringArray:
	return RLHuman.KEYS


## Override: figures to play by, a line each, such as "altitude 812 m". Read at every decision of a watched agent.
func _readout() -> PackedStringArray:
	return []


## Add to this decision's reward under a declared name. Counts until the end of the decision in which the agent ended.
func add_reward(term: StringName, amount: float) -> void:
	if not active and _ending == 0:
		return
	ledger.pay(term, amount)


## Set one of the episode's own metrics. It begins every episode at 0.
func set_metric(metric: StringName, value: float) -> void:
	ledger.set_metric(metric, value)


## Add to one of the episode's own metrics.
func add_metric(metric: StringName, amount: float) -> void:
	ledger.add_metric(metric, amount)


## One of the episode's own metrics, as it stands.
func get_metric(metric: StringName) -> float:
	return ledger.get_metric(metric)


## Let the agent's part of the episode begin later: it neither sees nor acts until `wake`. Call it in the arena's
## `_begin_episode`. Its time runs, too, and it can end without ever having acted.
func wait() -> void:
	if decisions > 0 or not active:
		push_error("agent '%s': it may wait only from the beginning of an episode" % agent_name)
		return
	active = false
	waiting = true


## The agent, which waited, takes part from now on: it acts on what it sees at the end of this decision.
func wake() -> void:
	if not waiting:
		push_error("agent '%s': it does not wait" % agent_name)
		return
	waiting = false
	active = true


## The agent's task is over: reached, or failed for good. Later calls in the same episode do nothing.
func end(succeeded: bool, terminated: bool = true) -> void:
	if not active and not waiting:
		return
	active = false
	waiting = false
	success = succeeded
	truncated = not terminated
	_ending = RLRoster.TERMINATED if terminated else RLRoster.TRUNCATED
	arena_core.note_ending(self)
	episode_ended.emit(succeeded)


## The agent's time is up, without success.
func truncate() -> void:
	end(false, false)


## Names of everything reported at the episode's end, in order.
func all_metric_names() -> Array[StringName]:
	var names := COMMON_METRICS.duplicate()
	for term: StringName in ledger.reward_names():
		names.append(StringName("reward/%s" % term))
	names.append_array(metric_names)
	if arena_core != null and arena_core.cost != null:
		names.append_array(arena_core.cost.names)
	return names


## What the ended episode measured, by name.
func measured() -> Dictionary:
	var metrics := {}
	var names := all_metric_names()
	for i: int in names.size():
		metrics[names[i]] = final_metrics[i]
	return metrics


## For the arena: find sensors, actions and reward terms; `number` counts the arena's agents of this policy.
func setup(in_arena: RLArenaCore, number: int) -> void:
	arena_core = in_arena
	arena = in_arena.root as RLArena
	arena_2d = in_arena.root as RLArena2D
	body = get_parent() as Node3D
	body_2d = get_parent() as Node2D
	if agent_name == &"":
		agent_name = StringName("%s_%d" % [policy_name, number])
	_find_parts(self)
	masks = RLActionMasks.of(self)
	if masks != null:
		observation_size += masks.size
	ledger.setup()
	final_observation.resize(observation_size)


## For the arena: forget the last episode.
func clear_episode() -> void:
	active = true
	waiting = false
	success = false
	decisions = 0
	_ending = 0
	ledger.clear()
	for action: RLAction in actions:
		action.clear()


## For the arena: everything is in its place.
func begin_episode() -> void:
	for sensor: RLSensor in sensors:
		sensor.begin_episode()
	for term: RLRewardTerm in reward_terms:
		term.begin_episode()
	episode_began.emit()


## For the arena: keep the observation of the tick that ended the episode.
func capture_final() -> void:
	observe(final_observation, 0)
	if not image_sensors.is_empty():
		final_images = RLImageSensor.images_of(image_sensors)


## For the roster: write the observation vector.
func observe(buffer: PackedFloat32Array, offset: int) -> void:
	for sensor: RLSensor in sensors:
		sensor.write(buffer, offset)
		offset += sensor.size
	if masks != null:
		masks.write(buffer, offset)


## For the assignment: take over the next action.
func act(buffer: PackedFloat32Array, offset: int) -> void:
	if not active:
		return
	decisions += 1
	if masks != null:
		masks.update()
	steer(buffer, offset)


## For a controller: change the action within a decision.
func steer(buffer: PackedFloat32Array, offset: int) -> void:
	if not active:
		return
	for action: RLAction in actions:
		action.read(buffer, offset)
		offset += action.width


## Whether the agent's episode ended in the running decision.
func has_just_ended() -> bool:
	return _ending != 0


## For the roster: TERMINATED or TRUNCATED once after the episode ended, else 0.
func take_ending() -> int:
	var ending := _ending
	_ending = 0
	return ending


## For the roster: the values of `all_metric_names`.
func metrics_vector() -> PackedFloat32Array:
	var values := PackedFloat32Array([arena_core.episode, episode_return, decisions, 1.0 if success else 0.0])
	values.append_array(ledger.values())
	if arena_core.cost != null:
		values.append_array(arena_core.cost.values())
	return values


func _find_parts(node: Node) -> void:
	for child: Node in node.get_children():
		if child is RLSensor:
			var sensor := child as RLSensor
			sensor.setup(self)
			sensors.append(sensor)
			observation_size += sensor.size
		elif child is RLImageSensor:
			var image_sensor := child as RLImageSensor
			image_sensor.setup(self)
			image_sensors.append(image_sensor)
		elif child is RLAction:
			var action := child as RLAction
			action.clear()
			actions.append(action)
			action_size += action.width
