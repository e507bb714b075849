extends Node
## Autoload: in a process with options of ours, watches for errors before the main scene loads, and ends one whose
## scene has no bridge. A player's game goes on after an error, as any game does.
##
## It depends on nothing that could fail to compile together with a game's scripts.

const FRAMES_TO_WAIT := 2

const _STOCK_AGENTS := &"AGENT"

const _HTTP_SERVER := "res://addons/spacetime_rl/http/rl_http_server.gd"

var _frames := 0


func _init() -> void:
	var custom_main_loop := Engine.get_main_loop() != null and Engine.get_main_loop().get_script() != null
	if not custom_main_loop and not EngineDebugger.is_active():
		# First, so that it also sees that the options do not compile.
		RLFaults.install()
		if not RLOptions.from_command_line().given:
			RLFaults.remove()


func _ready() -> void:
	var arguments := OS.get_cmdline_args() + OS.get_cmdline_user_args()
	if RLHttpSettings.is_wanted(arguments):
		# Not by its class: it knows the classes of a game, which need not compile.
		var script: GDScript = load(_HTTP_SERVER)
		add_child(script.new() as Node)


func _process(_delta: float) -> void:
	_frames += 1
	if _frames < FRAMES_TO_WAIT:
		return
	set_process(false)
	if _looks_for_nobody() or get_tree().get_first_node_in_group(RLOptions.BRIDGE_GROUP) != null:
		return
	if get_tree().get_first_node_in_group(_STOCK_AGENTS) != null:
		# A game of the stock plugin, which has our addon for its policies. It goes on after an error.
		RLFaults.remove()
	else:
		push_error("--port was given, but the scene has no RLBridge node: nothing would ever connect")


func _looks_for_nobody() -> bool:
	var options := RLOptions.from_command_line()
	return options.port == 0 and options.listen == 0
