@tool
class_name RLDock
extends VBoxContainer
## The panel in the editor: agents, spaces and mistakes of the open scene; training; policies into the game.

const COMMAND_SETTING := "spacetime_rl/command"

const _NO_PROGRAM := (
	"spacetime-rl is not there. Install it into a virtual environment .venv beside the project, or name the program "
	+ "in Editor Settings, Spacetime Rl, Command."
)
const _NO_AGENTS := "None in this scene. Those that a script adds are known when the game runs."
const _OWN_SETTINGS := "this project, default settings"
# Pixels of the list and of the log, at least.
const _LEAST_HEIGHT := 140

## The folder of the project.
var project := ProjectSettings.globalize_path("res://").trim_suffix("/")
## The program that the user has named; "" to look for it.
var program_setting := ""
## The run whose policies are taken into the game; "" for the latest.
var run_id := ""
## Called with a node that the user wants to see.
var select := func(_node: Node) -> void: pass
## Called after files were written into the project.
var rescan := func() -> void: pass
## Called with the id of a run that has begun.
var remember := func(_run_id: String) -> void: pass

var _scene: Node
var _training := RLChildProcess.new()
var _export := RLChildProcess.new()

var _list := Tree.new()
var _choice := OptionButton.new()
var _train := Button.new()
var _stop := Button.new()
var _progress := ProgressBar.new()
var _take := Button.new()
var _status := Label.new()
var _log := RichTextLabel.new()


func _init() -> void:
	name = "SpaceTime RL"
	custom_minimum_size.x = 260.0
	_list.hide_root = true
	_list.custom_minimum_size.y = _LEAST_HEIGHT
	_list.size_flags_vertical = SIZE_EXPAND_FILL
	_list.item_selected.connect(_select_chosen)
	_choice.tooltip_text = "What is trained: YAML files in the project's folder, or beside it, that name a project."
	_choice.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	_choice.clip_text = true
	_train.text = "Train"
	_train.size_flags_horizontal = SIZE_EXPAND_FILL
	_train.tooltip_text = "Start `spacetime-rl train` for this project. The saved files count."
	_train.pressed.connect(train)
	_stop.text = "Stop"
	_stop.size_flags_horizontal = SIZE_EXPAND_FILL
	_stop.tooltip_text = "Save a checkpoint and end the training. A second time: end it now."
	_stop.pressed.connect(stop)
	_take.text = "Take policies into the game"
	_take.tooltip_text = "Write the latest policies of the last training to res://policies/."
	_take.pressed.connect(take_policies)
	_progress.max_value = 1.0
	_progress.step = 0.001
	_status.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_log.custom_minimum_size.y = _LEAST_HEIGHT
	_log.size_flags_vertical = SIZE_EXPAND_FILL
	_log.scroll_following = true
	_log.selection_enabled = true
	_log.focus_mode = Control.FOCUS_CLICK


func _ready() -> void:
	add_child(_list)
	add_child(_choice)
	var buttons := HBoxContainer.new()
	buttons.add_child(_train)
	buttons.add_child(_stop)
	add_child(buttons)
	add_child(_progress)
	add_child(_take)
	add_child(_status)
	add_child(_log)
	_list_configurations()
	_update()
	set_process(false)


func _process(_delta: float) -> void:
	var had := [_training.is_running(), _export.is_running()]
	for line: String in _training.read_lines():
		_show_line(line)
	for line: String in _export.read_lines():
		_log.add_text(line + "\n")
	if had[0] and not _training.is_running():
		_status.text = _ending_of("The training", _training.exit_code)
	if had[1] and not _export.is_running():
		_status.text = _ending_of("Taking the policies", _export.exit_code)
		if _export.exit_code == 0:
			_status.text = "The policies are in res://policies/: set them as the policy of their RLAgents."
			rescan.call()
	if not is_busy():
		set_process(false)
	_update()


## Show the agents and the mistakes of a scene; null for none.
func show_scene(root: Node) -> void:
	_scene = root
	_list.clear()
	var top := _list.create_item()
	var mistakes := RLSceneSummary.mistakes_in(root)
	if not mistakes.is_empty():
		var heading := _add(top, "Mistakes (%d)" % mistakes.size())
		for mistake: RLSceneSummary.Mistake in mistakes:
			_add(heading, mistake.text, mistake.node).set_autowrap_mode(0, TextServer.AUTOWRAP_WORD_SMART)
	var agents := RLSceneSummary.agents_in(root)
	var names := _add(top, "Agents (%d)" % agents.size())
	if agents.is_empty():
		_add(names, _NO_AGENTS).set_autowrap_mode(0, TextServer.AUTOWRAP_WORD_SMART)
	for agent: RLSceneSummary.AgentEntry in agents:
		var item := _add(names, agent.title, agent.node)
		for part: String in agent.parts:
			_add(item, part)
		item.collapsed = agents.size() > 2


## Start a training.
func train() -> void:
	var program := RLTraining.find_program(program_setting, project)
	var chosen := _choice.get_item_metadata(_choice.selected) as String
	run_id = RLTraining.new_run_id(project)
	_log.clear()
	_progress.value = 0.0
	var command := RLTraining.train_command(program, project, chosen, _scene_to_train(), run_id, _results())
	# Paths in a configuration begin at the folder where the command runs.
	_start(_training, chosen.get_base_dir() if chosen != "" else project, command)
	remember.call(run_id)


## Ask the training to save and end.
func stop() -> void:
	_training.stop()
	_status.text = "The training saves a checkpoint and ends."


## Take the policies of the last run into the game.
func take_policies() -> void:
	var program := RLTraining.find_program(program_setting, project)
	var run := run_id if run_id != "" else "latest"
	_start(_export, project, RLTraining.export_command(program, project, run, _results()))


## Whether a program of the dock is running.
func is_busy() -> bool:
	return _training.is_running() or _export.is_running()


## What the log shows.
func log_text() -> String:
	return _log.get_parsed_text()


## The editor ends: end what still runs.
func end() -> void:
	_training.stop()


static func _ending_of(what: String, exit_code: int) -> String:
	return "%s has ended." % what if exit_code == 0 else "%s failed, exit code %d: see the log." % [what, exit_code]


func _start(process: RLChildProcess, folder: String, command: PackedStringArray) -> void:
	_status.text = ""
	_log.add_text("$ %s\n" % " ".join(command))
	if not process.start(folder, command):
		_log.add_text("it could not be started\n")
	set_process(true)
	_update()


# In the project, where a person who types the commands there has them, too. The package keeps Godot out of it.
func _results() -> String:
	return project.path_join("results")


# The open scene if it can be trained; otherwise the project's main scene.
func _scene_to_train() -> String:
	var is_own := _scene != null and not _scene.find_children("*", "RLBridge", true, false).is_empty()
	return _scene.scene_file_path if is_own else ""


func _show_line(line: String) -> void:
	_log.add_text(RLTraining.described(line) + "\n")
	var done := RLTraining.share_done(line)
	if done >= 0.0:
		_progress.value = done


func _update() -> void:
	var program := RLTraining.find_program(program_setting, project)
	_train.disabled = program == "" or _training.is_running()
	_stop.disabled = not _training.is_running()
	_take.disabled = program == "" or _export.is_running()
	_choice.disabled = _training.is_running()
	_progress.visible = _training.is_running()
	if program == "":
		_status.text = _NO_PROGRAM
	elif _status.text == _NO_PROGRAM:
		_status.text = ""
	_status.visible = _status.text != ""


func _list_configurations() -> void:
	_choice.clear()
	_choice.add_item(_OWN_SETTINGS)
	_choice.set_item_metadata(0, "")
	for path: String in RLTraining.configurations(project):
		_choice.add_item(path.get_file())
		_choice.set_item_metadata(-1, path)
		_choice.select(_choice.item_count - 1)


func _add(parent: TreeItem, text: String, node: Node = null) -> TreeItem:
	var item := parent.create_child()
	item.set_text(0, text)
	item.set_tooltip_text(0, text)
	item.set_metadata(0, node)
	return item


func _select_chosen() -> void:
	var node: Variant = _list.get_selected().get_metadata(0)
	if is_instance_valid(node):
		select.call(node)
