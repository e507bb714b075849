@tool
@icon("res://addons/spacetime_rl/icons/bridge.svg")
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
# Without a window, so that a tick is at most a fraction of its length late.
const _FRAMES_A_TICK := 8

## One arena; its root has a script that extends RLArena, or RLArena2D.
@export var arena_scene: PackedScene:
	set(scene):
		arena_scene = scene
		update_configuration_warnings()
## Name under which runs of this scene are recorded.
@export var scenario_name := ""
## Physics ticks a decision lasts, unless the launch says otherwise.
@export_range(1, 90) var action_repeat := 8
## Where a person looks from at first: the scene's camera, behind the agent's body, or out of its eyes. In 2D, both
## others than the scene's follow the body.
@export_enum("scene", "behind", "eyes") var view := "scene"
## Tab lets a person who plays an agent play the next one instead. Without it tab only looks at the next agent.
@export var tab_takes_over := false
## Lay the agent's rewards and the keys over the picture, and look at it from `view`, when nobody trains the scene. Off
## for a game that players get: it has its own camera, and Esc is its own key.
@export var watch := true

var options := RLOptions.from_command_line()
var roster: RLRoster
## Who decides for which agents.
var assignment: RLAssignment
var stages: Array[RLStage] = []
## Ticks in a second of game time.
var physics_hz := 0
## Ticks in a second before this bridge set the pace.
var project_hz := 0
## Oracles from outside the project, which watch recorded episodes.
var oracle_scripts: Array[GDScript] = []
## The connection to a training that a person's game has found, and what it said first; see RLAttach.
var peer: RLPeer
var greeting: Dictionary = {}
## Where the time goes; null unless somebody asked.
var profile: RLProfile
## Load the scene anew after the running decision of a training; its episodes are cut off, and the training goes on.
var begins_anew := false

var _schedule := RLSchedule.new()
var _builder: RLBuilder
var _session: RLSession
var _ticks_to_decision := 1
var _problems: PackedStringArray = []


func _enter_tree() -> void:
	if not Engine.is_editor_hint():
		add_to_group(RLOptions.BRIDGE_GROUP)


func _ready() -> void:
	if Engine.is_editor_hint():
		set_physics_process(false)
		return
	if RLHandOver.is_left():
		RLHandOver.restore_launch(self)
	var port := RLAttach.port_of(options)
	if port > 0 and peer == null:
		set_physics_process(false)
		await RLAttach.meet(self, port)
		set_physics_process(true)
	_set_up()


func _set_up() -> void:
	if options.listen > 0:
		options.port = options.listen
		options.viz = "1"
	process_physics_priority = _LAST
	_set_engine_pace()
	if options.action_repeat > 0:
		action_repeat = options.action_repeat
	_problems.append_array(options.problems)
	_schedule.max_ticks = options.episode_steps * action_repeat
	_schedule.monitor = options.monitor
	_schedule.observe_performance = options.observe_performance
	_schedule.penalise_performance = options.penalise_performance
	_schedule.novelty = options.novelty
	_schedule.reward_scripts = RLRewardScript.load_all(options.reward_scripts, _problems)
	oracle_scripts = RLOracleScript.load_all(options.oracle_scripts, _problems)
	renumber(options.env_seed, 0, 0)
	_build()
	if RLHandOver.is_left():
		RLHandOver.continue_schedule(_schedule, stages)
	if _problems.is_empty():
		roster = RLRoster.new(stages, _schedule.task_names)
		options.action_repeat = action_repeat
		options.physics_hz = physics_hz
		assignment = RLAssignment.new(roster, options)
		_problems.append_array(roster.problems + assignment.problems)
	if _problems.is_empty() and is_watched():
		var watching := RLWatch.new(self) if watch or options.port > 0 else null
		if watching != null:
			add_child(watching)
		RLPolicyDebugger.add_to(self, watching)
		if options.viz == "max":
			add_child(RLFewPictures.new())
		if options.film != "":
			add_child(RLFilm.new(options.film, options.film_every, options.film_as_png))


func _physics_process(delta: float) -> void:
	if profile != null:
		profile.start()
	for stage: RLStage in stages:
		stage.present.advance(delta)
	if roster != null and roster.trace != null:
		var since_usec := RLMonitor.now_usec()
		roster.trace.advance(delta)
		RLMonitor.leave_out(RLMonitor.now_usec() - since_usec)
	if profile != null:
		profile.stop(&"rewards")
	_ticks_to_decision -= 1
	if _ticks_to_decision > 0:
		if assignment != null:
			assignment.advance()
		return
	_ticks_to_decision = action_repeat
	if _session == null:
		_open_session()
	var from_usec := RLMonitor.now_usec()
	if begins_anew and _session.owes_state() and RLFaults.message() == "":
		RLHandOver.leave(self, _session, _schedule)
		return
	if not _session.over and RLFaults.message() == "":
		_session.exchange()
	RLMonitor.leave_out(RLMonitor.now_usec() - from_usec)
	if RLFaults.message() != "":
		_session.fail(RLFaults.message())
		_quit(RLFaults.EXIT_CODE)
	elif _session.over:
		_quit(_session.exit_code)


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Everything the Python side has to know before the first step: its `GameSpec`.
func describe() -> Dictionary:
	var described := {
		"scenario": scenario_name,
		"arenas": stages.size(),
		"physics_hz": physics_hz,
		"action_repeat": action_repeat,
		"groups": roster.describe(),
		"params": stages[0].lead().params.to_dict(),
		"tasks": _builder.describe_tasks(roster),
		"wire": RLBinarySession.WIRE,
	}
	var teams := RLTeam.describe(stages[0].lead().root)
	if not teams.is_empty():
		described["teams"] = teams
	return described


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


## A person looks at the only arena, or at the first of those that are trained, in a window.
func is_watched() -> bool:
	var alone := (options.port == 0 or options.watched) and options.arenas == 1
	return (alone or options.viz != "") and DisplayServer.get_name() != "headless"


## For a session: measure where the time goes from now on, or no longer.
func set_profile(to: RLProfile) -> void:
	profile = to
	roster.profile = to


func _set_engine_pace() -> void:
	Engine.max_physics_steps_per_frame = ceili(_STEPS_WHEN_WATCHED * options.speedup) if is_watched() else 1
	Engine.physics_jitter_fix = 0.0
	if project_hz == 0:
		project_hz = Engine.physics_ticks_per_second
	physics_hz = options.physics_hz if options.physics_hz > 0 else project_hz
	# More ticks in a second of the wall clock, each as long as before in game time.
	Engine.physics_ticks_per_second = roundi(physics_hz * options.speedup)
	Engine.time_scale = options.speedup
	if options.port > 0:
		# A frame without a window sleeps 6.9 ms otherwise, unless it runs under --fixed-fps, where it never sleeps.
		OS.low_processor_usage_mode_sleep_usec = maxi(1, roundi(1e6 / _FRAMES_A_TICK / Engine.physics_ticks_per_second))


func _build() -> void:
	_builder = RLBuilder.new(self, _schedule, _problems)
	_builder.build()
	stages = _builder.stages
	action_repeat = _builder.action_repeat


func _open_session() -> void:
	if options.port == 0:
		_session = RLHandshake.local(self, _problems)
	elif options.listen > 0 and not RLHandOver.is_left():
		_session = RLHandshake.with_clients(self, _problems)
	elif RLHandOver.is_left():
		_session = RLHandOver.take(self, _problems)
	else:
		_session = RLHandshake.with_peer(self, _problems)


func _quit(code: int) -> void:
	set_physics_process(false)
	if peer != null and RLFaults.message() == "":
		RLAttach.look_again(self, project_hz)
	else:
		get_tree().quit(code)
