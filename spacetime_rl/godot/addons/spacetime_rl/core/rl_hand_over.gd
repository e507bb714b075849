class_name RLHandOver
extends RefCounted
## What a bridge leaves to the bridge of its scene's next instance, when the scene is loaded anew during a training: the
## session with the peer, which sees its agents' episodes cut off and others begin.

static var _left: RLHandOver

var _options: RLOptions
var _peer: RLPeer
var _project_hz := 0
var _session: RLSession
var _spec: Dictionary
var _roster: RLRoster
var _schedule: RLSchedule


## The decision's ticks are over: cut off all episodes, and load the scene anew.
static func leave(bridge: RLBridge, session: RLSession, schedule: RLSchedule) -> void:
	var left := RLHandOver.new()
	left._options = bridge.options
	left._options.physics_hz = bridge.physics_hz
	left._peer = bridge.peer
	left._project_hz = bridge.project_hz
	left._session = session
	left._spec = bridge.describe()
	left._roster = bridge.roster
	left._schedule = schedule
	_left = left
	bridge.roster.cut_off()
	bridge.set_physics_process(false)
	bridge.get_tree().reload_current_scene()


## Whether there is something for the bridge of this scene.
static func is_left() -> bool:
	return _left != null


## How the game was launched, where a person started it and the options came over the wire.
static func restore_launch(bridge: RLBridge) -> void:
	bridge.options = _left._options
	bridge.peer = _left._peer
	bridge.project_hz = _left._project_hz


## Number episodes as the bridge before did. Call it before the first episode.
static func continue_schedule(schedule: RLSchedule, stages: Array[RLStage]) -> void:
	schedule.seed_value = _left._schedule.seed_value
	schedule.first_episode = _left._schedule.first_episode
	schedule.stride = _left._schedule.stride
	if not _left._schedule.params.is_empty():
		schedule.set_params(_left._schedule.params)
	for i: int in mini(stages.size(), _left._roster.stages.size()):
		stages[i].continue_count(_left._roster.stages[i])


## The session, which goes on with this bridge; begins its first episodes, and reports them with the last ones' ends.
static func take(bridge: RLBridge, problems: PackedStringArray) -> RLSession:
	var left := _left
	_left = null
	if problems.is_empty() and bridge.describe() != left._spec:
		problems.append("the scene was loaded anew, and its agents, spaces or parameters are not those of the training")
	if not problems.is_empty():
		left._session.fail("; ".join(problems))
		return left._session
	bridge.roster.begin_all()
	bridge.roster.observe_begun(left._roster)
	left._session.go_on_with(bridge)
	return left._session
