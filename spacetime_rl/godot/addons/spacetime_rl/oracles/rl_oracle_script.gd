class_name RLOracleScript
## Oracles from outside the project: scripts that extend RLOracle, anywhere on the disk.


## The scripts at these paths; mistakes are added to `problems`.
static func load_all(paths: Array, problems: PackedStringArray) -> Array[GDScript]:
	var scripts: Array[GDScript] = []
	for path: String in paths:
		var script := RLOutsideScript.load_from(path)
		var problem := _problem_of(script, path)
		if problem == "":
			scripts.append(script)
		else:
			problems.append("oracle %s: %s" % [path, problem])
	return scripts


static func _problem_of(script: GDScript, path: String) -> String:
	if not FileAccess.file_exists(path):
		return "there is no such file"
	if script == null or not script.can_instantiate():
		return "it does not load"
	var made: Variant = script.new()
	if made is RLOracle:
		return ""
	if made is Node:
		(made as Node).free()
	return "expected a script that extends RLOracle"
