extends Node
## Autoload: watches for errors before the main scene loads, and ends a training process whose scene has no bridge.
##
## It depends on nothing that could fail to compile together with a game's scripts.

const FRAMES_TO_WAIT := 2

var _frames := 0


func _init() -> void:
	var custom_main_loop := Engine.get_main_loop() != null and Engine.get_main_loop().get_script() != null
	if not custom_main_loop and not EngineDebugger.is_active():
		RLFaults.install()


func _process(_delta: float) -> void:
	_frames += 1
	if _frames < FRAMES_TO_WAIT:
		return
	set_process(false)
	if RLOptions.from_command_line().port > 0 and get_tree().get_first_node_in_group(RLOptions.BRIDGE_GROUP) == null:
		push_error("--port was given, but the scene has no RLBridge node: nothing would ever connect")
