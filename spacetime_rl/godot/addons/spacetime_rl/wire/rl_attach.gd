class_name RLAttach
## Connects a game that a person started to a training that waits for one, and takes the options of its launch there.
##
## F5 in the editor looks once at the usual port. With `--attach` the game waits for a training, and for the next one.

## Project setting: the port that a game looks at when it is run from the editor; 0 for none.
const PORT_SETTING := "spacetime_rl/attach_port"

# A refusal comes at once; only some systems try for longer.
const _LOOK_MSEC := 200
const _WAIT_S := 0.5
# What a training may set. Files are not among them: nobody who can only reach a port names a script to run.
const _ACCEPTED: Array[String] = [
	"env_seed",
	"action_repeat",
	"episode_steps",
	"arenas",
	"physics_hz",
	"speedup",
	"params",
	"tasks",
	"novelty",
	"control",
	"scripted",
	"nan_asks_script",
	"viz",
	"monitor",
	"observe_performance",
	"penalise_performance",
]

## The port that somebody asked for over HTTP; 0 for none, -1 where nobody did.
static var asked := -1


## The port on which this process looks for a training; 0 for none.
static func port_of(options: RLOptions) -> int:
	if asked >= 0:
		return asked
	if options.attach > 0:
		return options.attach
	if options.given or not EngineDebugger.is_active() or not OS.has_feature("editor"):
		return 0
	var port: int = ProjectSettings.get_setting(PORT_SETTING, RLOptions.USUAL_PORT)
	return port


## Wait until a training has said what it wants, and write that into the bridge's options. Without `--attach`, a game
## that finds nobody plays by itself at once.
static func meet(bridge: RLBridge, port: int) -> void:
	var options := bridge.options
	var tree := bridge.get_tree()
	# Another scene may be loaded meanwhile, and the bridge go with its own.
	while is_instance_valid(bridge) and bridge.is_inside_tree():
		var peer := RLPeer.new()
		if peer.open_within(options.host, port, _LOOK_MSEC):
			while not peer.has_more():
				await tree.process_frame
			if not is_instance_valid(bridge):
				peer.close()
				return
			var greeting := peer.read_json()
			if not peer.closed:
				_take(options, greeting)
				options.port = port
				bridge.peer = peer
				bridge.greeting = greeting
				print("SpaceTime RL: played by the training on %s:%d" % [options.host, port])
				return
		if options.attach == 0 and asked <= 0:
			return
		await tree.create_timer(_WAIT_S).timeout


## Begin anew, for the next one who plays this game.
static func look_again(bridge: RLBridge, project_hz: int) -> void:
	bridge.peer.close()
	Engine.physics_ticks_per_second = project_hz
	Engine.time_scale = 1.0
	var error := bridge.get_tree().reload_current_scene()
	if error != OK:
		push_error("the scene cannot be loaded again for the next training: %s" % error_string(error))
		bridge.get_tree().quit(1)


static func _take(options: RLOptions, greeting: Dictionary) -> void:
	var wanted: Variant = greeting.get("options", [])
	if wanted is not Array:
		options.problems.append("the options of a handshake are a list, got: %s" % str(wanted).left(80))
		return
	for argument: Variant in wanted as Array:
		var text := str(argument)
		var name := text.get_slice("=", 0).trim_prefix("--")
		if name in _ACCEPTED and "=" in text:
			options.set_option(name, text.substr(text.find("=") + 1))
		else:
			options.problems.append("%s cannot be set in a game that you started yourself" % text.left(80))
