class_name RLWatch
extends Node
## Everything for a person before the window: which agent is looked at, from where, and the keys that change it.

# Films are small: the sheet would hide a quarter of the picture.
const _HUD_IN_FILMS := 0.6

## The agent whose rewards are shown and whom the camera follows.
var agent: RLAgent

var _bridge: RLBridge
var _camera: Node
var _hud := RLHud.new()


func _init(bridge: RLBridge) -> void:
	_bridge = bridge
	name = "Watch"
	agent = bridge.roster.agents[0]
	for other: RLAgent in bridge.roster.agents:
		if other.controller is RLHumanController:
			agent = other


## The keys that work in every game.
static func help(bridge: RLBridge) -> String:
	var tab := "play the next agent" if bridge.tab_takes_over else "next agent"
	return "tab: %s   V: view   H: help   esc: end" % tab


func _ready() -> void:
	_camera = _bridge.stages[0].lead().space.make_camera(_bridge.view)
	add_child(_camera)
	if _bridge.options.film == "" or _bridge.options.film_overlay:
		add_child(_hud)
	if _bridge.options.film != "":
		_hud.show_help(false)
		_hud.scale = Vector2.ONE * _HUD_IN_FILMS
	_look_at(agent)


func _input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if key == null or not key.pressed or key.echo:
		return
	match key.physical_keycode:
		KEY_ESCAPE:
			if _bridge.options.viz == "":
				get_tree().quit()
		KEY_TAB:
			var agents := _bridge.roster.agents.filter(_is_shown)
			var next: RLAgent = agents[(agents.find(agent) + 1) % agents.size()]
			if _bridge.tab_takes_over:
				_bridge.assignment.pass_person(agent, next)
			_look_at(next)
		KEY_V:
			_camera.call(&"change_view")
		KEY_H:
			_hud.show_help(not _hud.is_help_shown())


# Of several arenas, only the first is in the window.
func _is_shown(one: RLAgent) -> bool:
	return one.arena_core in _bridge.stages[0].arenas


func _look_at(at: RLAgent) -> void:
	agent = at
	_camera.call(&"follow", agent.get_parent())
	_hud.watch(_bridge, agent)
