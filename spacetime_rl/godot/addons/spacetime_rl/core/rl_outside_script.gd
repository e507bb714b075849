class_name RLOutsideScript
## Loads a user's own script that lies outside of the project.

const _STRICTNESS := "debug/gdscript/warnings/enable"


## The script at a path; null where there is none or it does not load. A project may treat warnings as errors; a user's
## script need not be written for that.
static func load_from(path: String) -> GDScript:
	if not FileAccess.file_exists(path):
		return null
	var strict: Variant = ProjectSettings.get_setting(_STRICTNESS)
	_set_strictness(false)
	var script := load(path) as GDScript
	_set_strictness(strict)
	return script


static func _set_strictness(value: Variant) -> void:
	ProjectSettings.set_setting(_STRICTNESS, value)
	# GDScript reads its settings on this signal. The engine would emit it a frame later, after the script has loaded.
	ProjectSettings.settings_changed.emit()
