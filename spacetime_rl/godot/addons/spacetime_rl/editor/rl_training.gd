@tool
class_name RLTraining
## The commands that the dock runs: `spacetime-rl train` and `spacetime-rl export` for this project.

const PROGRAM := "spacetime-rl"

const _ENVIRONMENTS: Array[String] = [".venv", "venv"]


## The program: the one that was set, one in a virtual environment in or beside the project, or one on the PATH.
## Empty if there is none.
static func find_program(wanted: String, project: String) -> String:
	if wanted != "":
		return wanted if FileAccess.file_exists(wanted) else ""
	var candidates: PackedStringArray = []
	for folder: String in [project, project.get_base_dir(), project.get_base_dir().get_base_dir()]:
		for environment: String in _ENVIRONMENTS:
			candidates.append(folder.path_join(environment).path_join("bin").path_join(PROGRAM))
	for folder: String in OS.get_environment("PATH").split(":", false):
		candidates.append(folder.path_join(PROGRAM))
	for candidate: String in candidates:
		if FileAccess.file_exists(candidate):
			return candidate
	return ""


## Configurations for this project, in its folder and in the one around it: YAML files that name a project.
static func configurations(project: String) -> PackedStringArray:
	var found: PackedStringArray = []
	for folder: String in [project, project.get_base_dir()]:
		for file: String in DirAccess.get_files_at(folder):
			var path := folder.path_join(file)
			if file.get_extension() in ["yaml", "yml"] and "project:" in FileAccess.get_file_as_string(path):
				found.append(path)
	return found


## A name for a run that begins now.
static func new_run_id(project: String) -> String:
	var time := Time.get_datetime_string_from_system().replace("-", "").replace(":", "").replace("T", "-")
	return "%s-%s" % [project.get_file().validate_filename().replace(" ", "_"), time]


## Train into the folder `results` with a configuration, or else the project as it is, beginning with `scene` ("" for
## its main scene).
static func train_command(
	program: String, project: String, configuration: String, scene: String, run_id: String, results: String
) -> PackedStringArray:
	# A progress line every few seconds instead of every ten.
	var command := PackedStringArray(["env", "SPACETIME_LINES_EVERY_S=2", program, "train"])
	if configuration != "":
		command.append(configuration)
	else:
		command.append_array(["--set", "game.project=%s" % project])
		if scene != "":
			command.append_array(["--set", "game.scene=%s" % scene])
	return command + PackedStringArray(["--run-id", run_id, "--results", results])


## Take the policies of a run into the project.
static func export_command(program: String, project: String, run_id: String, results: String) -> PackedStringArray:
	return [program, "export", run_id, "--into", project, "--results", results]


## A line of the output for a person. Progress lines become a sentence, others stay as they are.
static func described(line: String) -> String:
	var values := values_of(line)
	for kind: String in ["stage", "note"]:
		if line.begins_with(kind + "="):
			return values[kind]
	if line.begins_with("warning="):
		return "warning: %s" % values["warning"]
	if not line.begins_with("iteration="):
		return line
	var words: PackedStringArray = ["%s agent steps" % values.get("agent_steps", "?")]
	for key: String in values:
		var policy := key.get_slice("/", 0)
		match key.get_slice("/", 1) if "/" in key else "":
			"return_mean" when values[key] != "-":
				words.append("%s: return %s" % [policy, values[key]])
			"success_rate" when values[key] != "-":
				words.append("success %d %%" % roundi(100.0 * values[key].to_float()))
	return ", ".join(words)


## How much of a training is done, from 0 to 1, by one of its progress lines; -1 if the line does not say.
static func share_done(line: String) -> float:
	var values := values_of(line)
	var elapsed := str(values.get("elapsed_s", "-"))
	var left := str(values.get("eta_s", "-"))
	if not (elapsed.is_valid_float() and left.is_valid_float()):
		return -1.0
	return elapsed.to_float() / maxf(elapsed.to_float() + left.to_float(), 1e-3)


## The `key=value` pairs of a line; a value in quotation marks is JSON.
static func values_of(line: String) -> Dictionary[String, String]:
	var values: Dictionary[String, String] = {}
	for found: RegExMatch in RegEx.create_from_string('([\\w/.-]+)=("(?:[^"\\\\]|\\\\.)*"|\\S+)').search_all(line):
		var value := found.get_string(2)
		values[found.get_string(1)] = str(JSON.parse_string(value)) if value.begins_with('"') else value
	return values
