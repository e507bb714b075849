@tool
extends EditorPlugin
## Enabling the plugin adds the RLBoot autoload, which ends a training process on a script error instead of going on.

const BOOT := "RLBoot"


func _enable_plugin() -> void:
	add_autoload_singleton(BOOT, "res://addons/spacetime_rl/core/rl_boot.gd")


func _disable_plugin() -> void:
	remove_autoload_singleton(BOOT)
