@tool
extends EditorPlugin
## Enabling the plugin adds the RLBoot autoload, which ends a training process on a script error instead of going on.
##
## In the editor, the inspector shows what is wrong with a node of the addon.

const BOOT := "RLBoot"
const Inspector := preload("res://addons/spacetime_rl/editor/rl_inspector.gd")

var _inspector := Inspector.new()


func _enter_tree() -> void:
	add_inspector_plugin(_inspector)


func _exit_tree() -> void:
	remove_inspector_plugin(_inspector)


func _enable_plugin() -> void:
	add_autoload_singleton(BOOT, "res://addons/spacetime_rl/core/rl_boot.gd")


func _disable_plugin() -> void:
	remove_autoload_singleton(BOOT)
