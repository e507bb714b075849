class_name RLBridge
extends Node
## Connects a scene to the Python side and keeps both in lock-step: one in the main scene, naming the arena scene.
##
## With `--port` it builds the arenas, shakes hands and then, every `action_repeat` ticks, sends the state and waits
## for actions. It waits inside the physics tick, so game time stands still. Without `--port` the scene plays itself.

## Exit code when nobody listens on the port.
const NOT_CONNECTED := 5

const _LAST := 1 << 20
# A window draws as often as it can: then several ticks of game time pass between two pictures.
const _STEPS_WHEN_WATCHED := 12

## One arena; its root has a script that extends RLArena.
@export var arena_scene: PackedScene
## Name under which runs of this scene are recorded.
@export var scenario_name := ""
## Physics ticks a decision lasts, unless the launch says otherwise.
@export_range(1, 90) var action_repeat := 8
## Where a person looks from at first: the scene's camera, behind the agent's body, or out of its eyes.
@export_enum("scene", "behind", "eyes") var view := "scene"

var options := RLOptions.from_command_line()
var roster: RLRoster
var stages: Array[RLStage] = []
## Ticks in a second of game time.
var physics_hz := 0
## Where the time goes; null unless somebody asked.
var profile: RLProfile

var _schedule := RLSchedule.new()
var _tasks: Array[RLTask] = []
var _session: RLSession
var _ticks_to_decision := 1
var _problems: PackedStringArray = []


func _enter_tree() -> void:
	add_to_group(RLOptions.BRIDGE_GROUP)


func _ready() -> void:
	process_physics_priority = _LAST
	_set_engine_pace()
	if options.action_repeat > 0:
		action_repeat = options.action_repeat
	_problems.append_array(options.problems)
	_schedule.max_ticks = options.episode_steps * action_repeat
	_schedule.reward_scripts = RLRewardScript.load_all(options.reward_scripts, _problems)
	renumber(options.env_seed, 0, 0)
	_take_tasks()
	_build_stages()
	if _problems.is_empty():
		roster = RLRoster.new(stages, _schedule.task_names)
		_problems.append_array(roster.problems)
		_script_agents()
		_seat_human()
	if _problems.is_empty() and is_watched():
		add_child(RLWatch.new(self))


func _physics_process(delta: float) -> void:
	if profile != null:
		profile.start()
	for stage: RLStage in stages:
		stage.present.advance(delta)
	if profile != null:
		profile.stop(&"rewards")
	_ticks_to_decision -= 1
	if _ticks_to_decision > 0:
		return
	_ticks_to_decision = action_repeat
	if _session == null:
		_open_session()
	if not _session.over and RLFaults.message() == "":
		_session.exchange()
	if RLFaults.message() != "":
		_session.fail(RLFaults.message())
		_quit(RLFaults.EXIT_CODE)
	elif _session.over:
		_quit(_session.exit_code)


func _get_configuration_warnings() -> PackedStringArray:
	return [] if arena_scene != null else ["Set arena_scene to a scene whose root extends RLArena."]


## Everything the Python side has to know before the first step: its `GameSpec`.
func describe() -> Dictionary:
	return {
		"scenario": scenario_name,
		"arenas": stages.size(),
		"physics_hz": physics_hz,
		"action_repeat": action_repeat,
		"groups": roster.describe(),
		"params": stages[0].lead().params.to_dict(),
		"tasks": _describe_tasks(),
		"wire": RLBinarySession.WIRE,
	}


## Number the episodes that begin from now on. A stride of 0 is the number of arenas.
func renumber(seed_value: int, first_episode: int, stride: int) -> void:
	_schedule.seed_value = seed_value
	_schedule.first_episode = first_episode
	_schedule.stride = stride if stride > 0 else options.arenas
	for stage: RLStage in stages:
		stage.restart_count()


## Set parameters for the episodes to come. Returns one sentence for each mistake; with a mistake nothing is set.
func configure(values: Dictionary) -> PackedStringArray:
	if not _schedule.task_names.is_empty():
		return ["the parameters of tasks can be set at launch only"]
	var params := stages[0].lead().params.duplicate() as RLParams
	var problems := params.apply(values, true)
	if problems.is_empty():
		_schedule.set_params(values)
	return problems


## A person looks at the only arena, in a window.
func is_watched() -> bool:
	var alone := options.port == 0 or options.watched
	return alone and options.arenas == 1 and DisplayServer.get_name() != "headless"


## For a session: measure where the time goes from now on, or no longer.
func set_profile(to: RLProfile) -> void:
	profile = to
	roster.profile = to


func _set_engine_pace() -> void:
	Engine.max_physics_steps_per_frame = _STEPS_WHEN_WATCHED if is_watched() else 1
	Engine.physics_jitter_fix = 0.0
	physics_hz = options.physics_hz if options.physics_hz > 0 else Engine.physics_ticks_per_second
	# More ticks in a second of the wall clock, each as long as before in game time.
	Engine.physics_ticks_per_second = roundi(physics_hz * options.speedup)
	Engine.time_scale = options.speedup
	if options.port > 0:
		# A frame without a window sleeps 6.9 ms otherwise, unless it runs under --fixed-fps.
		OS.low_processor_usage_mode_sleep_usec = 1


func _take_tasks() -> void:
	_tasks = RLTask.load_all(self, _problems)
	if not options.tasks.is_empty():
		for task: RLTask in _tasks:
			_schedule.task_names.append(task.name)
			_schedule.task_weights.append(task.weight)
	var played := _tasks.filter(func(task: RLTask) -> bool: return task.weight > 0.0)
	if played.is_empty():
		_problems.append("no task has a weight above 0")
		return
	if _shares_world() and played.size() > 1:
		_problems.append("this scene shows one task only: give the others a weight of 0")
	var first: RLTask = played[0]
	for task: RLTask in played:
		if options.action_repeat == 0 and task.action_repeat != first.action_repeat:
			_problems.append(
				(
					"a decision lasts %d ticks in task '%s' and %d in task '%s': set action_repeat for all"
					% [first.action_repeat, first.name, task.action_repeat, task.name]
				)
			)
	if options.action_repeat == 0:
		action_repeat = first.action_repeat


func _build_stages() -> void:
	for i: int in options.arenas:
		var arenas: Array[RLArena] = []
		for task: RLTask in _tasks:
			arenas.append(task.make_arena(_problems) if task.weight > 0.0 else null)
		var made := arenas.filter(func(arena: RLArena) -> bool: return arena != null)
		if not _problems.is_empty():
			for arena: RLArena in made:
				arena.free()
			return
		for arena: RLArena in made:
			arena.task = arenas.find(arena)
			_world_for(arena, i).add_child(arena)
			arena.build(i, _schedule)
		stages.append(RLStage.new(arenas, _schedule))


func _describe_tasks() -> Array[Dictionary]:
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


func _script_agents() -> void:
	for policy: String in options.scripted:
		if not roster.groups.has(StringName(policy)):
			var known := ", ".join(PackedStringArray(roster.groups.keys()))
			_problems.append("--scripted=%s: no such policy; there are %s" % [policy, known])
	for stage: RLStage in stages:
		for arena: RLArena in stage.played_arenas():
			var cast := stage.cast_of(arena)
			for i: int in cast.size():
				cast[i].scripted = stage.lead().agents[i].policy_name in options.scripted


## The agent whose actions a person gives: as asked, or the first one of a scene that plays locally.
func _seat_human() -> void:
	var local := options.port == 0 and options.control != "heuristic"
	if not (local or options.has_human):
		return
	for agent: RLAgent in roster.agents:
		if options.human in ["", String(agent.agent_name)]:
			agent.human = true
			return
	var names := roster.agents.map(func(agent: RLAgent) -> String: return String(agent.agent_name))
	_problems.append("--human=%s: no such agent; there are %s" % [options.human, ", ".join(names)])


## Where an arena lives: its own physics world, or this scene's when a person watches a single one.
func _world_for(arena: RLArena, place: int) -> Node:
	if _shares_world():
		return self
	var viewport := SubViewport.new()
	viewport.name = "Arena%d_%d" % [place, arena.task]
	viewport.own_world_3d = true
	viewport.size = Vector2i(2, 2)
	viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	viewport.gui_disable_input = true
	add_child(viewport)
	arena.name = "Arena"
	return viewport


# The only arena stands in this scene, for somebody to look at.
func _shares_world() -> bool:
	return options.arenas == 1 and (options.port == 0 or is_watched())


func _open_session() -> void:
	if options.port == 0:
		_session = RLHandshake.local(self, _problems)
	else:
		_session = RLHandshake.with_peer(self, _problems)


func _quit(code: int) -> void:
	set_physics_process(false)
	get_tree().quit(code)
