@tool
extends EditorPlugin
## Enabling the plugin adds the RLBoot autoload, which ends a training process on a script error instead of going on.
##
## In the editor, the inspector shows what is wrong with a node of the addon, `.onnx` files become policies, and a dock
## trains the project.

const BOOT := "RLBoot"
const Inspector := preload("res://addons/spacetime_rl/editor/rl_inspector.gd")
const PolicyImporter := preload("res://addons/spacetime_rl/editor/rl_policy_importer.gd")

var _inspector := Inspector.new()
var _importer := PolicyImporter.new()
var _dock: RLDock


func _enter_tree() -> void:
	print("SpaceTime RL %s: the plugin is enabled" % get_plugin_version())
	add_inspector_plugin(_inspector)
	add_import_plugin(_importer)
	_add_dock()


func _exit_tree() -> void:
	remove_inspector_plugin(_inspector)
	remove_import_plugin(_importer)
	_dock.end()
	remove_control_from_docks(_dock)
	_dock.queue_free()


func _enable_plugin() -> void:
	add_autoload_singleton(BOOT, "res://addons/spacetime_rl/core/rl_boot.gd")


func _disable_plugin() -> void:
	remove_autoload_singleton(BOOT)


func _add_dock() -> void:
	var settings := EditorInterface.get_editor_settings()
	if not settings.has_setting(RLDock.COMMAND_SETTING):
		settings.set_setting(RLDock.COMMAND_SETTING, "")
	settings.add_property_info({"name": RLDock.COMMAND_SETTING, "type": TYPE_STRING, "hint": PROPERTY_HINT_GLOBAL_FILE})
	_dock = RLDock.new()
	_dock.run_id = settings.get_project_metadata("spacetime_rl", "run", "")
	_dock.remember = func(run_id: String) -> void: settings.set_project_metadata("spacetime_rl", "run", run_id)
	_dock.select = EditorInterface.edit_node
	_dock.rescan = func() -> void: EditorInterface.get_resource_filesystem().scan()
	add_control_to_dock(DOCK_SLOT_RIGHT_BL, _dock)
	scene_changed.connect(_dock.show_scene)
	get_undo_redo().version_changed.connect(_show_open_scene)
	_show_open_scene()


func _show_open_scene() -> void:
	_dock.program_setting = EditorInterface.get_editor_settings().get_setting(RLDock.COMMAND_SETTING)
	_dock.show_scene(EditorInterface.get_edited_scene_root())
