extends Node
## First autoload in our copy of a project that knows nothing of reinforcement learning: it seeds the dice before
## anything of the game runs, and brings the bridge. The project's own scenes and scripts stay what they are.

var _is_played := false


func _init() -> void:
	var options := RLOptions.from_command_line()
	_is_played = options.port > 0
	if _is_played:
		RLStandIn.begin(RLSchedule.seed_of(options.env_seed, options.first_episode))
		if options.unchanged.get("ends_at_errors", false):
			RLFaults.install()
		else:
			RLFaults.keep_errors()


# The window's size is set when it enters the tree, before this node does.
func _enter_tree() -> void:
	if _is_played:
		_open_window()


func _ready() -> void:
	process_mode = Node.PROCESS_MODE_ALWAYS  # the game may pause
	if _is_played:
		add_child(RLUnchangedBridge.new())


# A game without a window has one of 100 x 100 pixels, in which most controls are out of reach.
func _open_window() -> void:
	if DisplayServer.get_name() == "headless":
		var path := "display/window/size/viewport_%s"
		get_tree().root.size = Vector2i(
			ProjectSettings.get_setting(path % "width") as int, ProjectSettings.get_setting(path % "height") as int
		)
