class_name RLBuilder
extends RefCounted
## Builds what a bridge plays: in every place one arena of each task, each arena in a physics world of its own.

## The places that were built.
var stages: Array[RLStage] = []
## Physics ticks that a decision lasts.
var action_repeat := 0

var _bridge: RLBridge
var _options: RLOptions
var _schedule: RLSchedule
var _problems: PackedStringArray
var _tasks: Array[RLTask] = []


## Mistakes are added to `problems`.
func _init(bridge: RLBridge, schedule: RLSchedule, problems: PackedStringArray) -> void:
	_bridge = bridge
	_options = bridge.options
	_schedule = schedule
	_problems = problems
	action_repeat = bridge.action_repeat


## Load the tasks and build their arenas, up to the first place that cannot be built.
func build() -> void:
	RLMonitor.arenas = _options.arenas
	_tasks = RLTask.load_all(_bridge, _problems)
	if not _options.tasks.is_empty():
		for task: RLTask in _tasks:
			_schedule.task_names.append(task.name)
			_schedule.task_weights.append(task.weight)
	_check_tasks()
	for place: int in _options.arenas:
		var arenas := _make_arenas()
		if not _problems.is_empty():
			for arena: RLArenaCore in arenas:
				if arena != null:
					arena.root.free()
			return
		for task: int in arenas.size():
			if arenas[task] != null:
				arenas[task].task = task
				_world_for(arenas[task], place).add_child(arenas[task].root)
				arenas[task].build(place, _schedule)
		stages.append(RLStage.new(arenas, _schedule))


## `GameSpec.tasks` of the Python side.
func describe_tasks(roster: RLRoster) -> Array[Dictionary]:
	var described: Array[Dictionary] = []
	for number: int in _schedule.task_names.size():
		var task := _tasks[number]
		var arena := stages[0].arenas[number]
		described.append(
			{
				"name": task.name,
				"scenario": task.scenario,
				"weight": task.weight,
				"params": arena.params.to_dict() if arena != null else task.params,
				"metrics": roster.metrics_of_task(number)
			}
		)
	return described


func _check_tasks() -> void:
	var played := _tasks.filter(func(task: RLTask) -> bool: return task.weight > 0.0)
	if played.is_empty():
		_problems.append("no task has a weight above 0")
		return
	if _shares_world() and played.size() > 1:
		_problems.append("this scene shows one task only: give the others a weight of 0")
	if _options.action_repeat > 0:
		return
	var first: RLTask = played[0]
	for task: RLTask in played:
		if task.action_repeat != first.action_repeat:
			_problems.append(
				(
					"a decision lasts %d ticks in task '%s' and %d in task '%s': set action_repeat for all"
					% [first.action_repeat, first.name, task.action_repeat, task.name]
				)
			)
	action_repeat = first.action_repeat


# By the task's number; null where a task is not played.
func _make_arenas() -> Array[RLArenaCore]:
	var arenas: Array[RLArenaCore] = []
	for task: RLTask in _tasks:
		arenas.append(task.make_arena(_problems) if task.weight > 0.0 else null)
	return arenas


# A physics world of the arena's own, or the bridge's scene where a person may look at the only arena.
func _world_for(arena: RLArenaCore, place: int) -> Node:
	if _shares_world() or (place == 0 and _bridge.is_watched()):
		return _bridge
	var viewport := SubViewport.new()
	viewport.name = "Arena%d_%d" % [place, arena.task]
	arena.space.own_world(viewport)
	viewport.size = Vector2i(2, 2)
	viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	viewport.gui_disable_input = true
	_bridge.add_child(viewport)
	arena.root.name = "Arena"
	return viewport


func _shares_world() -> bool:
	return _options.arenas == 1 and (_options.port == 0 or _bridge.is_watched())
