class_name RLMetricUnion
extends RefCounted
## What the agents of one policy report at their episodes' ends, over all tasks: what a task does not measure reads 0.

## In order; with tasks, the last one is the number of the task.
var names: Array[StringName] = []

var _with_tasks := false
# By the task's number: its own names, and the place of each in `names`.
var _own: Dictionary[int, Array] = {}
var _places: Dictionary[int, PackedInt32Array] = {}


## `agents` has one agent of the policy for each task.
func _init(agents: Array[RLAgent], with_tasks: bool) -> void:
	_with_tasks = with_tasks
	for agent: RLAgent in agents:
		var places: PackedInt32Array = []
		for metric: StringName in agent.all_metric_names():
			if metric not in names:
				names.append(metric)
			places.append(names.find(metric))
		_own[agent.arena_core.task] = agent.all_metric_names()
		_places[agent.arena_core.task] = places
	if with_tasks:
		names.append(RLTask.FIELD)


## The names that a task has.
func names_of(task: int) -> Array:
	return _own.get(task, [])


## The values of `names`, from an agent's own.
func spread(agent: RLAgent, values: PackedFloat32Array) -> PackedFloat32Array:
	if not _with_tasks:
		return values
	var all: PackedFloat32Array = []
	all.resize(names.size())
	var places := _places[agent.arena_core.task]
	for i: int in values.size():
		all[places[i]] = values[i]
	all[-1] = agent.arena_core.task
	return all
