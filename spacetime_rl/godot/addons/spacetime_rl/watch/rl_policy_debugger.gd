class_name RLPolicyDebugger
extends Node
## F3 shows what a policy in the game sees and decides. Closed, it only waits for that key.

var _bridge: RLBridge
var _watch: RLWatch
var _agent: RLAgent
# The probed controller; null while closed, or where no policy plays the agent.
var _controller: RLPolicyController
var _sheet: RLPolicySheet


## For the bridge: nothing is added to a game whose policies play elsewhere, nor to what players get of a game.
static func add_to(bridge: RLBridge, watch: RLWatch) -> void:
	var is_for_players := watch == null and not OS.is_debug_build()
	if not is_for_players and not _played_by_policies(bridge).is_empty() and bridge.options.film == "":
		bridge.add_child(RLPolicyDebugger.new(bridge, watch))


## `watch` is null in a game that shows nothing but itself.
func _init(bridge: RLBridge, watch: RLWatch) -> void:
	_bridge = bridge
	_watch = watch
	name = "PolicyDebugger"


func _ready() -> void:
	set_process(false)


func is_open() -> bool:
	return _sheet != null


func _input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key == null or not key.pressed or key.echo:
		return
	match key.physical_keycode:
		KEY_F3:
			if is_open():
				close()
			else:
				open()
		KEY_TAB when is_open() and _watch == null:
			_look_at(_next())
		KEY_PAGEDOWN when is_open():
			_sheet.scroll(1)
		KEY_PAGEUP when is_open():
			_sheet.scroll(-1)
		_:
			return
	get_viewport().set_input_as_handled()


func _process(_delta: float) -> void:
	if _watch != null and _watch.agent != _agent:
		_look_at(_watch.agent)


## Show the agent that is watched, or the first one that a policy plays.
func open() -> void:
	_sheet = RLPolicySheet.new()
	add_child(_sheet)
	_look_at(_watch.agent if _watch != null else _next())
	set_process(true)


func close() -> void:
	set_process(false)
	_let_go()
	_agent = null
	_sheet.queue_free()
	_sheet = null


func _look_at(agent: RLAgent) -> void:
	_let_go()
	_agent = agent
	_controller = agent.controller as RLPolicyController
	if _controller != null:
		_controller.probe = RLPolicyProbe.new(agent, _controller.policy)
	var is_own := _controller != null and agent.policy == _controller.policy
	var ticks := _bridge.action_repeat * (agent.policy_period if is_own else 1)
	var keys := "tab: next agent   page up / down: scroll   F3: close"
	_sheet.show_agent(agent, _controller, float(_bridge.physics_hz) / ticks, keys)


func _let_go() -> void:
	if _controller != null:
		_controller.probe = null
	_controller = null


func _next() -> RLAgent:
	var agents := _played_by_policies(_bridge)
	return agents[(agents.find(_agent) + 1) % agents.size()]


static func _played_by_policies(bridge: RLBridge) -> Array[RLAgent]:
	return bridge.roster.agents.filter(func(agent: RLAgent) -> bool: return agent.controller is RLPolicyController)
