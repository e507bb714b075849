extends RLTest
## The project as a whole: every script and scene loads, with warnings as errors.


func test_every_scene_loads() -> void:
	for file: String in _files("res://", "tscn"):
		var scene: PackedScene = load(file)
		check(scene != null and scene.can_instantiate(), "%s does not load" % file)


func test_every_script_loads() -> void:
	for file: String in _files("res://", "gd"):
		var script: GDScript = load(file)
		check(script != null and script.can_instantiate(), "%s does not load" % file)


func _files(folder: String, extension: String) -> PackedStringArray:
	var files: PackedStringArray = []
	for file: String in DirAccess.get_files_at(folder):
		if file.get_extension() == extension:
			files.append(folder.path_join(file))
	for inner: String in DirAccess.get_directories_at(folder):
		files.append_array(_files(folder.path_join(inner), extension))
	return files
