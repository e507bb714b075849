@tool
extends EditorPlugin
## Enabling the plugin adds the RLBoot autoload, which ends a training process on a script error instead of going on.
##
## In the editor, the inspector shows what is wrong with a node of the addon, and `.onnx` files become policies.

const BOOT := "RLBoot"
const Inspector := preload("res://addons/spacetime_rl/editor/rl_inspector.gd")
const PolicyImporter := preload("res://addons/spacetime_rl/editor/rl_policy_importer.gd")

var _inspector := Inspector.new()
var _importer := PolicyImporter.new()


func _enter_tree() -> void:
	add_inspector_plugin(_inspector)
	add_import_plugin(_importer)


func _exit_tree() -> void:
	remove_inspector_plugin(_inspector)
	remove_import_plugin(_importer)


func _enable_plugin() -> void:
	add_autoload_singleton(BOOT, "res://addons/spacetime_rl/core/rl_boot.gd")


func _disable_plugin() -> void:
	remove_autoload_singleton(BOOT)
