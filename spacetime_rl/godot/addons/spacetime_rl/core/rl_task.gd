class_name RLTask
extends RefCounted
## One of the tasks that the arenas of a process play in turn: an arena scene with parameters, and how often it comes.

## Name of the observation field that tells tasks apart, and of the metric with the task's number.
const FIELD := &"task"

## What it is called in reports; "" where there is only what the scene itself plays.
var name := ""
## Scenario whose arena it is.
var scenario := ""
## How often it is drawn, beside the weights of the others. With 0 it keeps its place in the observation, unplayed.
var weight := 1.0
## Parameters that differ from the arena's own.
var params: Dictionary = {}
var arena_scene: PackedScene
## Physics ticks a decision lasts in its scene.
var action_repeat := 0


## The tasks of `--tasks`: `[{"name": …, "scene": …, "params": {…}, "weight": …}]`, a scene of null being the bridge's
## own; without any a single one, which is the bridge's scene as it is. Mistakes are added to `problems`.
static func load_all(bridge: RLBridge, problems: PackedStringArray) -> Array[RLTask]:
	var tasks: Array[RLTask] = []
	for entry: Dictionary in bridge.options.tasks:
		var task := RLTask.new(bridge, entry)
		var scene: Variant = entry.get("scene")
		if scene != null:
			var problem := task._take_scene(str(scene))
			if problem != "":
				problems.append("task '%s': %s" % [task.name, problem])
		tasks.append(task)
	if tasks.is_empty():
		tasks.append(RLTask.new(bridge, {"params": bridge.options.params}))
	return tasks


func _init(bridge: RLBridge, entry: Dictionary) -> void:
	name = str(entry.get("name", ""))
	weight = entry.get("weight", 1.0)
	params = entry.get("params", {})
	scenario = bridge.scenario_name
	arena_scene = bridge.arena_scene
	action_repeat = bridge.action_repeat


## For the arena: let every one of its agents see which task it plays.
static func show_to(agent: RLAgent, task: int, names: PackedStringArray) -> void:
	var sensor := RLTaskSensor.new()
	sensor.task = task
	sensor.names = names
	agent.add_child(sensor)


## For the bridge: an arena of this task, with its parameters; mistakes are added to `problems`.
func make_arena(problems: PackedStringArray) -> RLArenaCore:
	var root := arena_scene.instantiate() if arena_scene != null else null
	var arena := RLArenaCore.of(root) if root != null else null
	if arena == null:
		problems.append(_say("RLBridge.arena_scene is not a scene whose root extends RLArena or RLArena2D"))
		if root != null:
			root.free()
		return null
	arena.params = arena.params.duplicate() as RLParams if arena.params != null else RLParams.new()
	var mistakes := arena.params.apply(params)
	for mistake: String in mistakes:
		problems.append(_say(mistake))
	if mistakes.is_empty():
		return arena
	root.free()
	return null


# The arena of another main scene, as its bridge says.
func _take_scene(path: String) -> String:
	var scene := load(path) as PackedScene if ResourceLoader.exists(path) else null
	if scene == null:
		return "there is no scene %s" % path
	var root := scene.instantiate()
	var bridge := _bridge_in(root)
	var problem := "" if bridge != null else "%s has no RLBridge" % path
	if bridge != null:
		scenario = bridge.scenario_name
		arena_scene = bridge.arena_scene
		action_repeat = bridge.action_repeat
	root.free()
	return problem


func _bridge_in(root: Node) -> RLBridge:
	if root is RLBridge:
		return root as RLBridge
	var found := root.find_children("*", "RLBridge", true, false)
	return found[0] as RLBridge if not found.is_empty() else null


func _say(problem: String) -> String:
	return problem if name == "" else "task '%s': %s" % [name, problem]
